"""TIFF: 8, 16 and 32 bits, one page at a time, bright is bright."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from images.examination import LABEL, grey_picture, same
from synthassay.errors import ImageError
from synthassay.images.formats import read_image, write_image
from synthassay.images.image import Geometry, Image


def test_other_programs_see_the_mark_and_the_same_pixels(tmp_path):
    path = write_image(tmp_path / "a.tif", grey_picture(np.uint16), LABEL)
    with Pillow.open(path) as seen:
        np.testing.assert_array_equal(np.asarray(seen), grey_picture(np.uint16).pixels[0])
        note = json.loads(seen.tag_v2[270])
    assert note["synthassay:synthetic"] == "YES"
    assert note["synthassay:study"] == LABEL.study


def test_float_pictures_keep_32_bits(tmp_path):
    image = Image(np.linspace(0, 1, 12, dtype=np.float64).reshape(1, 3, 4), Geometry(spacing_mm=(1.0, 2.0)))
    found = read_image(write_image(tmp_path / "a.tif", image, LABEL))
    same(found, image.with_pixels(image.pixels.astype(np.float32)))


def test_nan_is_refused_with_its_count_on_both_sides(tmp_path):
    values = np.zeros((3, 4), np.float32)
    values[1, :2] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", values)
    with pytest.raises(ImageError, match=r"a\.tif: has 2 voxels that are NaN"):
        read_image(tmp_path / "a.tif")
    with pytest.raises(ImageError, match="has 2 voxels that are NaN"):
        write_image(tmp_path / "b.tif", Image(values[None]), LABEL)
    assert not (tmp_path / "b.tif").exists()


def test_white_is_zero_is_inverted(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[0, 1, 255]], np.uint8), photometric="miniswhite")
    assert read_image(tmp_path / "a.tif").pixels.tolist() == [[[255, 254, 0]]]


def test_pages_are_chosen_by_index(tmp_path):
    pages = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack", metadata=None)
    with pytest.raises(ImageError, match=r"several pages \(3\)"):
        read_image(tmp_path / "a.tif")
    assert read_image(tmp_path / "a.tif", index=2).pixels.tolist() == [[[8, 9], [10, 11]]]
    with pytest.raises(ImageError, match="pages 0 to 2"):
        read_image(tmp_path / "a.tif", index=3)


def test_big_endian_and_big_tiff_are_read(tmp_path):
    values = np.array([[1, 500, 65535]], np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, byteorder=">")
    tifffile.imwrite(tmp_path / "b.tif", values, bigtiff=True)
    for name in ("a.tif", "b.tif"):
        assert read_image(tmp_path / name).pixels.tolist() == [[[1, 500, 65535]]]


def test_palettes_and_odd_types_are_refused(tmp_path):
    Pillow.new("P", (3, 2)).save(tmp_path / "palette.tif")
    tifffile.imwrite(tmp_path / "wide.tif", np.zeros((3, 2), np.uint32))
    with pytest.raises(ImageError, match="neither grey nor RGB.*PALETTE"):
        read_image(tmp_path / "palette.tif")
    with pytest.raises(ImageError, match="pixel type.*uint32"):
        read_image(tmp_path / "wide.tif")


def test_transparency_is_refused_and_opaque_alpha_dropped(tmp_path):
    values = np.full((3, 2, 4), 255, np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", extrasamples=["unassalpha"])
    assert read_image(tmp_path / "a.tif").pixels.shape == (3, 3, 2)
    values[0, 0, 3] = 0
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", extrasamples=["unassalpha"])
    with pytest.raises(ImageError, match="transparent"):
        read_image(tmp_path / "a.tif")
