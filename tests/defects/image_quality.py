"""Image quality: what wins PSNR may lose lesions; observers tested on their training images; noise and sharpness."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import ndimage, signal
from skimage.measure import blur_effect
from skimage.metrics import peak_signal_noise_ratio
from skimage.restoration import denoise_nl_means

from defects.defect import Defect
from synthassay.data.lesions import lesion_signal
from synthassay.evaluate.observers.channelised import held_out_ratings, resubstituted_dprime
from synthassay.evaluate.observers.detection import dprime_from
from synthassay.evaluate.observers.inserted import LesionView
from synthassay.evaluate.observers.lesion_detectability import lesion_detectability
from synthassay.evaluate.physics.edge_sharpness import edge_sharpness
from synthassay.evaluate.physics.noise_power import noise_power

SIDE, PLACES = 33, 80
SPACING = (1.0, 1.0)


def number(text):
    return float(text.split()[0])


# PSNR and detection ---------------------------------------------------------------------------------------------------
@cache
def denoised():
    """Tissue with a mild texture at low dose, before and after non-local means, with a faint lesion and without."""
    rng = np.random.default_rng(0)
    lesion = lesion_signal((SIDE, SIDE), SPACING, (SIDE // 2,) * 2, 4.0, 25.0)
    views, before, after = [], [], []
    for i in range(PLACES):
        real = ndimage.gaussian_filter(rng.normal(size=(SIDE, SIDE)), 4, mode="wrap") * 60
        noise = rng.normal(scale=20.0, size=real.shape)

        def clean(picture):
            return denoise_nl_means(picture, 5, 6, h=24.0, sigma=0.0, fast_mode=True)

        absent = {"reference": real, "source": real + noise, "synthetic": clean(real + noise)}
        present = {kind: absent[kind] + lesion for kind in ("reference", "source")}
        present["synthetic"] = clean(real + noise + lesion)
        views.append(LesionView(f"c{i}", f"p{i}", f"c{i}", 4.0, 25.0, SPACING, absent, present))
        before.append(peak_signal_noise_ratio(real, absent["source"], data_range=1000))
        after.append(peak_signal_noise_ratio(real, absent["synthetic"], data_range=1000))
    found = {f.stratum: f.value for f in lesion_detectability(views, 1, 200)}
    return np.mean(after) - np.mean(before), found["gain over the source"]


def decibels_won():
    return f"{denoised()[0]:+.1f} dB: better"


def detectability_lost():
    return f"{denoised()[1]:+.2f} in d': worse"


# observers ------------------------------------------------------------------------------------------------------------
@cache
def nothing_to_see():
    """Mean d' over 40 studies of 40 images on each side, 10 channels, and no lesion at all."""
    flattered, honest = [], []
    for seed in range(40):
        without, with_lesion = np.random.default_rng(seed).normal(size=(2, 40, 10))
        flattered.append(resubstituted_dprime(without, with_lesion))
        honest.append(dprime_from(*held_out_ratings(without, with_lesion, [f"p{i}" for i in range(40)], seed=seed)))
    return np.mean(flattered), np.mean(honest)


def tested_on_training_images():
    return f"{nothing_to_see()[0]:.2f}"


def tested_on_others():
    return f"{nothing_to_see()[1]:.2f}"


# noise power ----------------------------------------------------------------------------------------------------------
@cache
def shaded():
    """White noise on a slope of two standard deviations across a region, as cupping leaves it."""
    noise = np.random.default_rng(1).normal(scale=10.0, size=(200, 32, 32))
    return noise + np.linspace(-20, 20, 32)[:, None]


def mean_frequency(frequency, power):
    return float((frequency * power).sum() / power.sum())


def periodogram():
    frequency, power = signal.periodogram(shaded(), fs=1.0, axis=1)
    return f"{mean_frequency(frequency[1:], power.mean(axis=(0, 2))[1:]):.3f}"


