"""Structural similarity (its map: synthassay.evaluate.fidelity.ssim_map): scikit-image and MONAI as oracles; traps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.metrics import structural_similarity

from evaluate.examination import assert_worsens_with_damage
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity import ssim_map
from synthassay.evaluate.fidelity.ssim import ssim
from synthassay.evaluate.fidelity.ssim_slices import ssim_slices
from synthassay.records.vocabulary import Better

UNIT_RANGE = (0.0, 1.0)


def smooth(shape, seed=0):
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=shape), 2)
    return (field - field.min()) / np.ptp(field)


def noisy(field, seed=1, scale=0.05):
    return field + np.random.default_rng(seed).normal(scale=scale, size=field.shape)


@pytest.mark.parametrize("shape", [(64, 61), (7, 9), (40, 33, 29), (7, 7, 7)])
def test_ssim_equals_scikit_image(shape):
    real = smooth(shape)
    synthetic = noisy(real)
    oracle = structural_similarity(synthetic, real, data_range=1.0)
    assert ssim(synthetic[None], real[None], UNIT_RANGE) == pytest.approx(oracle, abs=1e-12)


def test_ssim_of_a_volume_equals_monais_uniform_one_within_single_precision():
    from monai.losses.ssim_loss import SSIMLoss  # imported here: slow

    real = smooth((32, 32, 32))
    synthetic = noisy(real)
    loss = SSIMLoss(spatial_dims=3, data_range=1.0, kernel_type="uniform", win_size=7)
    to = lambda v: torch.from_numpy(v[None, None].astype(np.float32))  # noqa: E731
    assert ssim(synthetic[None], real[None], UNIT_RANGE) == pytest.approx(
        1 - loss(to(synthetic), to(real)).item(), abs=2e-3
    )


def test_slices_equal_scikit_image_slice_by_slice():
    real = smooth((30, 28, 12))
    synthetic = noisy(real)
    oracle = np.mean([structural_similarity(synthetic[..., z], real[..., z], data_range=1.0) for z in range(12)])
    assert ssim_slices(synthetic[None], real[None], UNIT_RANGE) == pytest.approx(oracle, abs=1e-12)
    with pytest.raises(NotMeasured, match="not a volume"):
        ssim_slices(synthetic[None, ..., 0], real[None, ..., 0], UNIT_RANGE)


def test_slices_do_not_see_flicker_that_the_volume_sees():
    real = smooth((32, 32, 32))
    flicker = real + 0.1 * (-1.0) ** np.arange(32)
    volume = ssim(flicker[None], real[None], UNIT_RANGE)
    slices = ssim_slices(flicker[None], real[None], UNIT_RANGE)
    assert volume < slices - 0.2


def test_mask_averages_the_map_and_not_the_zeroed_volume():
    real = smooth((40, 40, 40))
    synthetic = noisy(real)
    mask = np.hypot(*np.mgrid[-20:20, -20:20])[..., None] * np.ones(40) < 12
    _, full = structural_similarity(synthetic, real, data_range=1.0, full=True)
    inner = np.zeros_like(mask)
    inner[3:-3, 3:-3, 3:-3] = mask[3:-3, 3:-3, 3:-3]
    ours = ssim(synthetic[None], real[None], UNIT_RANGE, mask)
    assert ours == pytest.approx(full[inner].mean(), abs=1e-12)
    zeroed = structural_similarity(synthetic * mask, real * mask, data_range=1.0)
    assert zeroed > ours + 0.05  # the background's perfect score


def test_nan_outside_the_mask_does_not_reach_inside():
    real = smooth((30, 30))
    synthetic = noisy(real)
    mask = np.zeros((30, 30), bool)
    mask[8:20, 8:20] = True
    torn = synthetic.copy()
    torn[0:3] = np.nan
    expected = ssim(synthetic[None], real[None], UNIT_RANGE, mask)
    assert ssim(torn[None], real[None], UNIT_RANGE, mask) == pytest.approx(expected, abs=1e-12)
    torn[10, 10] = np.nan
    with pytest.raises(NotMeasured, match="not finite"):
        ssim(torn[None], real[None], UNIT_RANGE, mask)


def test_hounsfield_values_are_counted_from_the_low_end_of_the_range():
    real = smooth((24, 24, 24)) * 100 - 50  # around water, where means have both signs
    synthetic = noisy(real, scale=20) + 60
    oracle = structural_similarity(synthetic + 1024, real + 1024, data_range=4095)
    assert ssim(synthetic[None], real[None], (-1024.0, 3071.0)) == pytest.approx(oracle, abs=1e-12)
    unshifted = structural_similarity(synthetic, real, data_range=4095)
    assert abs(unshifted - oracle) > 1e-3


def test_the_range_is_part_of_the_number():
    real = smooth((24, 24)) * 1000
    synthetic = noisy(real, scale=60)
    narrow, wide = (ssim(synthetic[None], real[None], (0.0, top)) for top in (1000.0, 4000.0))
    assert wide > narrow + 0.05


def test_channels_are_averaged():
    one, two = smooth((20, 20), 1), smooth((20, 20), 2)
    a, b = noisy(one), noisy(two, scale=0.2)
    together = ssim(np.stack([a, b]), np.stack([one, two]), UNIT_RANGE)
    assert together == pytest.approx(
        (ssim(a[None], one[None], UNIT_RANGE) + ssim(b[None], two[None], UNIT_RANGE)) / 2, abs=1e-12
    )


@pytest.mark.parametrize("values", [1, 500, 10**9])
def test_slabs_of_any_size_give_the_same_number(values, monkeypatch):
    real = smooth((25, 18, 17))
    synthetic = noisy(real)
    mask = smooth((25, 18, 17), 5) > 0.5
    expected = ssim(synthetic[None], real[None], UNIT_RANGE, mask)
    monkeypatch.setattr(ssim_map, "SLAB_VALUES", values)
    assert ssim(synthetic[None], real[None], UNIT_RANGE, mask) == pytest.approx(expected, abs=1e-13)


def test_pictures_smaller_than_the_window_and_masks_at_the_border_are_refused():
    with pytest.raises(NotMeasured, match="fewer than the window of 7"):
        ssim(np.zeros((1, 6, 30)), np.zeros((1, 6, 30)), UNIT_RANGE)
    edge = np.zeros((20, 20), bool)
    edge[:2] = True
    with pytest.raises(NotMeasured, match="border"):
        ssim(smooth((20, 20))[None], smooth((20, 20))[None], UNIT_RANGE, edge)


def test_equal_pictures_score_one():
    real = smooth((20, 20))[None]
    assert ssim(real, real, UNIT_RANGE) == pytest.approx(1.0, abs=1e-12)


def test_ssim_falls_with_every_damage():
    real = smooth((48, 48))[None]
    assert_worsens_with_damage(lambda damaged: ssim(damaged, real, UNIT_RANGE), real, Better.HIGHER)


def test_ssim_slices_falls_with_every_damage():
    real = smooth((24, 24, 10))[None]
    assert_worsens_with_damage(
        lambda damaged: ssim_slices(damaged, real, UNIT_RANGE), real, Better.HIGHER, kinds=("noise", "offset", "blur")
    )
