"""Smooth displacements: their size in millimetres, that they do not fold, and what they do to images and labels."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.images.deformation import faded, moved_labels, moved_pixels, smooth_displacement

SPACING = (1.0, 1.0, 2.0)
SPACE = (40, 36, 16)


def box() -> np.ndarray:
    within = np.zeros(SPACE, bool)
    within[3:37, 2:33, 1:15] = True
    return within


def field(seed: int, smoothness_mm: float = 8.0) -> np.ndarray:
    return smooth_displacement(SPACING, box(), np.random.default_rng(seed), smoothness_mm)


@pytest.mark.parametrize("seed", range(3))
def test_its_length_has_its_95th_percentile_at_a_millimetre_and_nothing_is_merely_shifted(seed):
    found = field(seed)
    length = np.sqrt((found**2).sum(0))
    assert np.percentile(length[box()], 95) == pytest.approx(1.0)
    np.testing.assert_allclose(found[:, box()].mean(1), 0, atol=1e-9)


def test_the_same_seed_gives_the_same_field_and_another_seed_another():
    np.testing.assert_array_equal(field(1), field(1))
    assert np.abs(field(1) - field(2)).max() > 0.3


@pytest.mark.parametrize("seed", range(4))
def test_three_millimetres_do_not_fold_the_image_even_where_the_field_fades(seed):
    moved = faded(3 * field(seed), box(), SPACING, 9.0)
    slopes = np.stack([np.stack(np.gradient(part, *SPACING)) for part in moved])  # component, axis
    volumes = np.linalg.det(np.moveaxis(slopes, (0, 1), (-2, -1)) + np.eye(3))
    assert volumes.min() > 0.05


def test_the_outline_stays_where_it_is():
    moved = faded(3 * field(0), box(), SPACING, 9.0)
    assert (moved[:, ~box()] == 0).all()
    edge = box() & ~np.pad(box(), 1)[2:, 1:-1, 1:-1]
    assert np.sqrt((moved[:, edge] ** 2).sum(0)).max() <= 3 * 3 / 9 + 0.5


def test_a_voxel_of_displacement_moves_image_and_labels_by_a_voxel():
    rng = np.random.default_rng(0)
    image, labels = rng.random((1, *SPACE)), rng.integers(0, 3, SPACE)
    shift = np.zeros((3, *SPACE))
    shift[2] = 2.0  # millimetres: one voxel along the third axis
    np.testing.assert_allclose(moved_pixels(image, shift, SPACING)[0, ..., 2:-2], image[0, ..., 3:-1], atol=1e-5)
    np.testing.assert_array_equal(moved_labels(labels, shift, SPACING)[..., :-1], labels[..., 1:])


def test_nothing_from_outside_is_mixed_in_and_outside_stays_as_it_is():
    rng = np.random.default_rng(0)
    image = np.where(box(), 10 + rng.random(SPACE), rng.random(SPACE))[None].astype(np.float32)
    moved = faded(3 * field(3), box(), SPACING, 9.0)
    found = moved_pixels(image, moved, SPACING, box())
    assert found[0][box()].min() > 9
    np.testing.assert_array_equal(found[0][~box()], image[0][~box()])
    mixed = moved_pixels(image, moved, SPACING)
    assert mixed[0][box()].min() < 9  # what the mask is for


def test_labels_stay_labels_and_values_stay_in_range():
    rng = np.random.default_rng(0)
    labels = np.zeros(SPACE, np.int32)
    labels[10:20, 10:20, 4:10], labels[20:28, 10:20, 4:10] = 1, 7
    image = rng.random((1, *SPACE)).astype(np.float32)
    moved = faded(3 * field(5), box(), SPACING, 9.0)
    found = moved_labels(labels, moved, SPACING)
    assert set(np.unique(found)) == {0, 1, 7}
    assert 0.6 < (found > 0).sum() / (labels > 0).sum() < 1.5
    assert (found != labels).any()
    pixels = moved_pixels(image, moved, SPACING)
    assert image.min() <= pixels.min() and pixels.max() <= image.max()
