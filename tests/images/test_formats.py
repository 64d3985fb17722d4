"""Every format passes the same examination, and a file is known by what it is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from images.examination import LABEL, ct_volume, grey_picture, rgb_picture, same
from synthassay.errors import ImageError, RunError, UnknownName
from synthassay.images.formats import FORMATS, format_of, is_marked, looks_like_image, mark_of, read_image, write_image
from synthassay.images.verify import sha256_of_image
from synthassay.records.vocabulary import Unit

KEPT = {
    "grey 8 bit in PNG": ("a.png", grey_picture()),
    "grey 16 bit in PNG": ("a.png", grey_picture(np.uint16)),
    "RGB in PNG": ("a.png", rgb_picture()),
    "grey 8 bit in TIFF": ("a.tif", grey_picture()),
    "grey 16 bit in TIFF": ("a.tiff", grey_picture(np.uint16)),
    "signed 16 bit in TIFF": ("a.tif", grey_picture(np.int16)),
    "RGB in TIFF": ("a.tif", rgb_picture()),
    "CT volume in NIfTI": ("a.nii.gz", ct_volume()),
    "CT volume in plain NIfTI": ("a.nii", ct_volume()),
    "grey picture in NIfTI": ("a.nii.gz", grey_picture(np.uint16)),
    "CT volume in DICOM": ("series", ct_volume()),
    "grey 8 bit in DICOM": ("a.dcm", grey_picture()),
    "grey 16 bit in DICOM": ("a.dcm", grey_picture(np.uint16)),
}


@pytest.mark.parametrize(("name", "image"), KEPT.values(), ids=KEPT.keys())
def test_pixels_geometry_unit_and_mark_come_back(tmp_path, name, image):
    path = write_image(tmp_path / name, image, LABEL)
    same(read_image(path), image)
    assert is_marked(path)
    assert mark_of(path).weakened == ()


@pytest.mark.parametrize(("name", "image"), KEPT.values(), ids=KEPT.keys())
def test_the_same_image_gives_the_same_bytes(tmp_path, name, image):
    hashes = {sha256_of_image(write_image(tmp_path / folder / name, image, LABEL)) for folder in ("one", "two")}
    assert len(hashes) == 1


@pytest.mark.parametrize(("name", "image"), KEPT.values(), ids=KEPT.keys())
def test_a_full_disk_is_a_message_and_leaves_nothing(tmp_path, name, image, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="disk is full; nothing was half-written"):
        write_image(tmp_path / name, image, LABEL)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(("name", "image"), KEPT.values(), ids=KEPT.keys())
def test_a_truncated_file_is_a_message_at_any_cut(tmp_path, name, image):
    path = write_image(tmp_path / name, image, LABEL)
    file = sorted(path.glob("*.dcm"))[1] if path.is_dir() else path
    whole = file.read_bytes()
    for share in (0.1, 0.4, 0.7, 0.97):
        file.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ImageError, match=r"decoded|truncated|no pixels|DICOM"):
            read_image(path)


@pytest.mark.parametrize(("name", "image"), KEPT.values(), ids=KEPT.keys())
def test_no_file_names_the_real_case_or_a_time(tmp_path, name, image):
    path = write_image(tmp_path / name, image, LABEL)
    for file in [path, *path.parent.rglob("*")]:
        if file.is_file():
            content = file.read_bytes()
            assert LABEL.case.encode() not in content
            assert b"/20" not in content


def test_content_decides_where_the_suffix_lies(tmp_path):
    path = write_image(tmp_path / "a.png", grey_picture(), LABEL)
    lying = path.rename(tmp_path / "a.jpg")
    assert format_of(lying) == "png"
    same(read_image(lying), grey_picture())


@pytest.mark.parametrize("name", ["notes.txt", "archive"])
def test_what_is_no_image_is_said_with_what_is_known(tmp_path, name):
    (tmp_path / name).write_text("hello")
    with pytest.raises(ImageError, match="no known image format.*dicom, jpeg, nifti, png, tiff"):
        read_image(tmp_path / name)
    assert not looks_like_image(tmp_path / name)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.nii", "a.nii.gz", "a.dcm"])
def test_garbage_under_a_known_suffix_is_a_message(tmp_path, name):
    (tmp_path / name).write_bytes(b"not an image at all" * 30)
    with pytest.raises(ImageError, match=r"decoded|no DICOM"):
        read_image(tmp_path / name)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.nii", "a.nii.gz", "a.dcm"])
def test_an_empty_file_is_a_message(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(ImageError, match=r"decoded|no DICOM"):
        read_image(tmp_path / name)


def test_a_missing_file_is_a_message(tmp_path):
    with pytest.raises(ImageError, match="No such file"):
        read_image(tmp_path / "absent.png")


@pytest.mark.parametrize("name", ["a.jpg", "a.bmp", "case.1"])
def test_formats_that_would_lose_detail_or_are_unknown_are_not_written(tmp_path, name):
    with pytest.raises(ImageError, match=r"cannot be written in the format.*\.nii\.gz"):
        write_image(tmp_path / name, grey_picture(), LABEL)


def test_a_format_can_be_named_where_the_case_has_a_dot(tmp_path):
    path = write_image(tmp_path / "case.1", ct_volume(), LABEL, file_format="dicom")
    assert path == tmp_path / "case.1"
    same(read_image(path), ct_volume())


def test_an_unknown_format_offers_the_nearest(tmp_path):
    with pytest.raises(UnknownName, match="Did you mean: nifti"):
        write_image(tmp_path / "a", ct_volume(), LABEL, file_format="nifty")


def test_a_known_unit_fills_what_the_file_leaves_open_and_cannot_contradict_it(tmp_path):
    Pillow.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "mask.png")
    assert read_image(tmp_path / "mask.png", unit=Unit.LABEL).unit is Unit.LABEL
    path = write_image(tmp_path / "ct.nii.gz", ct_volume(), LABEL)
    with pytest.raises(ImageError, match="HU, which the file proves"):
        read_image(path, unit=Unit.ARBITRARY)


def test_each_format_says_its_suffixes_and_reads_its_own_mark():
    assert FORMATS.names() == ["dicom", "jpeg", "nifti", "png", "tiff"]
    suffixes = [suffix for _, known in FORMATS.items() for suffix in known.suffixes]
    assert len(suffixes) == len(set(suffixes))


def test_unmarked_pictures_say_so(tmp_path):
    for name in ("a.png", "a.jpg", "a.tif"):
        Pillow.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / name)
        assert not is_marked(tmp_path / name)
        assert "synthetic=YES" in mark_of(tmp_path / name).why_not


def test_an_unreadable_path_is_a_message(tmp_path):
    with pytest.raises(ImageError, match="cannot be read"):
        read_image(Path(tmp_path / "a.png" / "b.png"))
