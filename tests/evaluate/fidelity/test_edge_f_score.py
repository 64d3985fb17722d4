"""edge_f_score: scipy's distance transform as oracle; tolerance in mm; edges; damage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from evaluate.examination import assert_worsens, assert_worsens_with_damage
from evaluate.fidelity.pictures import ball, noisy, smooth
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.edge_f_score import PERCENTILE, edge_f_score, near
from synthassay.records.vocabulary import Better


def oracle(synthetic, real, spacing, mask):
    steep = [np.sqrt(sum(g**2 for g in np.gradient(v, *spacing))) for v in (synthetic, real)]
    inner = ndimage.binary_erosion(mask)
    threshold = np.percentile(steep[1][inner & (steep[1] > 0)], PERCENTILE, method="lower")
    shown, expected = (inner & (s >= threshold) for s in steep)
    away_from = {k: ndimage.distance_transform_edt(~v, spacing) for k, v in (("shown", shown), ("expected", expected))}
    precision = (away_from["expected"][shown] <= max(spacing)).mean()
    recall = (away_from["shown"][expected] <= max(spacing)).mean()
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(("shape", "spacing"), [((60, 57), (1.0, 1.0)), ((30, 28, 16), (0.5, 0.75, 2.0))])
def test_it_equals_scipys_distance_transform(shape, spacing):
    real = smooth(shape)
    synthetic = np.roll(noisy(real, scale=0.03), 2, axis=1)
    for mask in (ball(shape), np.ones(shape, bool)):
        expected = oracle(synthetic, real, spacing, mask)
        assert 0.2 < expected < 0.99
        assert edge_f_score(synthetic[None], real[None], spacing, mask) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("tolerance", [0.4, 1.0, 2.0, 3.7])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 1.0, 2.0), (3.0, 0.7, 0.7)])
def test_nearness_is_the_distance_transform_cut_off(tolerance, spacing):
    where = np.random.default_rng(0).random((14, 15, 16)) > 0.99
    expected = ndimage.distance_transform_edt(~where, spacing) <= tolerance * (1 + 1e-9)
    assert (near(where, spacing, tolerance) == expected).all()


def test_nothing_is_near_nothing_and_axes_may_be_short():
    assert not near(np.zeros((5, 5), bool), (1.0, 1.0), 2.0).any()
    assert near(np.ones((1, 2), bool), (0.1, 1.0), 5.0).all()


def test_the_longest_side_of_a_voxel_is_forgiven_and_more_is_not():
    real = np.zeros((40, 40))
    real[10:30, 10:30] = 1
    found = [edge_f_score(np.roll(real, s, axis=1)[None], real[None], (1.0, 1.0)) for s in range(4)]
    assert found[0] == found[1] == 1.0
    assert found[1] > found[2] > found[3]
    # the same step is half a voxel's longest side
    assert edge_f_score(np.roll(real, 2, axis=1)[None], real[None], (2.0, 1.0)) == 1.0


def test_the_reference_alone_decides_what_is_an_edge():
    real = smooth((60, 60), sigma=1)
    louder, softer = (edge_f_score(factor * real[None], real[None], (1.0, 1.0)) for factor in (3.0, 0.3))
    assert edge_f_score(real[None] + 100, real[None], (1.0, 1.0)) == 1.0
    assert louder < 0.7  # invents edges
    assert softer == 0.0  # loses all


def test_unknown_spacing_means_square_pixels():
    real = smooth((40, 40))
    synthetic = np.roll(noisy(real), 2, axis=0)[None]
    known = edge_f_score(synthetic, real[None], (1.0, 1.0))
    assert edge_f_score(synthetic, real[None], ()) == known


def test_what_lies_beyond_the_mask_does_not_count():
    real, mask = smooth((40, 40)), ball((40, 40))
    expected = edge_f_score(noisy(real)[None], real[None], (1.0, 1.0), mask)
    for garbage in (np.nan, 1e6):
        torn = np.where(mask, noisy(real), garbage)
        assert edge_f_score(torn[None], real[None], (1.0, 1.0), mask) == pytest.approx(expected, abs=1e-12)


def test_channels_are_averaged():
    one, two = smooth((30, 30), 1), smooth((30, 30), 2)
    a, b = noisy(one), np.roll(two, 3, axis=0)
    alone = [edge_f_score(s[None], r[None], (1.0, 1.0)) for s, r in ((a, one), (b, two))]
    assert edge_f_score(np.stack([a, b]), np.stack([one, two]), (1.0, 1.0)) == pytest.approx(np.mean(alone))


def test_a_constant_image_scores_nothing_and_a_constant_reference_is_refused():
    real = smooth((20, 20))[None]
    assert edge_f_score(0 * real, real, (1.0, 1.0)) == 0.0
    with pytest.raises(NotMeasured, match="no edges"):
        edge_f_score(real, 0 * real, (1.0, 1.0))


def test_empty_and_thin_masks_sizes_and_values_that_are_not_finite_are_refused():
    real = smooth((20, 20))[None]
    line = np.zeros((20, 20), bool)
    line[5] = True
    with pytest.raises(NotMeasured, match="all its neighbours"):
        edge_f_score(real, real, (1.0, 1.0), line)
    with pytest.raises(NotMeasured, match="empty"):
        edge_f_score(real, real, (1.0, 1.0), line & False)
    with pytest.raises(NotMeasured, match="its reference has"):
        edge_f_score(real, real[:, :10], (1.0, 1.0))
    with pytest.raises(NotMeasured, match="impossible"):
        edge_f_score(real, real, (1.0,))
    with pytest.raises(NotMeasured, match="not finite"):
        edge_f_score(real * np.nan, real, (1.0, 1.0))


def test_it_falls_with_noise_and_blur_and_with_shift_beyond_the_tolerance():
    real = smooth((64, 64), sigma=1.5)[None]
    measure = lambda damaged: edge_f_score(damaged, real, (1.0, 1.0))  # noqa: E731
    assert_worsens_with_damage(measure, real, Better.HIGHER, kinds=("noise",))
    blurred = [ndimage.gaussian_filter(real, (0, s, s)) for s in (0.0, 0.4, 0.7, 1.0)]  # beyond, no edge is left
    assert_worsens([measure(image) for image in blurred], Better.HIGHER)
    assert_worsens([measure(np.roll(real, s, axis=-1)) for s in (1, 2, 3, 5)], Better.HIGHER)
