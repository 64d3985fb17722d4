"""Real images cut into clusters, and how many of them synthetic images fill as real ones do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from sklearn.cluster import KMeans

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.by_class import Sides
from synthassay.evaluate.distribution.neighbours import blocks
from synthassay.evaluate.metric import Setting
from synthassay.shapes import Features

SIGNIFICANCE = 0.05
IMAGES_PER_BIN, MOST_BINS = 20, 50
STARTS = 3


@dataclass(frozen=True)
class Occupied:
    """What the bins hold.

    Attributes:
        different: Share of bins whose share of judged images differs significantly, two-sided.
        covered: Share of bins whose share of judged images is not significantly smaller, one-sided.
    """

    different: float
    covered: float


def bins_for(images: int) -> int:
    """Return the number of bins for so many real images: one per 20, at most 50.

    >>> [bins_for(n) for n in (30, 100, 5000)]
    [2, 5, 50]
    """
    return min(max(images // IMAGES_PER_BIN, 2), MOST_BINS)


def clusters(features: Features, count: int) -> Features:
    """Return the centres of ``count`` k-means clusters, seeded; fewer where fewer rows differ."""
    distinct = len(np.unique(features, axis=0))
    model = KMeans(min(count, distinct), n_init=STARTS, random_state=0).fit(features)
    return np.asarray(model.cluster_centers_)


def nearest_centre(features: Features, centres: Features) -> np.ndarray:
    """Return the position of each row's nearest centre."""
    out = np.empty(len(features), np.intp)
    for rows, squared in blocks(features, centres):
        out[rows] = squared.argmin(1)
    return out


def occupied(judged: Features, real: Features, count: int | None = None) -> Occupied:
    """Cut the real images into bins and test each bin's share of judged images against its share of real ones.

    Args:
        judged: ``cases features``.
        real: ``cases features``, from which the bins come.
        count: Bins; by the number of real images where None.

    Raises:
        NotMeasured: The real images do not differ.

    Source: Richardson and Weiss 2018, arXiv 1805.12462, section 3 and appendix (two-proportion z test).
    """
    centres = clusters(real, bins_for(len(real)) if count is None else count)
    if len(centres) < 2:
        raise NotMeasured("the real images are all alike, so there is nothing to cut into clusters")
    n, m = len(real), len(judged)
    p, q = (np.bincount(nearest_centre(x, centres), minlength=len(centres)) / len(x) for x in (real, judged))
    together = (n * p + m * q) / (n + m)
    spread = np.sqrt(together * (1 - together) * (1 / n + 1 / m))
    z = np.divide(p - q, spread, out=np.zeros_like(p), where=spread > 0)
    return Occupied(
        different=float((np.abs(z) > norm.ppf(1 - SIGNIFICANCE / 2)).mean()),
        covered=float((z <= norm.ppf(1 - SIGNIFICANCE)).mean()),
    )


def bin_settings(sides: Sides) -> Mapping[str, Setting]:
    """Return how many bins a half of the real images has, for the record."""
    return {"bins_at_most": bins_for(len(sides.real) // 2), "images_per_bin": IMAGES_PER_BIN}
