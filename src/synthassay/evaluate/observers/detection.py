"""From an observer's ratings to d' and the area under its ROC curve, with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from synthassay.errors import NotMeasured
from synthassay.records.measurement import Interval

LEVEL = 0.95
LEAST_IMAGES = 4

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Detection:
    """How well an observer tells images with a lesion from images without.

    Attributes:
        dprime: Distance of the mean ratings in standard deviations; negative where it does worse than chance.
        auc: Empirical area under the ROC curve of the same ratings; no shape of their distribution is assumed.
        images: Images on each side.
        subjects: Patients that they come from.
        dprime_draws: Bootstrap draws of d', one per resampling of patients; empty with fewer than three patients.
        dprime_left_out: d' with each patient left out in turn.
    """

    dprime: float
    auc: float
    dprime_interval: Interval | None
    auc_interval: Interval | None
    images: int
    subjects: int
    dprime_draws: Floats
    dprime_left_out: Floats

    @property
    def auc_of_dprime(self) -> float:
        """The area that d' stands for where ratings are normal."""
        return auc_of(self.dprime)


def auc_of(dprime: float) -> float:
    """Return the area under the ROC curve of two normal distributions d' apart: Φ(d'/√2).

    Source: Green and Swets, Signal Detection Theory and Psychophysics (1966).

    >>> round(auc_of(1.0), 4)
    0.7602
    """
    return float(special.ndtr(dprime / math.sqrt(2)))


def dprime_of(auc: float) -> float:
    """Return the d' of two normal distributions whose ROC curve has this area (often called d_A).

    >>> round(dprime_of(auc_of(1.7)), 4)
    1.7
    """
    return math.sqrt(2) * float(special.ndtri(auc))


def dprime_from(absent: ArrayLike, present: ArrayLike) -> float:
    """Return (mean rating with lesion - without) / sqrt(mean of both variances).

    Raises:
        NotMeasured: The ratings do not vary at all.

    >>> round(dprime_from([0.0, 1.0, 2.0], [2.0, 3.0, 4.0]), 4)
    2.0
    """
    without, with_lesion = np.asarray(absent, np.float64), np.asarray(present, np.float64)
    spread = (without.var(ddof=1) + with_lesion.var(ddof=1)) / 2
    if not spread > 0:
        raise NotMeasured("the observer's ratings do not vary, so that d' has no meaning")
    return float((with_lesion.mean() - without.mean()) / math.sqrt(spread))


def exact_dprime_interval(dprime: float, channels: int, images: int, *, level: float = LEVEL) -> Interval:
    """Return the exact interval for the d' of an infinitely trained Hotelling observer of normal channel outputs.

    Hotelling's T² of n + n independent images is a noncentral F with noncentrality n/2 d'²; its quantiles are inverted.

    Args:
        dprime: Resubstituted d': sqrt(Δᵀ S⁻¹ Δ), with the pooled covariance S of the same images.
        channels: Number of channels.
        images: Independent images on each side; no image with and without a lesion may share noise or anatomy.
        level: Coverage.

    Raises:
        NotMeasured: There are not more images than channels.

    Source:
        Wunderlich et al., IEEE Trans Med Imaging 34:453 (2015), doi:10.1109/TMI.2014.2360496.

    >>> found = exact_dprime_interval(1.5, 4, 50)
    >>> round(found.low, 3), round(found.high, 3)
    (0.977, 1.883)
    """
    freedom = 2 * images - channels - 1
    if freedom < 1:
        raise NotMeasured(f"{images} images on each side cannot train {channels} channels")
    statistic = freedom / (channels * (2 * images - 2)) * images / 2 * dprime**2
    bounds = []
    for tail in ((1 + level) / 2, (1 - level) / 2):

        def excess(noncentrality: float, tail: float = tail) -> float:
            return float(special.ncfdtr(channels, freedom, max(noncentrality, 1e-12), statistic)) - tail

        top = 1.0
        while excess(top) > 0 and top < 1e9:
            top *= 2
        root = 0.0 if excess(0.0) <= 0 else float(optimize.brentq(excess, 0.0, top))
        bounds.append(math.sqrt(2 * root / images))
    return Interval(low=bounds[0], high=bounds[1], level=level, method="noncentral F (Wunderlich 2015), exact")


def unbiased_dprime(dprime: float, channels: int, images: int) -> float:
    """Return a resubstituted d' without the optimism of testing on the images that the observer was trained on.

    d̂² has expectation (2n-2)/(2n-p-3) (d'² + 2p/n) for n + n images and p channels; this is solved for d'², 0 where
    that is negative.

    Raises:
        NotMeasured: Too few images for the correction to exist.

    >>> round(unbiased_dprime(1.5, 4, 50), 3)
    1.405
    """
    if 2 * images - channels - 3 < 1:
        raise NotMeasured(f"{images} images on each side cannot train {channels} channels")
    squared = (2 * images - channels - 3) / (2 * images - 2) * dprime**2 - 2 * channels / images
    return math.sqrt(max(squared, 0.0))


def weighted_dprime(absent: Floats, present: Floats, weights: Floats) -> Floats:
    """Return d' per row of weights, NaN where ratings do not vary.

    Args:
        absent: ``draws sites``: ratings without a lesion, per draw.
        present: ``draws sites``: ratings with one.
        weights: ``draws sites``: how often each site is drawn.

    >>> ratings = np.array([[0.0, 1.0, 2.0, 9.0]])
    >>> weighted_dprime(ratings, ratings + 2, np.array([[1.0, 1.0, 1.0, 0.0]]))
    array([2.])
    """
    total = weights.sum(axis=1)
    correction = total / np.maximum(total - 1, 1)
    shift = np.nanmean(absent, axis=1, keepdims=True)

    def moments(ratings: Floats) -> tuple[Floats, Floats]:
        mean = (weights * ratings).sum(axis=1) / total
        return mean, ((weights * ratings**2).sum(axis=1) / total - mean**2) * correction

    (low, low_spread), (high, high_spread) = moments(absent - shift), moments(present - shift)
    spread = np.sqrt(np.maximum((low_spread + high_spread) / 2, 0))
    return np.divide(high - low, spread, out=np.full(len(total), np.nan), where=spread > 0)
