"""mae, rmse and bias (synthassay.evaluate.fidelity.pair picks what they see): oracles, masks, NaN, growing damage."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.functional import mean_absolute_error, mean_squared_error

from evaluate.examination import assert_worsens, assert_worsens_with_damage, growing_damage
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.bias import bias
from synthassay.evaluate.fidelity.mae import mae
from synthassay.evaluate.fidelity.rmse import rmse
from synthassay.records.vocabulary import Better

ALL = [mae, rmse, bias]


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    real = rng.normal(40, 200, (2, 12, 13, 14))
    return real + rng.normal(5, 30, real.shape), real


def test_errors_equal_torchmetrics(pair):
    ours, real = (torch.from_numpy(p) for p in pair)
    assert mae(*pair) == pytest.approx(mean_absolute_error(ours, real).item(), rel=1e-6)
    assert rmse(*pair) == pytest.approx(mean_squared_error(ours, real, squared=False).item(), rel=1e-6)
    assert bias(*pair) == pytest.approx((ours - real).mean().item(), rel=1e-9)


@pytest.mark.parametrize("measure", ALL)
def test_what_lies_outside_the_mask_never_counts(measure, pair):
    synthetic, real = pair
    mask = np.zeros(real.shape[1:], bool)
    mask[2:6, 3:9, 4:8] = True
    expected = measure(synthetic[:, 2:6, 3:9, 4:8], real[:, 2:6, 3:9, 4:8])
    poisoned = np.where(mask, synthetic, np.nan), np.where(mask, real, np.inf)
    assert measure(*poisoned, mask) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("measure", ALL)
def test_a_nan_inside_the_mask_is_a_failure_with_its_count(measure, pair):
    synthetic, real = pair
    synthetic[0, 3, 3, 3:5] = np.nan
    with pytest.raises(NotMeasured, match="it has 2 values that are not finite"):
        measure(synthetic, real)
    with pytest.raises(NotMeasured, match="its reference has 2 values inside the mask"):
        measure(real, synthetic, np.ones(real.shape[1:], bool))


@pytest.mark.parametrize("measure", ALL)
def test_sizes_and_empty_masks_are_refused(measure, pair):
    synthetic, real = pair
    with pytest.raises(NotMeasured, match="size"):
        measure(synthetic[..., 1:], real)
    with pytest.raises(NotMeasured, match="mask has"):
        measure(synthetic, real, np.ones((3, 3, 3), bool))
    with pytest.raises(NotMeasured, match="empty"):
        measure(synthetic, real, np.zeros(real.shape[1:], bool))


@pytest.mark.parametrize("measure", ALL)
def test_eight_bit_pictures_do_not_wrap_around(measure):
    dark, bright = np.zeros((1, 4, 4), np.uint8), np.full((1, 4, 4), 255, np.uint8)
    assert abs(measure(dark, bright)) == 255
    assert measure(np.full((1, 4, 4), 9, np.uint8), np.full((1, 4, 4), 10, np.uint8)) in (1.0, -1.0)


def test_nothing_is_clipped():
    metal, real = np.full((1, 3, 3), 9000.0), np.full((1, 3, 3), 3071.0)
    assert mae(metal, real) == 5929.0


def test_bias_sees_a_shift_that_independent_normalisation_hides(pair):
    _, real = pair
    assert bias(real + 50, real) == pytest.approx(50)

    def normalised(picture):
        low, high = np.percentile(picture, [0.5, 99.5])
        return (picture - low) / (high - low)

    assert bias(normalised(real + 50), normalised(real)) == pytest.approx(0, abs=1e-9)


def test_rmse_is_never_below_mae(pair):
    assert rmse(*pair) > mae(*pair)
    flat = np.zeros((1, 5, 5))
    assert rmse(flat + 3, flat) == mae(flat + 3, flat) == 3


@pytest.mark.parametrize("measure", [mae, rmse])
def test_errors_grow_with_damage(measure):
    y, x = np.mgrid[0:48, 0:48]
    real = 100 + 60 * np.sin(x / 5)[None] * np.cos(y / 7)[None] + 20 * (np.hypot(x - 20, y - 20) < 9)[None]
    assert_worsens_with_damage(lambda damaged: measure(damaged, real), real, Better.LOWER)


def test_bias_moves_from_its_target_with_a_growing_offset():
    real = np.random.default_rng(0).normal(size=(1, 20, 20))
    values = [bias(damaged, real) for damaged in growing_damage(real)["offset"]]
    assert_worsens(values, Better.TARGET, target=0.0)
