"""spectral_fidelity (spectrum: synthassay.evaluate.fidelity.spectrum): Gaussian blur in closed form, a plain oracle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from evaluate.examination import assert_worsens
from evaluate.fidelity.pictures import ball, smooth
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.spectral_fidelity import BANDS, spectral_fidelity
from synthassay.evaluate.fidelity.spectrum import hann, radial_power, shells
from synthassay.records.vocabulary import Better


def frequencies(shape, spacing):
    axes = np.meshgrid(*(np.fft.fftfreq(n, h) for n, h in zip(shape, spacing, strict=True)), indexing="ij")
    return np.sqrt(sum(axis**2 for axis in axes))


def blurred(values, spacing, sigma_mm):
    """Periodic Gaussian blur of exactly sigma_mm, by its transform."""
    factor = np.exp(-2 * np.pi**2 * sigma_mm**2 * frequencies(values.shape, spacing) ** 2)
    return np.fft.ifftn(np.fft.fftn(values) * factor).real


def expected_of_blur(shape, spacing, sigma_mm):
    """White noise loses exp(-4 pi^2 s^2 f^2) of its power at f; its mean over each shell, then over each band."""
    width, count = shells(shape, spacing)
    f = frequencies(shape, spacing)
    place = np.floor(f / width + 0.5).astype(int)
    left = np.exp(-4 * np.pi**2 * sigma_mm**2 * f**2)
    ratio = np.array([np.log2(left[place == shell].mean()) for shell in range(1, count + 1)])
    share = width * np.arange(1, count + 1) * 2 * max(spacing)
    return {band: ratio[(share > low) & (share <= high + 1e-9)].mean() for band, (low, high) in BANDS.items()}


@pytest.mark.parametrize(
    ("shape", "spacing", "sigma"),
    [((256, 256), (1.0, 1.0), 0.7), ((64, 60, 66), (2.0, 2.0, 2.0), 1.2), ((96, 80, 40), (0.5, 0.75, 2.0), 1.1)],
)
def test_gaussian_blur_has_its_closed_form_in_every_band(shape, spacing, sigma):
    real = np.random.default_rng(0).normal(size=shape)
    found = spectral_fidelity(blurred(real, spacing, sigma)[None], real[None], spacing)
    for band, expected in expected_of_blur(shape, spacing, sigma).items():
        assert found[band] == pytest.approx(expected, rel=0.03, abs=0.03), band


def test_blur_in_pixels_is_not_blur_in_mm():
    real = np.random.default_rng(0).normal(size=(64, 64))
    square = ndimage.gaussian_filter(real, 1.0)[None]
    fine, coarse = (spectral_fidelity(square, real[None], (h, h)) for h in (0.5, 2.0))
    assert fine == pytest.approx(coarse)  # bands are shares of Nyquist, so one scale for all axes does not matter
    mixed = spectral_fidelity(square, real[None], (0.5, 2.0))
    assert mixed["band=high"] > fine["band=high"] + 1  # but the share of each axis does


@pytest.mark.parametrize(
    ("shape", "spacing"), [((20, 17), (1.0, 2.0)), ((14, 15, 16), (1.0, 0.5, 2.0)), ((9, 8), (1.0, 1.0))]
)
def test_shells_equal_a_plain_sum_over_all_frequencies(shape, spacing):
    values = np.random.default_rng(3).normal(size=shape) + 50
    window = hann(np.ones(shape, bool))
    width, count = shells(shape, spacing)
    power = np.abs(np.fft.fftn((values - (values * window).sum() / window.sum()) * window)) ** 2
    place = np.floor(frequencies(shape, spacing) / width + 0.5).astype(int)
    expected = [power[place == shell].mean() for shell in range(1, count + 1)]
    assert radial_power(values, window, spacing) == pytest.approx(np.array(expected), rel=1e-9)


def test_a_factor_of_two_is_four_times_the_power_and_an_offset_is_none():
    real = smooth((40, 44), sigma=1)[None]
    assert spectral_fidelity(2 * real + 1000, real, (1.0, 1.0)) == pytest.approx(dict.fromkeys(BANDS, 2.0), abs=1e-6)


def test_checkerboard_rises_in_the_high_band_alone():
    real = np.random.default_rng(0).normal(size=(128, 128))
    rows = 3.0 * np.cos(0.9 * np.pi * np.arange(128))[:, None]
    found = spectral_fidelity((real + rows)[None], real[None], (1.0, 1.0))
    assert found["band=high"] > 0.3
    assert abs(found["band=low"]) < 0.01


def test_without_a_window_a_slope_across_the_image_would_fill_the_high_band():
    rng = np.random.default_rng(0)
    slope = 50 * np.linspace(0, 1, 128)[:, None] * np.ones((128, 128))
    real, synthetic = slope + rng.normal(size=(128, 128)), slope + 0.25 * rng.normal(size=(128, 128))
    ours = spectral_fidelity(synthetic[None], real[None], (1.0, 1.0))["band=high"]
    assert ours == pytest.approx(-4.0, abs=0.1)  # a quarter of the noise, a sixteenth of its power
    bare = np.ones((128, 128))
    power = [radial_power(v, bare, (1.0, 1.0)) for v in (synthetic, real)]
    assert np.log2(power[0] / power[1])[-21:].mean() > -2


def test_inside_a_mask_blur_keeps_its_closed_form_and_garbage_beyond_stays_there():
    shape, spacing, sigma = (96, 100, 90), (1.0, 1.0, 1.0), 0.6
    real, mask = np.random.default_rng(0).normal(size=shape), ball(shape, 0.9)
    synthetic = blurred(real, spacing, sigma)
    found = spectral_fidelity(synthetic[None], real[None], spacing, mask)
    for band, expected in expected_of_blur(tuple(n - 10 for n in shape), spacing, sigma).items():
        assert found[band] == pytest.approx(expected, rel=0.06, abs=0.05)
    for garbage in (np.nan, 1e5):
        torn = np.where(mask, synthetic, garbage)
        assert spectral_fidelity(torn[None], real[None], spacing, mask) == pytest.approx(found, abs=1e-9)


def test_the_window_is_zero_beyond_the_mask_and_smooth_at_its_outline():
    mask = ball((60, 60))
    window = hann(mask)
    assert (window[~mask] == 0).all()
    steepest = max(np.abs(np.diff(window, axis=axis)).max() for axis in (0, 1))
    assert steepest < 0.25
    assert window.max() > 0.9
    assert hann(np.ones((5, 6), bool)).min() > 0


def test_unknown_spacing_means_square_pixels():
    real = smooth((40, 40), sigma=1)[None]
    assert spectral_fidelity(1.5 * real, real, ()) == spectral_fidelity(1.5 * real, real, (1.0, 1.0))


def test_channels_are_averaged():
    one, two = smooth((40, 40), 1, 1), smooth((40, 40), 2, 1)
    found = spectral_fidelity(np.stack([2 * one, two]), np.stack([one, two]), (1.0, 1.0))
    assert found == pytest.approx(dict.fromkeys(BANDS, 1.0), abs=1e-9)


def test_what_has_no_number_is_a_reason():
    real = smooth((30, 30))[None]
    with pytest.raises(NotMeasured, match="it is constant"):
        spectral_fidelity(0 * real, real, (1.0, 1.0))
    with pytest.raises(NotMeasured, match="its reference is constant"):
        spectral_fidelity(real, 0 * real + 0.1, (1.0, 1.0))
    with pytest.raises(NotMeasured, match="only 2 frequencies"):
        spectral_fidelity(real[:, :4, :4], real[:, :4, :4], (1.0, 1.0))
    thin = np.zeros((30, 30), bool)
    thin[13:16] = thin[:, 13:16] = True
    with pytest.raises(NotMeasured, match="nowhere 9 pixels thick"):
        spectral_fidelity(real, real, (1.0, 1.0), thin)
    with pytest.raises(NotMeasured, match="empty"):
        spectral_fidelity(real, real, (1.0, 1.0), thin & False)
    with pytest.raises(NotMeasured, match="its reference has"):
        spectral_fidelity(real, real[:, :10], (1.0, 1.0))
    with pytest.raises(NotMeasured, match="not finite"):
        spectral_fidelity(real * np.nan, real, (1.0, 1.0))
    with pytest.raises(NotMeasured, match="impossible"):
        spectral_fidelity(real, real, (1.0, -1.0))


def test_every_band_leaves_its_target_with_growing_blur_and_noise():
    real = smooth((96, 96), sigma=0.7)
    pattern = np.random.default_rng(4).normal(size=real.shape)
    blur = [spectral_fidelity(blurred(real, (1.0, 1.0), s)[None], real[None], (1.0, 1.0)) for s in (0, 0.3, 0.6, 1.0)]
    noise = [spectral_fidelity((real + s * pattern)[None], real[None], (1.0, 1.0)) for s in (0, 0.05, 0.2, 0.8)]
    for band in BANDS:
        assert_worsens([found[band] for found in blur], Better.TARGET, target=0.0)
        assert_worsens([found[band] for found in noise], Better.TARGET, target=0.0)
