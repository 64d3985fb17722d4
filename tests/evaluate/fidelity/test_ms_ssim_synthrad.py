"""ms_ssim_synthrad: the challenge's formula as oracle, with its faults; where the formula gives NaN; damage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from evaluate.examination import assert_worsens
from evaluate.fidelity.synthrad import WEIGHTS, ms_ssim_2025
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.ms_ssim_synthrad import ms_ssim_synthrad
from synthassay.records.vocabulary import Better, Unit


def body(shape=(60, 66, 40), seed=0):
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=shape), 2)
    real = 900 * field / field.std()
    centre = [np.linspace(-1, 1, n) for n in shape]
    x, y, z = np.meshgrid(*centre, indexing="ij")
    mask = x**2 + y**2 + 0.2 * z**2 < 0.8
    return real, mask


@pytest.mark.parametrize("shape", [(60, 66, 40), (97, 100, 110)])
def test_it_equals_the_challenges_formula(shape):
    real, mask = body(shape)
    synthetic = real + np.random.default_rng(1).normal(scale=300, size=shape) + 50
    expected = ms_ssim_2025(real, synthetic, mask)
    assert ms_ssim_synthrad(synthetic[None], real[None], Unit.HU, mask) == pytest.approx(expected, abs=1e-9)


def test_without_a_mask_the_whole_volume_counts():
    real, mask = body((40, 40, 40))
    synthetic = real + 80
    expected = ms_ssim_2025(real, synthetic, np.ones_like(mask))
    assert ms_ssim_synthrad(synthetic[None], real[None], Unit.HU) == pytest.approx(expected, abs=1e-9)


def test_luminance_at_every_scale_costs_a_shift_more_than_at_the_last_alone():
    real, mask = body((50, 50, 50))
    ours = ms_ssim_synthrad(real[None] + 100, real[None], Unit.HU, mask)
    as_shipped = ms_ssim_2025(real, real + 100, mask)
    intended = ms_ssim_2025(real, real + 100, mask, luminance_weights=[0, 0, 0, 0, WEIGHTS[-1]])
    assert ours == pytest.approx(as_shipped, abs=1e-9)
    assert intended > as_shipped + 0.002


def test_the_two_published_ranges_give_two_numbers():
    real, mask = body((40, 40, 40))
    real = np.abs(real) * 2
    synthetic = real * 0.8
    assert abs(ms_ssim_2025(real, synthetic, mask) - ms_ssim_2025(real, synthetic, mask, high=3071.0)) > 1e-5


def test_a_mask_in_the_corner_is_not_measured_where_the_formula_gives_nan():
    real, _ = body((97, 97, 97))
    corner = np.zeros(real.shape, bool)
    corner[:30, :30, :30] = True
    assert np.isnan(ms_ssim_2025(real, real + 50, corner))
    with pytest.raises(NotMeasured, match="empty at scale"):
        ms_ssim_synthrad(real[None] + 50, real[None], Unit.HU, corner)


def test_other_units_pictures_and_channels_are_refused():
    volume = np.zeros((1, 20, 20, 20))
    with pytest.raises(NotMeasured, match="Hounsfield"):
        ms_ssim_synthrad(volume, volume, Unit.ARBITRARY)
    with pytest.raises(NotMeasured, match="one channel"):
        ms_ssim_synthrad(volume[..., 0], volume[..., 0], Unit.HU)
    with pytest.raises(NotMeasured, match="one channel"):
        ms_ssim_synthrad(np.repeat(volume, 2, 0), np.repeat(volume, 2, 0), Unit.HU)
    with pytest.raises(NotMeasured, match="its reference has"):
        ms_ssim_synthrad(volume, volume[:, :10], Unit.HU)


def test_not_a_number_outside_the_mask_stays_outside():
    real, mask = body((40, 40, 40))
    torn = np.where(mask, real + 30, np.nan)
    whole = ms_ssim_synthrad(real[None] + 30, real[None], Unit.HU, mask)
    assert ms_ssim_synthrad(torn[None], real[None], Unit.HU, mask) == pytest.approx(whole, abs=1e-12)
    with pytest.raises(NotMeasured, match="not finite"):
        ms_ssim_synthrad(torn[None], real[None], Unit.HU)


def test_constant_and_equal_volumes_score_one():
    real, mask = body((30, 30, 30))
    assert ms_ssim_synthrad(real[None], real[None], Unit.HU, mask) == pytest.approx(1.0, abs=1e-9)
    assert ms_ssim_synthrad(0 * real[None], 0 * real[None], Unit.HU, mask) == pytest.approx(1.0, abs=1e-9)


def test_it_falls_with_noise_and_offset():
    real, mask = body((40, 40, 40))
    pattern = np.random.default_rng(3).normal(size=real.shape)
    for damage in (lambda s: real + s * pattern, lambda s: real + s):
        found = [ms_ssim_synthrad(damage(s)[None], real[None], Unit.HU, mask) for s in (0, 50, 200, 600)]
        assert_worsens(found, Better.HIGHER)
