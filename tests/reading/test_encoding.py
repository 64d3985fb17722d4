from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import ImageError
from synthassay.images.image import Geometry, Image
from synthassay.reading.encoding import (
    common_depth,
    display_planes,
    encode,
    read_tile,
    reencoded,
    tile_span,
    write_encoded,
)
from synthassay.records.reader_study import ReencodeSpec, WindowSpec
from synthassay.records.vocabulary import Unit

REASON = "For a test of what is done to pixels."


def whole(folder, name, head, level=0, z=0):
    """Put the tiles of one slice together again, as the browser does."""
    rows, columns = head.rows, head.columns
    for _ in range(level):
        rows, columns = (rows + 1) // 2, (columns + 1) // 2
    kind, bands = {"u8": (np.uint8, 1), "u16": ("<u2", 1), "rgb8": (np.uint8, 3)}[head.depth]
    out = np.zeros((rows, columns, bands), kind)
    for r in range(-(-rows // head.tile)):
        for c in range(-(-columns // head.tile)):
            place = out[r * head.tile : (r + 1) * head.tile, c * head.tile : (c + 1) * head.tile]
            raw = read_tile(folder, name, head, level, z, r, c)
            place[:] = np.frombuffer(raw, kind).reshape(place.shape)
    return out


@pytest.mark.parametrize("shape", [(1, 40, 30), (3, 40, 30), (1, 1100, 700), (3, 513, 1025)])
def test_pictures_come_back_tile_by_tile(tmp_path, shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    image = Image(pixels, Geometry(), Unit.RGB if shape[0] == 3 else Unit.ARBITRARY)
    head, tiles = encode(image, common_depth([image]), ())
    write_encoded(tmp_path, "a", head, tiles)
    assert np.array_equal(whole(tmp_path, "a", head), np.moveaxis(pixels, 0, -1))
    assert head.levels == (1 if max(shape) <= 512 else 3)
    for level in range(head.levels):
        coarse = whole(tmp_path, "a", head, level)
        assert abs(float(coarse.mean()) - float(pixels.mean())) < 2
    with pytest.raises(ImageError, match="outside the image"):
        tile_span(head, head.levels, 0, 0, 0)


def test_a_volume_keeps_hounsfield_units_and_is_shown_as_radiologists_do(tmp_path):
    volume = np.random.default_rng(1).integers(-1000, 2000, (1, 5, 7, 4)).astype(np.int16)
    image = Image(volume, Geometry(spacing_mm=(0.5, 0.75, 3.0)), Unit.HU)
    head, tiles = encode(image, common_depth([image]), (WindowSpec(name="lung", low=-1350, high=150),))
    write_encoded(tmp_path, "v", head, tiles)
    assert (head.rows, head.columns, head.slices, head.unit) == (7, 5, 4, "HU")
    assert (head.spacing_mm, head.slice_mm, head.low, head.high) == ((0.75, 0.5), 3.0, -1350, 150)
    for z in range(4):
        shown = whole(tmp_path, "v", head, z=z)[..., 0] * head.slope + head.intercept
        assert np.array_equal(shown, volume[0, ::-1, ::-1, z].T)  # left of the patient right, anterior up


def test_fractions_lose_no_more_than_half_a_step():
    values = np.random.default_rng(2).normal(size=(1, 20, 20))
    depth = common_depth([Image(values)])
    head, tiles = encode(Image(values), depth, ())
    back = np.frombuffer(tiles, "<u2").reshape(20, 20) * head.slope + head.intercept
    assert np.abs(back - values[0]).max() <= depth.slope / 2 + 1e-12


def test_one_depth_for_all_images():
    dark, deep = Image(np.full((1, 4, 4), 9, np.uint8)), Image(np.full((1, 4, 4), 900, np.uint16))
    depth = common_depth([dark, deep])
    assert len(encode(dark, depth, ())[1]) == len(encode(deep, depth, ())[1]) == 32


@pytest.mark.parametrize("spec, check", [
    (ReencodeSpec(reason=REASON, crop=3), lambda p: p.shape == (1, 24, 34)),
    (ReencodeSpec(reason=REASON, size=(16, 16)), lambda p: p.shape == (1, 16, 16) and p.dtype == np.uint8),
    (ReencodeSpec(reason=REASON, window=(50, 100)), lambda p: (p.min(), p.max()) == (50, 100)),
    (ReencodeSpec(reason=REASON, stretch=True), lambda p: (p.min(), p.max()) == (0, 255)),
    (ReencodeSpec(reason=REASON, window=(0, 255), levels=4), lambda p: len(np.unique(p)) == 4),
    (ReencodeSpec(reason=REASON, jpeg=50), lambda p: p.shape == (1, 30, 40) and p.dtype == np.uint8),
])  # fmt: skip
def test_each_step_of_reencoding(spec, check):
    pixels = np.random.default_rng(3).integers(10, 240, (1, 30, 40)).astype(np.uint8)
    assert check(reencoded(Image(pixels), spec, "image").pixels)


def test_what_cannot_be_reencoded_is_told():
    image = Image(np.zeros((1, 6, 6), np.int16))
    with pytest.raises(ImageError, match="has nothing left"):
        reencoded(image, ReencodeSpec(reason=REASON, crop=3), "a/b")
    with pytest.raises(ImageError, match="is no 8-bit picture"):
        reencoded(image.with_pixels(image.pixels - 5), ReencodeSpec(reason=REASON, jpeg=80), "a/b")
    with pytest.raises(ImageError, match="is no grey or RGB"):
        display_planes(Image(np.zeros((2, 4, 4))))
