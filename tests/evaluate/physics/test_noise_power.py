"""Noise power spectra (noise_power): white noise flat, integral = variance, filters found again, scipy as oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import signal

from synthassay.errors import NotMeasured
from synthassay.evaluate.physics.noise_power import detrended, difference_noise, noise_power


@pytest.mark.parametrize(("shape", "spacing"), [((32, 32), (0.5, 0.8)), ((12, 10, 8), (1.0, 1.0, 2.5))])
def test_white_noise_is_flat_at_variance_times_voxel(shape, spacing):
    regions = np.random.default_rng(0).normal(scale=10.0, size=(600, *shape))
    power = noise_power(regions, spacing)
    expected = 100 * math.prod(spacing)
    beyond = power.frequency > 1.5 / max(n * d for n, d in zip(shape, spacing, strict=True)) * len(shape)
    assert power.spectrum[beyond].mean() == pytest.approx(expected, rel=0.01)
    assert power.spectrum[beyond].std() < 3 * expected / math.sqrt(600)
    assert power.regions == 600


@pytest.mark.parametrize("spacing", [(0.5, 0.5), (0.7, 1.9)])
def test_the_integral_is_the_variance(spacing):
    regions = np.random.default_rng(1).normal(scale=7.0, size=(50, 24, 20)).cumsum(axis=1)
    power = noise_power(regions, spacing)
    assert power.variance == pytest.approx(detrended(regions).var(axis=(1, 2)).mean(), rel=1e-9)


def test_a_known_filter_is_found_again():
    rng = np.random.default_rng(2)
    kernel = np.array([0.25, 0.5, 0.25])
    noise = rng.normal(scale=4.0, size=(400, 34, 32))
    shaped = noise[:, :-2] * kernel[0] + noise[:, 1:-1] * kernel[1] + noise[:, 2:] * kernel[2]
    power = noise_power(shaped, (0.5, 0.5))
    along = np.fft.fftfreq(32, 0.5)
    response = (0.5 + 0.5 * np.cos(2 * np.pi * along * 0.5)) ** 2
    found = power.spectrum[:, 4:-4].mean(axis=1)
    assert found[2:-1] == pytest.approx(16 * 0.25 * response[2:-1], abs=0.12)


def test_it_equals_scipys_periodogram_of_a_row():
    rows = np.random.default_rng(3).normal(size=(40, 1, 64)) + 0.3 * np.arange(64.0)
    ours = noise_power(rows, (1.0, 0.5))
    _, oracle = signal.periodogram(signal.detrend(rows[:, 0]), fs=1 / 0.5, detrend=False, return_onesided=False)
    assert ours.spectrum[0] == pytest.approx(oracle.mean(axis=0), rel=1e-9, abs=1e-12)


def test_the_difference_method_needs_no_uniform_region():
    rng = np.random.default_rng(4)
    anatomy = rng.normal(scale=200, size=(300, 16, 16)).cumsum(axis=1)
    one, two = (anatomy + rng.normal(scale=5, size=anatomy.shape) for _ in range(2))
    assert noise_power(difference_noise(one, two), (1.0, 1.0)).variance == pytest.approx(25, rel=0.03)
    with pytest.raises(NotMeasured, match="difference"):
        difference_noise(one, two[1:])


def test_coarser_grain_has_a_lower_mean_frequency():
    rng = np.random.default_rng(5)
    fine = rng.normal(size=(100, 33, 33))
    coarse = fine[:, 1:, 1:] + fine[:, :-1, 1:] + fine[:, 1:, :-1] + fine[:, :-1, :-1]
    means = [noise_power(r, (2.0, 2.0)).mean_frequency for r in (fine, coarse)]
    assert means[1] < 0.8 * means[0]
    assert means[0] == pytest.approx(0.125 + 1 / 132, rel=0.04)  # of flat noise: the middle of the radial axis
    assert noise_power(coarse, (2.0, 2.0)).peak_frequency < 0.06


def test_no_region_and_values_that_are_not_finite_are_refused():
    with pytest.raises(NotMeasured, match="no uniform region"):
        noise_power(np.empty((0, 8, 8)), (1.0, 1.0))
    with pytest.raises(NotMeasured, match="not finite"):
        noise_power(np.full((2, 8, 8), np.nan), (1.0, 1.0))
    assert math.isnan(noise_power(np.zeros((2, 8, 8)), (1.0, 1.0)).mean_frequency)
