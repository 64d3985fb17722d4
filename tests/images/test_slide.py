"""Slides are read a band at a time, and come out as they went in."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

from synthassay.errors import ImageError
from synthassay.images.slide import is_slide, open_slide


def picture(rows=700, columns=523, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, columns, 3)).astype(np.uint8)


def write_pyramid(path, pixels, *, tile=(128, 112), **more):
    with tifffile.TiffWriter(path) as file:
        told = {"photometric": "rgb", "tile": tile, "compression": "zlib", "metadata": None} | more
        file.write(pixels, subifds=1, **told)
        file.write(pixels[::2, ::2], subfiletype=1, **told)
    return path


def whole(path, height=200, index=None):
    with open_slide(path, index) as slide:
        bands = list(slide.bands(height))
        assert all(len(band) == height for band in bands[:-1])
        return np.concatenate(bands)


@pytest.mark.parametrize("height", [1, 130, 512, 5000])
def test_bands_make_the_picture(tmp_path, height):
    pixels = picture(300, 523) if height == 1 else picture()
    path = write_pyramid(tmp_path / "a.tif", pixels)
    assert is_slide(path)
    assert np.array_equal(whole(path, height), pixels)


def test_strips_and_one_tile_wide(tmp_path):
    pixels = picture(260, 90)
    tifffile.imwrite(tmp_path / "s.tif", pixels, photometric="rgb", rowsperstrip=33)
    assert not is_slide(tmp_path / "s.tif")
    assert np.array_equal(whole(tmp_path / "s.tif", 100), pixels)
    assert np.array_equal(whole(write_pyramid(tmp_path / "t.tif", pixels)), pixels)


def test_what_a_scanner_left_out_is_glass(tmp_path):
    path = write_pyramid(tmp_path / "a.tif", picture(256, 224))
    with tifffile.TiffFile(path, mode="r+") as file:
        counts = list(file.pages[0].databytecounts)
        file.pages[0].tags["TileByteCounts"].overwrite([0, *counts[1:]])
        offsets = list(file.pages[0].dataoffsets)
        file.pages[0].tags["TileOffsets"].overwrite([0, *offsets[1:]])
    seen = whole(path)
    assert (seen[:128, :112] == 255).all()
    assert np.array_equal(seen[128:], picture(256, 224)[128:])


@pytest.mark.parametrize(
    ("more", "mpp"),
    [
        ({"resolution": (40000, 40000), "resolutionunit": "centimeter"}, 0.25),
        ({"resolution": (50800, 50800), "resolutionunit": "inch"}, 0.5),
        ({"resolution": (72, 72), "resolutionunit": "inch"}, None),  # a screen's, not a scanner's
        ({"description": "Aperio of a kind|AppMag = 20|MPP = 0.4990"}, 0.499),
        ({"description": '{"synthassay:mpp": "0.75"}', "resolution": (1, 1)}, 0.75),
        ({}, None),
    ],
)
def test_micrometres_per_pixel(tmp_path, more, mpp):
    with open_slide(write_pyramid(tmp_path / "a.tif", picture(130, 130), **more)) as slide:
        assert slide.mpp == (None if mpp is None else pytest.approx(mpp))


def test_what_is_no_slide_is_told(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert not is_slide(tmp_path / "a.png")
    assert not is_slide(tmp_path)
    tifffile.imwrite(tmp_path / "grey.tif", np.zeros((40, 40), np.uint16))
    with pytest.raises(ImageError, match="no slide in RGB"), open_slide(tmp_path / "grey.tif"):
        pass
    with pytest.raises(ImageError, match="pages 0 to 0"), open_slide(tmp_path / "grey.tif", 1):
        pass
    path = write_pyramid(tmp_path / "a.tif", picture())
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(ImageError, match=r"a\.tif"):
        whole(path)
    (tmp_path / "b.tif").write_bytes(b"II*\x00\xff\xff\xff\xff")
    with pytest.raises(ImageError, match="cannot be decoded"):
        is_slide(tmp_path / "b.tif")


def test_a_real_slide():
    data = os.environ.get("SYNTHASSAY_DATA", "")
    path = Path(data) / "path-openslide-cmu1-small" / "CMU-1-Small-Region.svs"
    if not data or not path.is_file():
        pytest.skip("path-openslide-cmu1-small is not in SYNTHASSAY_DATA")
    assert is_slide(path)
    with tifffile.TiffFile(path) as file:
        expected = file.series[0].asarray()
    assert np.array_equal(whole(path, 512), expected)
    with open_slide(path) as slide:
        assert (slide.rows, slide.columns, slide.mpp) == (2967, 2220, 0.499)
