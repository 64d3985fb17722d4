import numpy as np
import pytest

from synthassay.data.npz.archive import Archive
from synthassay.data.store import ImageStore
from synthassay.errors import DataError, ImageError
from synthassay.records.cohort import Case, Locator
from synthassay.records.vocabulary import Role, Unit


@pytest.fixture
def folder(tmp_path):
    image = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    broken = image.astype(np.float32)
    broken[2, :2, 0] = np.nan
    mask = np.ones((3, 4, 5), np.uint8)
    mask[1] = 0
    np.savez(tmp_path / "x.npz", image=image, t1=broken, mask=mask, structures=image, subject=np.array(["a", "b", "c"]))
    return tmp_path


def case(row, *roles, name="one"):
    return Case(case=name, subject="s", images={r: Locator(path="x.npz", key=r, index=row) for r in roles})


def test_pictures_are_float_masks_bool_and_label_maps_whole_numbers(folder):
    store, both = ImageStore(folder), case(0, "image", "mask", "structures")
    dtypes = [store.image(both, role).pixels.dtype for role in ("image", "mask", "structures")]
    assert dtypes == [np.float32, np.bool_, np.int32]
    assert store.image(both, Role.MASK).unit is Unit.LABEL
    assert store.image(both, "image").subject == "s"


def test_read_keeps_the_stored_type(folder):
    assert ImageStore(folder).read(Locator(path="x.npz", key="image", index=0)).pixels.dtype == np.uint8


def test_nan_names_the_case_the_file_and_the_count(folder):
    with pytest.raises(ImageError, match=r"case one: x.npz::t1\[2\]: has 2 of 20 values that are NaN or infinite"):
        ImageStore(folder).image(case(2, "t1"), "t1")


def test_an_empty_mask_is_refused_with_what_to_do(folder):
    with pytest.raises(ImageError, match="case one.*is an empty mask.*Draw the mask"):
        ImageStore(folder).image(case(1, "mask"), "mask")


def test_an_absent_role_is_refused_with_those_that_are_there(folder):
    with pytest.raises(ImageError, match=r"case one: has no image in this role \(t2\).*Available: image, t1"):
        ImageStore(folder).image(case(0, "image", "t1"), "t2")


def test_a_path_that_leaves_the_folder_is_refused(folder):
    away = Case(case="one", subject="s", images={"image": Locator(path="../x.npz", key="image", index=0)})
    with pytest.raises(DataError, match="leaves this folder"):
        ImageStore(folder / "sub").read(away.images["image"])
    with pytest.raises(ImageError, match="case one.*leaves this folder"):
        ImageStore(folder).image(away, "image")


def test_a_known_unit_fills_what_is_open_and_contradicts_nothing(folder):
    np.savez(folder / "ct.npz", image=np.zeros((1, 2, 2, 2), np.int16), unit=np.array("HU"))
    one = case(0, "image", "mask")
    assert ImageStore(folder, unit=Unit.HU).image(one, "image").unit is Unit.HU
    assert ImageStore(folder, unit=Unit.HU).image(one, "mask").unit is Unit.LABEL
    ct = Case(case="ct", subject="s", images={"image": Locator(path="ct.npz", key="image", index=0)})
    with pytest.raises(ImageError, match="holds values in HU, not in RGB"):
        ImageStore(folder, unit=Unit.RGB).image(ct, "image")


def test_a_size_resamples_pictures_and_keeps_masks_bool(folder):
    store = ImageStore(folder, size=(8, 10))
    assert store.image(case(0, "image"), "image").space == (8, 10)
    mask = store.image(case(0, "mask"), "mask").pixels
    assert mask.dtype == bool
    assert mask.all()


def test_an_array_is_unpacked_once(folder, monkeypatch):
    reads = []
    whole = Archive.array
    load = np.load
    monkeypatch.setattr(np, "load", lambda *a, **k: reads.append(a) or load(*a, **k))
    store = ImageStore(folder)
    for row in (0, 1, 2, 0):
        store.image(case(row, "image"), "image")
    assert len(reads) == 1
    assert Archive.array is whole


def test_a_set_reads_each_image_when_it_is_asked_for(folder):
    one = case(0, "image")
    gone = Case(case="gone", subject="t", label="x", images={"image": Locator(path="none.png")})
    images = ImageStore(folder).image_set("test", [one, gone], "image")
    assert (images.cases, images.subjects, images.labels) == (["one", "gone"], ["s", "t"], ["", "x"])
    assert images.entries[0].load().space == (4, 5)
    with pytest.raises(ImageError, match="case gone.*none.png"):
        images.entries[1].load()
