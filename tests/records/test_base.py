import errno
from pathlib import Path

import pytest
from pydantic import ValidationError

from synthassay.errors import RunError
from synthassay.records.base import Record, sha256_of, whole_file, write_lines, write_text


class Point(Record):
    x: float
    name: str = ""


def test_record_comes_back_as_written(tmp_path):
    Point(x=1.5, name="ä").write(tmp_path / "point.json")
    assert Point.read(tmp_path / "point.json") == Point(x=1.5, name="ä")


def test_records_refuse_unknown_keys_and_change():
    with pytest.raises(ValidationError):
        Point(x=1, z=2)
    with pytest.raises(ValidationError):
        Point(x=1).x = 2


def test_equal_records_have_equal_digests():
    assert Point(x=1).digest() == Point(x=1.0).digest() != Point(x=2).digest()


@pytest.mark.parametrize("text", ["", "{", '{"x": 1, "y": 2}', '{"name": "a"}', "[1]"])
def test_a_damaged_record_says_which_file_and_what_to_do(tmp_path, text):
    (tmp_path / "point.json").write_text(text)
    with pytest.raises(RunError, match=r"point\.json.*remove it and run the stage again"):
        Point.read(tmp_path / "point.json")


def test_a_missing_record_is_a_message(tmp_path):
    with pytest.raises(RunError, match="cannot be read"):
        Point.read(tmp_path / "none.json")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(ZeroDivisionError), whole_file(target) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_a_message_and_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "a.txt"
    write_text(target, "old")

    def no_space(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", no_space)
    with pytest.raises(RunError, match="disk is full; nothing was half-written.*same command again"):
        write_text(target, "new")
    monkeypatch.undo()
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_partial_names_keep_the_suffix_that_writers_choose_the_format_by(tmp_path):
    with whole_file(tmp_path / "brain.nii.gz") as partial:
        assert partial.name.endswith(".nii.gz")
        partial.write_bytes(b"x")
    assert (tmp_path / "brain.nii.gz").read_bytes() == b"x"


def test_lines_are_one_record_each(tmp_path):
    write_lines(tmp_path / "points.jsonl", [Point(x=1), Point(x=2)])
    assert (tmp_path / "points.jsonl").read_text().count("\n") == 2


def test_hash_is_sha256(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
