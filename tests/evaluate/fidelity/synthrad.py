"""The formulas of the SynthRAD and BraSyn challenges' published programs, in their order and with their faults."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.signal import fftconvolve
from skimage.metrics import structural_similarity

WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
LOW, HIGH = -1024.0, 3000.0


def mean_absolute_error_2023(real, synthetic, mask):
    """Multiplied by the mask, not picked: not a number times zero is not a number."""
    inside = np.where(mask > 0, 1.0, 0.0)
    return float(np.abs(real * inside - synthetic * inside).sum() / inside.sum())


def psnr_2023(real, synthetic, mask):
    one, two = (np.clip(v, LOW, HIGH)[mask > 0] for v in (real, synthetic))
    return float(10 * np.log10((HIGH - LOW) ** 2 / np.mean((one - two) ** 2)))


def ssim_2023(real, synthetic, mask):
    one, two = (np.where(mask > 0, np.clip(v, LOW, HIGH), LOW) - LOW for v in (real, synthetic))
    _, full = structural_similarity(one, two, data_range=HIGH - LOW, full=True)
    cut = (slice(3, -3),) * real.ndim
    return float(full[cut][mask[cut] > 0].mean())


def _components(one, two, span):
    means = [uniform_filter(v, 7) for v in (one, two, one * one, two * two, one * two)]
    norm = 343 / 342
    var_one, var_two = norm * (means[2] - means[0] ** 2), norm * (means[3] - means[1] ** 2)
    covariance = norm * (means[4] - means[0] * means[1])
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    root_one, root_two = np.sqrt(np.clip(var_one, 0, None)), np.sqrt(np.clip(var_two, 0, None))
    luminance = (2 * means[0] * means[1] + c1) / (means[0] ** 2 + means[1] ** 2 + c1)
    contrast = (2 * root_one * root_two + c2) / (var_one + var_two + c2)
    structure = (covariance + c2 / 2) / (root_one * root_two + c2 / 2)
    return [np.clip(v, 0, None) for v in (luminance, contrast, structure)]


def ms_ssim_2025(real, synthetic, mask, *, luminance_weights=WEIGHTS, high=HIGH, average_first=False):
    """As shipped, the luminance weights are those of the scales: their own default is never reached.

    ``average_first`` applies the exponents to means, as the definition does and the program does not.
    """
    one, two = (np.where(mask > 0, np.clip(v, LOW, high), LOW) - LOW for v in (real, synthetic))
    padding = [((max(97 - n, 0)) // 2, max(97 - n, 0) - max(97 - n, 0) // 2) for n in real.shape]
    one, two, where = (np.pad(v, padding, mode="edge") for v in (one, two, np.where(mask > 0, 1.0, 0.0)))
    found = []
    for weight, luminance_weight in zip(WEIGHTS, luminance_weights, strict=True):
        luminance, contrast, structure = _components(one, two, high - LOW)
        if average_first:
            similarity = (luminance if luminance_weight else 1.0) * contrast * structure
        else:
            similarity = luminance**luminance_weight * contrast**weight * structure**weight
        cut = (slice(3, -3),) * 3
        with np.errstate(invalid="ignore"):
            chosen = similarity[cut][where[cut].astype(bool)]
            mean = chosen.sum() / np.float64(chosen.size)
        found.append(np.clip(mean, 0, 1) ** weight if average_first else mean)
        one, two = (fftconvolve(v, np.ones((2, 2, 2)) / 8, mode="same") for v in (one, two))
        one, two, where = (v[::2, ::2, ::2] for v in (one, two, where))
    return float(np.prod(np.clip(found, 0, 1)))


def ssim_brasyn(real, synthetic, mask):
    """Each volume by its own percentiles, then multiplied by the mask, then over the whole grid."""
    scaled = []
    for volume in (real, synthetic):
        low, high = np.percentile(volume[mask], [0.5, 99.5])
        scaled.append(np.clip((volume - low) / (high - low), 0, 1) * mask)
    return float(structural_similarity(*scaled, data_range=1.0))


def rank_sums(teams, higher_better):
    """Mean rank per team over its metrics; the name decides which way is better."""
    names = list(teams)
    ranks = {name: [] for name in names}
    for measured in next(iter(teams.values())):
        sign = -1 if higher_better(measured) else 1
        order = sorted(names, key=lambda name: sign * teams[name][measured])
        for place, name in enumerate(order, start=1):
            ranks[name].append(place)
    return {name: float(np.mean(places)) for name, places in ranks.items()}


def higher_better_2023(measured):
    return measured in ("psnr", "ssim") or measured.startswith("gamma_")