def detrended_spectrum():
    power = noise_power(shaded(), (1.0, 1.0)).spectrum.mean(axis=1)[1:17]
    return f"{mean_frequency(np.arange(1, 17) / 32, power):.3f}"


@cache
def two_pixel_sizes():
    """The same white noise per mm², of 10 units at 1 mm, in pixels of 1 mm and of 0.5 mm."""
    rng = np.random.default_rng(2)
    return rng.normal(scale=10.0, size=(200, 16, 16)), rng.normal(scale=20.0, size=(200, 32, 32))


def power_without_pixel_size():
    coarse, fine = ((np.abs(np.fft.fft2(r)) ** 2).mean() / r[0].size for r in two_pixel_sizes())
    return f"{fine / coarse:.2f}"


def power_per_mm():
    coarse, fine = two_pixel_sizes()
    ratio = np.median(noise_power(fine, (0.5, 0.5)).spectrum) / np.median(noise_power(coarse, (1.0, 1.0)).spectrum)
    return f"{ratio:.2f}"


# sharpness ------------------------------------------------------------------------------------------------------------
@cache
def disc():
    """A disc with an edge of one pixel, and the same with noise of a twentieth of its contrast."""
    rows, columns = np.indices((96, 96))
    sharp = 100 / (1 + np.exp((np.hypot(rows - 47.7, columns - 48.2) - 28) / 0.6))
    return sharp, sharp + np.random.default_rng(3).normal(scale=5.0, size=sharp.shape)


def blur_of_noise():
    sharp, noisy = (blur_effect(picture) for picture in disc())
    return f"{(1 - noisy) / (1 - sharp):.2f}"


def sharpness_of_noise():
    sharp, noisy = disc()
    return f"{edge_sharpness(noisy[None], sharp[None], (1.0, 1.0)):.2f}"


DEFECTS = [
    Defect(
        tool="scikit-image peak_signal_noise_ratio",
        trap="Rewards a denoiser that erases faint lesions: most pixels show none.",
        setting="non-local means on tissue at low dose, lesion of 4 mm and 25 HU; change against the noisy source",
        ours=detectability_lost,
        theirs=decibels_won,
        holds=lambda theirs, ours: number(theirs) > 0.5 and number(ours) < -0.1,
    ),
    Defect(
        tool="Hotelling observer tested on its training images (formula)",
        trap="Sees lesions that are not there: d' of nothing is far from 0.",
        setting="10 channels, 40 images on each side, no lesion; mean d' of 40 studies, true value 0",
        ours=tested_on_others,
        theirs=tested_on_training_images,
        holds=lambda theirs, ours: number(theirs) > 0.7 and abs(number(ours)) < 0.1,
    ),
    Defect(
        tool="scipy.signal.periodogram (default: mean removed)",
        trap="Counts shading across a region as coarse noise.",
        setting="mean frequency of white noise (0.266 per mm) on a slope, cycles per mm",
        ours=detrended_spectrum,
        theirs=periodogram,
        holds=lambda theirs, ours: number(theirs) < 0.25 and abs(number(ours) - 0.27) < 0.015,
    ),
    Defect(
        tool="|FFT|² / N (formula)",
        trap="Has no pixel size in it, so equal noise per mm² looks four times as strong in pixels of half the size.",
        setting="white noise of equal power per mm² in pixels of 0.5 and 1 mm; ratio of spectra, true value 1",
        ours=power_per_mm,
        theirs=power_without_pixel_size,
        holds=lambda theirs, ours: number(theirs) > 3.5 and abs(number(ours) - 1) < 0.05,
    ),
    Defect(
        tool="scikit-image blur_effect",
        trap="Takes noise for sharpness.",
        setting="a disc with and without noise of a twentieth of its contrast; ratio of sharpness, true value 1",
        ours=sharpness_of_noise,
        theirs=blur_of_noise,
        holds=lambda theirs, ours: abs(number(theirs) - 1) > 0.3 and abs(number(ours) - 1) < 0.08,
    ),
]
