"""histogram_distance: scipy as oracle, edges, damage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from evaluate.examination import assert_worsens_with_damage
from evaluate.fidelity.pictures import ball, noisy, smooth
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.histogram_distance import histogram_distance
from synthassay.evaluate.fidelity.mae import mae
from synthassay.records.vocabulary import Better


def test_it_equals_scipy_inside_the_mask():
    real, mask = smooth((30, 28, 20)), ball((30, 28, 20))
    synthetic = noisy(real, scale=0.2) * 1.2
    expected = wasserstein_distance(synthetic[mask], real[mask])
    torn = np.where(mask, synthetic, np.nan)
    assert histogram_distance(torn[None], real[None], mask) == pytest.approx(expected, rel=1e-12)


def test_an_offset_is_its_size_and_disorder_is_nothing():
    real = smooth((20, 20))
    assert histogram_distance(real[None] + 40, real[None]) == pytest.approx(40.0)
    shuffled = np.random.default_rng(0).permutation(real.ravel()).reshape(real.shape)
    assert histogram_distance(shuffled[None], real[None]) == 0.0


def test_it_is_never_above_the_mean_absolute_error():
    real = smooth((30, 30))[None]
    for damaged in (noisy(real, scale=0.3), np.roll(real, 4, axis=2), real * 1.3, 1 - real):
        assert histogram_distance(damaged, real) <= mae(damaged, real) + 1e-12


def test_single_precision_is_sorted_as_it_is_and_subtracted_in_double():
    real = (smooth((30, 30, 30)) * 4000 - 1000).astype(np.float32)
    synthetic = noisy(real, scale=30).astype(np.float32)
    expected = wasserstein_distance(synthetic.astype(np.float64).ravel(), real.astype(np.float64).ravel())
    assert histogram_distance(synthetic[None], real[None]) == pytest.approx(expected, rel=1e-10)


def test_the_images_are_left_as_they_are():
    real, other = smooth((10, 10))[None], smooth((10, 10), 1)[None]
    kept = real.copy(), other.copy()
    histogram_distance(other, real)
    assert (real == kept[0]).all()
    assert (other == kept[1]).all()


def test_channels_are_averaged():
    one = smooth((20, 20))
    assert histogram_distance(np.stack([one + 2, one]), np.stack([one, one])) == pytest.approx(1.0)


def test_constant_images_have_a_distance_and_what_has_no_number_is_a_reason():
    flat = np.full((1, 9, 9), 3.0)
    assert histogram_distance(flat, flat - 5) == 5.0
    with pytest.raises(NotMeasured, match="empty"):
        histogram_distance(flat, flat, np.zeros((9, 9), bool))
    with pytest.raises(NotMeasured, match="its reference has"):
        histogram_distance(flat, flat[:, :5])
    with pytest.raises(NotMeasured, match="not finite"):
        histogram_distance(flat * np.nan, flat)


def test_it_grows_with_noise_offset_and_blur():
    real = smooth((48, 48), sigma=1)[None]
    assert_worsens_with_damage(
        lambda damaged: histogram_distance(damaged, real), real, Better.LOWER, kinds=("noise", "offset", "blur")
    )
