import zipfile

import numpy as np
import pytest

from synthassay.data.npz.archive import Archive, ArrayCache
from synthassay.errors import DataError, ImageError


@pytest.fixture
def path(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", image=np.arange(24).reshape(2, 3, 4), subject=np.array(["p", "q"]))
    return tmp_path / "a.npz"


def archive(path, room=10**6):
    return Archive(path, ArrayCache(room))


def test_headers_tell_shape_and_type_without_unpacking(path, monkeypatch):
    monkeypatch.setattr(np, "load", None)
    assert archive(path).headers["image"] == ((2, 3, 4), np.dtype("int64"))


def test_arrays_come_back_equal_and_read_only(path):
    array = archive(path).array("image")
    assert np.array_equal(array, np.arange(24).reshape(2, 3, 4))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_python_objects_are_refused_and_never_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "went-off"), "w"))

    np.savez(tmp_path / "bomb.npz", image=np.array([Bomb()], dtype=object))
    with pytest.raises(ImageError, match="bomb.npz::image: holds Python objects"):
        archive(tmp_path / "bomb.npz").array("image")
    assert not (tmp_path / "went-off").exists()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_truncated_file_is_refused(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImageError, match="not a whole .npz file.*copy or fetch it again"):
        archive(path).array("image")


def test_a_flipped_byte_is_noticed(path):
    with zipfile.ZipFile(path) as z:
        start = z.getinfo("image.npy").header_offset
    whole = bytearray(path.read_bytes())
    whole[start + 60] ^= 0xFF
    path.write_bytes(bytes(whole))
    with pytest.raises(ImageError, match="not a whole .npz file"):
        archive(path).array("image")


def test_an_absent_array_is_named_beside_those_that_are_there(path):
    with pytest.raises(ImageError, match=r"no array of this name \(t1\). It holds: image, subject"):
        archive(path).array("t1")


def test_an_absent_file_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        archive(tmp_path / "none.npz").array("t1")


def test_the_cache_holds_what_fits_and_lets_the_oldest_go(tmp_path):
    cache = ArrayCache(limit_bytes=250)
    arrays = {name: np.zeros(100, np.uint8) for name in "abc"}
    cache.put(tmp_path, "a", arrays["a"])
    cache.put(tmp_path, "b", arrays["b"])
    assert cache.get(tmp_path, "a") is arrays["a"]  # b is now the oldest
    cache.put(tmp_path, "c", arrays["c"])
    assert [cache.get(tmp_path, name) is not None for name in "abc"] == [True, False, True]
    cache.put(tmp_path, "big", np.zeros(300, np.uint8))
    assert cache.get(tmp_path, "big") is None
    assert cache.get(tmp_path, "a") is not None
