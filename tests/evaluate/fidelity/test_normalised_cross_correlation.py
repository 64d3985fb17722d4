"""normalised_cross_correlation: numpy and SimpleITK as oracles, edges, damage."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from evaluate.examination import assert_worsens_with_damage
from evaluate.fidelity.pictures import ball, noisy, smooth
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.normalised_cross_correlation import normalised_cross_correlation
from synthassay.records.vocabulary import Better


def test_it_equals_numpys_correlation_inside_the_mask():
    real, mask = smooth((30, 28, 20)), ball((30, 28, 20))
    synthetic = noisy(real, scale=0.2)
    expected = np.corrcoef(synthetic[mask], real[mask])[0, 1]
    torn = np.where(mask, synthetic, np.nan)
    assert normalised_cross_correlation(torn[None], real[None], mask) == pytest.approx(expected, abs=1e-12)


def test_it_equals_simpleitks_registration_measure():
    real = smooth((30, 28, 20))
    synthetic = noisy(real, scale=0.2)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsCorrelation()
    method.SetInterpolator(sitk.sitkNearestNeighbor)
    squared = -method.MetricEvaluate(*(sitk.GetImageFromArray(v) for v in (real, synthetic)))  # minus its square
    assert normalised_cross_correlation(synthetic[None], real[None]) == pytest.approx(np.sqrt(squared), abs=1e-6)


def test_offset_and_factor_do_not_count_and_inversion_is_minus_one():
    real = smooth((20, 20))[None]
    assert normalised_cross_correlation(3 * real + 5, real) == pytest.approx(1.0, abs=1e-12)
    assert normalised_cross_correlation(-real, real) == pytest.approx(-1.0, abs=1e-12)


def test_hounsfield_values_far_from_zero_lose_no_digits():
    real = (smooth((40, 40, 40)) + 1e6).astype(np.float64)
    assert normalised_cross_correlation(2 * real[None], real[None]) == pytest.approx(1.0, abs=1e-9)


def test_channels_are_averaged():
    one, two = smooth((20, 20), 1), smooth((20, 20), 2)
    together = normalised_cross_correlation(np.stack([one, -two]), np.stack([one, two]))
    assert together == pytest.approx(0.0, abs=1e-12)


def test_constant_images_empty_masks_and_sizes_are_refused():
    real = smooth((20, 20))[None]
    with pytest.raises(NotMeasured, match="it is constant"):
        normalised_cross_correlation(0 * real, real)
    with pytest.raises(NotMeasured, match="its reference is constant"):
        normalised_cross_correlation(real, 0 * real + 0.1)
    with pytest.raises(NotMeasured, match="constant"):
        normalised_cross_correlation(np.stack([real[0], 0 * real[0]]), np.stack([real[0], real[0]]))
    with pytest.raises(NotMeasured, match="empty"):
        normalised_cross_correlation(real, real, np.zeros((20, 20), bool))
    with pytest.raises(NotMeasured, match="its reference has"):
        normalised_cross_correlation(real, real[:, :10])
    with pytest.raises(NotMeasured, match="not finite"):
        normalised_cross_correlation(real * np.nan, real)


def test_it_falls_with_noise_blur_and_shift():
    real = smooth((48, 48), sigma=1)[None]
    assert_worsens_with_damage(
        lambda damaged: normalised_cross_correlation(damaged, real),
        real,
        Better.HIGHER,
        kinds=("noise", "blur", "shift"),
    )
