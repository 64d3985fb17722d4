"""A mark that is found where it was put, nowhere else, and weaker than the noise that hides it."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image as Pillow

from synthassay.errors import ImageError
from synthassay.images.watermark import THRESHOLD, key_of, mark_pixels, noise_of, score_of, set_score
from synthassay.stats.resampling import share_interval

KEY = key_of("ab" * 32, "syn0001")


def picture(i: int = 0, size: int = 96, noise: float = 4.0) -> np.ndarray:
    """An 8-bit picture: a smooth body with noise before a flat background."""
    rng = np.random.default_rng(i)
    y, x = np.mgrid[:size, :size] / size
    body = 90 + 60 * np.sin(5 * x + i) * np.cos(4 * y)
    whole = np.clip(np.rint(body + rng.normal(0, noise, (size, size))), 1, 255)
    whole[:, : size // 6] = 0
    return whole[None].astype(np.uint8)


def volume(kind: type) -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.normal(40, 12, (1, 40, 40, 6)) * (1 if kind is np.int16 else 1e-3)).astype(kind)


@pytest.mark.parametrize("pixels", [picture(), picture().repeat(3, 0), volume(np.int16), volume(np.float32)])
def test_a_mark_is_found_by_its_key_alone_and_is_weaker_than_the_noise(pixels):
    found = mark_pixels(pixels, KEY)
    assert found.pixels.dtype == pixels.dtype
    assert score_of(found.pixels, KEY) > THRESHOLD + 1
    assert abs(score_of(pixels, KEY)) < 4
    assert abs(score_of(found.pixels, key_of("ab" * 32, "syn0002"))) < 4
    assert found.strength == pytest.approx(0.25 * max(found.noise, float(pixels.dtype != np.float32)))
    added = found.pixels.astype(float) - pixels
    rounding = 0.5 if pixels.dtype != np.float32 else 0.0
    assert math.sqrt((added**2).mean()) <= math.hypot(found.strength, rounding) * 1.05


def test_what_is_flat_stays_and_no_pixel_leaves_its_range():
    pixels = picture()
    found = mark_pixels(pixels, KEY, data_range=(0, 255)).pixels
    assert np.array_equal(found[:, :, :15], pixels[:, :, :15])
    full = np.where(picture(2) > 90, 255, 0).astype(np.uint8)
    assert mark_pixels(full, KEY).pixels.dtype == np.uint8
    assert set(np.unique(mark_pixels(full, KEY).pixels)) & {0, 255}


def test_the_noise_is_that_which_was_put_in():
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 300, 128)[:, None] + np.zeros((128, 128))
    assert noise_of((ramp + rng.normal(0, 7.0, (128, 128)))[None]) == pytest.approx(7.0, rel=0.05)


def test_unmarked_images_are_not_called_marked_more_often_than_is_stated():
    """1,200 keys on three images: the scores have the spread 1 that the bound needs, and none reaches the threshold."""
    scores = []
    for i in range(3):
        pixels = picture(i, size=32)
        scores += [score_of(pixels, key_of("cd" * 32, str(k))) for k in range(400)]
    assert max(scores) < THRESHOLD
    assert np.std(scores) == pytest.approx(1.0, abs=0.07)
    for t in (1.0, 2.0, 3.0):
        above = sum(score >= t for score in scores)
        assert share_interval(above, len(scores)).low <= math.exp(-(t**2) / 2)


def test_jpeg_and_a_resize_leave_it_to_the_set_where_not_to_each_image():
    jpeg, half = [], []
    for i in range(8):
        key = key_of("ef" * 32, str(i))
        marked = mark_pixels(picture(i), key).pixels
        buffer = io.BytesIO()
        Pillow.fromarray(marked[0]).save(buffer, "JPEG", quality=90)
        jpeg.append(score_of(np.asarray(Pillow.open(buffer))[None], key))
        small = np.asarray(Pillow.fromarray(marked[0]).resize((72, 72), Pillow.Resampling.BICUBIC))[None]
        half.append(score_of(small, key, (96, 96)))
    assert set_score(jpeg) > THRESHOLD
    assert set_score(half) > THRESHOLD


def test_the_same_key_gives_the_same_bytes_and_another_key_others():
    assert np.array_equal(mark_pixels(picture(), KEY).pixels, mark_pixels(picture(), KEY).pixels)
    assert not np.array_equal(mark_pixels(picture(), KEY).pixels, mark_pixels(picture(), b"other").pixels)


def test_where_there_is_no_noise_nothing_is_hidden():
    with pytest.raises(ImageError, match="too few pixels"):
        mark_pixels(np.full((1, 64, 64), 7, np.uint8), KEY)
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[None, :, None] + np.zeros((1, 64, 64), np.float32)
    with pytest.raises(ImageError, match="no noise"):
        mark_pixels(ramp, KEY)
