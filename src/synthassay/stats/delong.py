"""Areas under ROC curves of one set of cases, their covariance, and the test of a difference, without resampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DeLong:
    """Areas of several readers or models on the same cases.

    Attributes:
        areas: One per model.
        covariance: ``models models``, of the areas.
    """

    areas: Floats
    covariance: Floats

    def interval(self, model: int, level: float = 0.95) -> tuple[float, float]:
        """Return the normal interval of one area; it may leave [0, 1]."""
        half = float(norm.ppf(0.5 + level / 2)) * float(np.sqrt(self.covariance[model, model]))
        return float(self.areas[model]) - half, float(self.areas[model]) + half

    def difference(self, one: int, other: int, level: float = 0.95) -> tuple[float, float, float, float]:
        """Return ``areas[one] - areas[other]``, its interval's ends, and the two-sided p of no difference.

        p is 1 where the two models rank all cases alike, and 0 where they differ without any spread.
        """
        gap = float(self.areas[one] - self.areas[other])
        c = self.covariance
        spread = float(np.sqrt(max(0.0, c[one, one] + c[other, other] - 2 * c[one, other])))
        half = float(norm.ppf(0.5 + level / 2)) * spread
        if spread == 0:
            return gap, gap, gap, 1.0 if gap == 0 else 0.0
        return gap, gap - half, gap + half, 2 * float(norm.sf(abs(gap) / spread))


def delong(scores: ArrayLike, positive: ArrayLike) -> DeLong:
    """Return the areas under the ROC curves of models on the same cases, and their covariance.

    Cases count as independent: with several images per patient the covariance is too small, and a bootstrap of patients
    is the honest interval. Computed by midranks in O(n log n).

    Args:
        scores: ``models cases``; higher means more likely positive.
        positive: Whether each case is positive.

    Raises:
        ValueError: Fewer than two cases on a side.

    Source:
        DeLong, DeLong and Clarke-Pearson, Biometrics 44:837 (1988), doi:10.2307/2531595, equations 3 to 6; midranks by
        Sun and Xu, IEEE Signal Process Lett 21:1389 (2014), doi:10.1109/LSP.2014.2337313, algorithm 2.

    Example:
        >>> found = delong([[0.1, 0.4, 0.35, 0.8], [0.1, 0.2, 0.3, 0.4]], [False, False, True, True])
        >>> found.areas.tolist(), found.covariance.round(4).tolist()
        ([0.75, 1.0], [[0.125, 0.0], [0.0, 0.0]])
    """
    rows, truth = np.atleast_2d(np.asarray(scores, np.float64)), np.asarray(positive, bool)
    above, below = rows[:, truth], rows[:, ~truth]
    m, n = above.shape[1], below.shape[1]
    if min(m, n) < 2:
        raise ValueError(f"DeLong's covariance needs two positive and two negative cases, not {m} and {n}")
    together = rankdata(np.concatenate([above, below], axis=1), axis=1)
    won = (together[:, :m] - rankdata(above, axis=1)) / n  # share of negatives below each positive
    lost = 1 - (together[:, m:] - rankdata(below, axis=1)) / m  # share of positives above each negative
    areas: Floats = won.mean(axis=1)
    covariance: Floats = np.atleast_2d(np.cov(won)) / m + np.atleast_2d(np.cov(lost)) / n
    return DeLong(areas, covariance)
