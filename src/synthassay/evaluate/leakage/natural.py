"""How alike images of different patients are by nature: the bound above which two images are copies."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from synthassay.evaluate.leakage.likeness import Likeness

FEWEST_IMAGES = 50
WITHOUT_CALIBRATION = 0.9
LEAST_BOUND = 0.7
EXPECTED_BEYOND = 0.05
UPPER = 0.8
_NORMAL = NormalDist()


@dataclass(frozen=True)
class NaturalLikeness:
    """The bound and what it rests on.

    Attributes:
        bound: Correlation of detail above which two images are near-duplicates.
        images: How many images calibrated it; 0 where there were too few and the bound is a fixed one.
        median: Half of these have an image of another subject that is more alike than this; NaN where there were none.
        highest: The highest correlation with an image of another subject, copies across subjects included; likewise.
    """

    bound: float
    images: int = 0
    median: float = float("nan")
    highest: float = float("nan")

    @classmethod
    def uncalibrated(cls) -> NaturalLikeness:
        """The fixed bound, where there are too few images to calibrate one."""
        return cls(WITHOUT_CALIBRATION)


def natural_likeness(found: Likeness, owner: NDArray[np.intp], pixels: NDArray[np.intp]) -> NaturalLikeness:
    """Return the bound from each image's greatest likeness with an image of another subject.

    The likeness r of most images follows a normal law as atanh(r). Its place and width are read off the median and the
    80th percentile, which copies do not move as long as fewer than one image in ten has one under another subject's
    name. The bound is where the law leaves 0.05 images of the whole set beyond it.

    Args:
        found: Of a set within itself, with ``owner``.
        owner: Number of each image's subject.
        pixels: Number of each image's pixels; equal numbers are exact copies, which prove nothing about nature.
    """
    other = (found.position >= 0) & (owner[found.position] != owner[:, None])
    other &= pixels[found.position] != pixels[:, None]
    nearest = np.where(other, found.correlation, -2.0).max(axis=1, initial=-2.0)
    nearest = nearest[nearest > -1.5]
    if len(nearest) < FEWEST_IMAGES:
        return NaturalLikeness.uncalibrated()
    middle, upper = np.quantile(np.arctanh(np.clip(nearest, -0.9999, 0.9999)), (0.5, UPPER))
    width = (upper - middle) / _NORMAL.inv_cdf(UPPER)
    beyond = _NORMAL.inv_cdf(1 - EXPECTED_BEYOND / len(nearest))
    bound = max(LEAST_BOUND, float(np.tanh(middle + width * beyond)))
    return NaturalLikeness(bound, len(nearest), float(np.median(nearest)), float(nearest.max()))
