"""normalised_mutual_information: scikit-image as oracle, invariance, edges, damage."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import normalized_mutual_information

from evaluate.examination import assert_worsens_with_damage
from evaluate.fidelity.pictures import ball, noisy, smooth
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.normalised_mutual_information import BINS, normalised_mutual_information
from synthassay.records.vocabulary import Better

UNIT_RANGE = (0.0, 1.0)


def spanning(shape, seed=0):
    """Values that reach both ends of the range, so that scikit-image's bins, taken from the data, are ours."""
    field = np.clip(smooth(shape, seed, sigma=1), 0, 1)
    field.flat[:2] = 0, 1
    return field


@pytest.mark.parametrize("shape", [(64, 60), (54, 50, 48)])
def test_it_equals_scikit_image(shape):
    real = spanning(shape)
    synthetic = np.clip(noisy(real, scale=0.1), 0, 1)
    synthetic.flat[:2] = 0, 1
    expected = normalized_mutual_information(synthetic, real, bins=BINS)
    found = normalised_mutual_information(synthetic[None], real[None], UNIT_RANGE)
    assert found == pytest.approx(expected, abs=1e-12)


def test_inside_a_mask_it_equals_scikit_image_on_the_picked_values():
    real, mask = spanning((64, 60)), ball((64, 60))
    real[31:33, 30] = 0, 1
    synthetic = np.clip(noisy(real, scale=0.1), 0, 1)
    synthetic[31:33, 30] = 0, 1
    expected = normalized_mutual_information(synthetic[mask], real[mask], bins=BINS)
    torn = np.where(mask, synthetic, np.nan)
    found = normalised_mutual_information(torn[None], real[None], UNIT_RANGE, mask)
    assert found == pytest.approx(expected, abs=1e-12)


def test_an_inverted_contrast_costs_nothing_and_independent_noise_costs_everything():
    real = spanning((128, 128))
    inverted = normalised_mutual_information(1 - real[None], real[None], UNIT_RANGE)
    assert inverted > 1.9
    other = np.random.default_rng(5).permutation(real.ravel()).reshape(real.shape)
    assert normalised_mutual_information(other[None], real[None], UNIT_RANGE) < 1.1


def test_values_beyond_the_range_count_in_the_outermost_bins():
    real = spanning((40, 40))
    wild = np.where(real > 0.98, 9.0, np.where(real < 0.01, -9.0, real))
    tame = np.clip(wild, 0, 1)
    found = [normalised_mutual_information(v[None], real[None], UNIT_RANGE) for v in (wild, tame)]
    assert found[0] == pytest.approx(found[1], abs=1e-12)


def test_channels_are_averaged():
    one, two = spanning((30, 30), 1), spanning((30, 30), 2)
    a, b = noisy(one), noisy(two, scale=0.3)
    alone = [normalised_mutual_information(s[None], r[None], UNIT_RANGE) for s, r in ((a, one), (b, two))]
    together = normalised_mutual_information(np.stack([a, b]), np.stack([one, two]), UNIT_RANGE)
    assert together == pytest.approx(np.mean(alone), abs=1e-12)


def test_a_constant_reference_is_refused_and_a_constant_image_shares_nothing():
    real = spanning((20, 20))
    with pytest.raises(NotMeasured, match="one of the 64 bins"):
        normalised_mutual_information(real[None], np.full((1, 20, 20), 0.5), UNIT_RANGE)
    assert normalised_mutual_information(np.full((1, 20, 20), 0.5), real[None], UNIT_RANGE) == pytest.approx(1.0)


def test_empty_masks_sizes_and_values_that_are_not_finite_are_refused():
    real = spanning((20, 20))[None]
    with pytest.raises(NotMeasured, match="empty"):
        normalised_mutual_information(real, real, UNIT_RANGE, np.zeros((20, 20), bool))
    with pytest.raises(NotMeasured, match="its reference has"):
        normalised_mutual_information(real, real[:, :10], UNIT_RANGE)
    torn = real.copy()
    torn[0, 3, 3] = np.nan
    with pytest.raises(NotMeasured, match="1 values that are not finite"):
        normalised_mutual_information(torn, real, UNIT_RANGE)


def test_it_falls_with_noise_blur_and_shift():
    real = smooth((96, 96), sigma=3)[None]
    assert_worsens_with_damage(
        lambda damaged: normalised_mutual_information(damaged, real, (-4.0, 5.0)),
        real,
        Better.HIGHER,
        kinds=("noise", "blur", "shift"),
    )
