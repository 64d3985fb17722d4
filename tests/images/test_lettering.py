"""Planted text is found in any direction, bright or dark; anatomy-like shapes, noise and short marks are not text."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from synthassay.images.image import Geometry, Image
from synthassay.images.lettering import has_text, lines_of_text


def body(i: int = 0, size: int = 160) -> np.ndarray:
    rng = np.random.default_rng(i)
    y, x = np.mgrid[:size, :size] / size
    ribs = 25 * np.sin(40 * y + 3 * x) * (abs(x - 0.5) < 0.35)
    return 90 + 50 * np.exp(-((x - 0.5) ** 2 + (y - 0.5) ** 2) * 8) + ribs + rng.normal(0, 3, (size, size))


def written(pixels: np.ndarray, text: str, size: int, level: float) -> np.ndarray:
    layer = Pillow.new("L", pixels.shape[::-1], 0)
    ImageDraw.Draw(layer).text((8, 60), text, fill=255, font=ImageFont.load_default(size))
    mask = np.asarray(layer) / 255.0
    return pixels * (1 - mask) + level * mask


def image(pixels: np.ndarray) -> Image:
    return Image(pixels[None].astype(np.float32), Geometry())


@pytest.mark.parametrize("size", [12, 16, 24])
@pytest.mark.parametrize("level", [255.0, 0.0])
def test_text_is_found_bright_and_dark(size, level):
    assert has_text(image(written(body(), "HOSP 4711", size, level)))


def test_text_is_found_along_the_other_axis_and_in_one_slice_of_a_volume():
    planted = written(body(), "PATIENT 12", 16, 255.0)
    assert has_text(image(planted.T))
    volume = np.stack([body(1), planted, body(2)], axis=-1)
    assert has_text(Image(volume[None].astype(np.float32), Geometry()))
    assert not has_text(Image(np.stack([body(1), body(2)], axis=-1)[None].astype(np.float32), Geometry()))


def test_a_row_has_a_box_for_each_letter():
    rows = lines_of_text(image(written(body(), "ABCDE", 20, 255.0)))
    assert max(len(row) for row in rows) == 5


def test_bodies_noise_flat_images_and_a_side_mark_are_not_text():
    for i in range(10):
        assert not has_text(image(body(i)))
        assert not has_text(image(np.random.default_rng(i).normal(0, 1, (160, 160))))
    assert not has_text(image(np.zeros((64, 64))))
    assert not has_text(image(written(body(), "L", 24, 255.0)))
