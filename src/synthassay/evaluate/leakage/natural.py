"""How alike images of different patients are by nature: the bound above which two images are copies."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from synthassay.evaluate.leakage.likeness import Likeness

ENOUGH_IMAGES = 50  # with fewer, the fixed bound holds where it is the stricter one
FEWEST_IMAGES = 10  # with fewer, the fixed bound holds
FIXED_BOUND = 0.9
LEAST_BOUND = 0.7
EXPECTED_BEYOND = 0.05
UPPER = 0.8
THIRD = 2  # by position: rarely has an image three copies, each under another subject's name
CLEARLY_ABOVE = 5.0  # widths of the law of third likenesses
ROUNDS = 5
_NORMAL = NormalDist()

Floats = NDArray[np.float64]


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
        return cls(FIXED_BOUND)


def natural_likeness(found: Likeness, owner: NDArray[np.intp], pixels: NDArray[np.intp]) -> NaturalLikeness:
    """Return the bound from each image's greatest likeness with an image of another subject.

    The likeness r of images that are no copies follows a normal law as atanh(r); the bound is where that law leaves
    0.05 images of the whole set beyond it. Copies under another subject's name are what is looked for, so they must not
    move the law, be they half of all images: an image's third likeness says where the first can lie by nature, whatever
    lies clearly above is set aside, and the law is read off the median and the 80th percentile of the rest, then again
    of what lies below the bound so found.

    Args:
        found: Of a set within itself, with ``owner``.
        owner: Number of each image's subject.
        pixels: Number of each image's pixels; equal numbers are exact copies, which prove nothing about nature.
    """
    other = (found.position >= 0) & (owner[found.position] != owner[:, None])
    other &= pixels[found.position] != pixels[:, None]
    ordered = -np.sort(-np.where(other, found.correlation, -2.0), axis=1)
    ordered = ordered[ordered[:, 0] > -1.5]
    if len(ordered) < FEWEST_IMAGES:
        return NaturalLikeness.uncalibrated()
    known = np.arctanh(np.clip(ordered, -0.9999, 0.9999))
    nearest = known[:, 0]
    last = np.minimum((ordered > -1.5).sum(axis=1) - 1, THIRD)
    middle, width = _law(known[np.arange(len(known)), last])
    limit = middle + CLEARLY_ABOVE * width
    for _ in range(ROUNDS):
        kept = nearest[nearest <= limit]
        if len(kept) < FEWEST_IMAGES:
            return NaturalLikeness.uncalibrated()
        middle, width = _law(kept)
        limit = middle + width * _NORMAL.inv_cdf(1 - EXPECTED_BEYOND / len(nearest))
    bound = max(LEAST_BOUND if len(kept) >= ENOUGH_IMAGES else FIXED_BOUND, float(np.tanh(limit)))
    return NaturalLikeness(bound, len(kept), float(np.tanh(np.median(kept))), float(ordered[:, 0].max()))


def _law(values: Floats) -> tuple[float, float]:
    """Place and width of a normal law, by the median and the 80th percentile."""
    middle, upper = np.quantile(values, (0.5, UPPER))
    return float(middle), max(float(upper - middle) / _NORMAL.inv_cdf(UPPER), 1e-3)
