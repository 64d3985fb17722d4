"""Peak signal-to-noise ratio: scikit-image and torchmetrics as oracles; range, mask and equal pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio
from torchmetrics.functional.image import peak_signal_noise_ratio as torch_psnr

from evaluate.examination import assert_worsens_with_damage
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.psnr import psnr
from synthassay.records.vocabulary import Better

CT_RANGE = (-1024.0, 3071.0)


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    real = rng.normal(40, 300, (1, 24, 25, 26))
    return real + rng.normal(0, 30, real.shape), real


def test_psnr_equals_its_peers(pair):
    synthetic, real = pair
    assert psnr(synthetic, real, CT_RANGE) == pytest.approx(peak_signal_noise_ratio(real, synthetic, data_range=4095))
    peer = torch_psnr(torch.from_numpy(synthetic), torch.from_numpy(real), data_range=4095.0)
    assert psnr(synthetic, real, CT_RANGE) == pytest.approx(peer.item(), rel=1e-6)


def test_mask_takes_the_mean_over_its_voxels_alone(pair):
    synthetic, real = pair
    mask = np.zeros(real.shape[1:], bool)
    mask[5:12, 5:12, 5:12] = True
    inside = peak_signal_noise_ratio(real[:, mask], synthetic[:, mask], data_range=4095)
    assert psnr(np.where(mask, synthetic, np.nan), real, CT_RANGE, mask) == pytest.approx(inside)


def test_the_range_changes_the_number_by_its_decibels(pair):
    wide, narrow = psnr(*pair, CT_RANGE), psnr(*pair, (-1024.0, 3000.0))
    assert wide - narrow == pytest.approx(20 * np.log10(4095 / 4024))


def test_equal_pictures_are_named_instead_of_infinite(pair):
    _, real = pair
    with pytest.raises(NotMeasured, match="infinite"):
        psnr(real, real, CT_RANGE)


def test_values_beyond_the_range_are_not_clipped():
    real = np.full((1, 8, 8), 3000.0)
    assert psnr(real + 2000, real, CT_RANGE) < psnr(real + 71, real, CT_RANGE)


def test_psnr_falls_with_damage():
    y, x = np.mgrid[0:48, 0:48]
    real = (100 + 60 * np.sin(x / 5) * np.cos(y / 7))[None]

    def measure(damaged):
        return 200.0 if damaged is real or np.array_equal(damaged, real) else psnr(damaged, real, (0.0, 255.0))

    assert_worsens_with_damage(measure, real, Better.HIGHER)
