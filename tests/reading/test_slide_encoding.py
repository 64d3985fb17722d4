"""Slides as the room serves them: the same grid, the same coding, nothing of the file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from synthassay.errors import ImageError
from synthassay.images.image import Geometry, Image
from synthassay.reading.encoding import halved
from synthassay.reading.slide_encoding import (
    bands_of,
    coding_of,
    levels_of,
    picture_bands,
    read_slide_tile,
    write_slide,
)
from synthassay.records.vocabulary import Unit


def picture(rows, columns, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, columns, 3)).astype(np.uint8)


def together(path, head, level):
    rows, columns = levels_of(head.rows, head.columns)[level]
    out = np.zeros((rows, columns, 3), np.uint8)
    with path.open("rb") as stream:
        for r in range(-(-rows // 512)):
            for c in range(-(-columns // 512)):
                raw = read_slide_tile(stream, head, level, r, c)
                tile = np.asarray(Pillow.open(io.BytesIO(raw)))
                place = out[r * 512 : (r + 1) * 512, c * 512 : (c + 1) * 512]
                assert tile.shape == place.shape
                place[:] = tile
    return out


@pytest.mark.parametrize("size", [(40, 30), (513, 1025), (1537, 600), (1024, 512), (2051, 130)])
def test_every_level_is_what_halving_the_whole_gives(tmp_path, size):
    pixels = picture(*size)
    head = write_slide(tmp_path / "a.bin", bands_of(pixels), size, 0.5, coding_of(0))
    assert (head.depth, head.levels, head.spacing_mm) == ("png", len(levels_of(*size)), (0.0005, 0.0005))
    for level in range(head.levels):
        assert np.array_equal(together(tmp_path / "a.bin", head, level), pixels)
        pixels = halved(pixels[None])[0]


def test_a_quality_is_kept_and_no_metadata_is_written(tmp_path):
    size = (600, 700)
    smooth = np.linspace(0, 255, 600 * 700 * 3).reshape(600, 700, 3).astype(np.uint8)
    head = write_slide(tmp_path / "a.bin", bands_of(smooth), size, None, coding_of(90))
    assert (head.depth, head.spacing_mm) == ("jpeg", ())
    assert abs(together(tmp_path / "a.bin", head, 0).astype(int) - smooth).mean() < 2
    with (tmp_path / "a.bin").open("rb") as stream:
        tile = Pillow.open(io.BytesIO(read_slide_tile(stream, head, 0, 0, 0)))
        worse = Pillow.open(io.BytesIO(coding_of(20)(smooth[:512, :512])))
    assert "exif" not in tile.info
    assert sum(tile.quantization[0]) < sum(worse.quantization[0])


def test_places_outside_are_refused(tmp_path):
    head = write_slide(tmp_path / "a.bin", bands_of(picture(600, 700)), (600, 700), None, coding_of(0))
    with (tmp_path / "a.bin").open("rb") as stream:
        for place in ((-1, 0, 0), (2, 0, 0), (0, 2, 0), (0, 0, 2), (0, -1, 0), (0, 0, -1), (1, 1, 0)):
            with pytest.raises(ImageError, match="outside the image"):
                read_slide_tile(stream, head, *place)
    (tmp_path / "a.bin").write_bytes((tmp_path / "a.bin").read_bytes()[-40:])
    with (tmp_path / "a.bin").open("rb") as stream, pytest.raises(ImageError, match="too short"):
        read_slide_tile(stream, head, 0, 0, 0)


def test_pictures_among_slides(tmp_path):
    grey = Image(np.arange(256, dtype=np.uint8).reshape(1, 16, 16))
    assert np.array_equal(next(picture_bands(grey, "a")), np.repeat(grey.pixels[0][..., None], 3, axis=-1))
    colour = Image(np.moveaxis(picture(600, 20), -1, 0), Geometry(mpp=0.5), Unit.RGB)
    assert [len(band) for band in picture_bands(colour, "a")] == [512, 88]
    for wrong in (np.zeros((1, 4, 4, 4), np.uint8), np.full((1, 4, 4), 300, np.int16)):
        with pytest.raises(ImageError, match="among slides"):
            list(picture_bands(Image(wrong), "arm/case"))
