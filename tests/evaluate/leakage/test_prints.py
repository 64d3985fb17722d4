"""Patterns forget brightness and contrast, hashes forget nothing but the file."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.sets import fields, images
from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.prints import distance_of, pattern, pixel_hash, take_prints


def test_distance_of_patterns_is_that_of_their_correlation():
    one, two = fields(2, 1, size=40)
    rows = [pattern(p).ravel().astype(float) for p in (one, two)]
    correlation = np.corrcoef(one.ravel(), two.ravel())[0, 1]
    assert np.linalg.norm(rows[0] - rows[1]) == pytest.approx(distance_of(correlation), abs=1e-5)


def test_large_pictures_are_averaged_and_not_sampled():
    large = np.random.default_rng(0).normal(size=(1, 256, 200))
    small = pattern(large)
    assert small.shape == (1, 64, 50)
    blocks = large[0].reshape(64, 4, 50, 4).mean(axis=(1, 3))
    expected = (blocks - blocks.mean()) / np.linalg.norm(blocks - blocks.mean())
    np.testing.assert_allclose(small[0], expected, atol=1e-6)


def test_volumes_have_a_grid_of_32():
    assert pattern(np.random.default_rng(0).normal(size=(1, 70, 32, 40))).shape == (1, 23, 32, 20)


def test_constant_pictures_are_like_nothing():
    assert not pattern(np.full((1, 8, 8), 1234.567)).any()


def test_hashes_tell_pixels_apart_and_nothing_else():
    picture = fields(1, 1)[0]
    assert pixel_hash(picture) == pixel_hash(picture.astype(np.float64))
    assert pixel_hash(np.zeros((1, 2, 2))) == pixel_hash(-np.zeros((1, 2, 2)))
    assert pixel_hash(picture) != pixel_hash(picture + 1)
    assert pixel_hash(np.zeros((1, 2, 8))) != pixel_hash(np.zeros((1, 4, 4)))


def test_sets_that_cannot_be_compared_name_the_image():
    torn = fields(3, 1)
    torn[1, 0, 0, 0] = np.inf
    with pytest.raises(NotMeasured, match="s-001"):
        take_prints(images("s", torn), ["a", "b", "c"])
