"""Empirical ROC curves of readers, and their mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = tuple[tuple[float, float], ...]
MOST_POINTS = 201


def roc_points(score: NDArray[np.float64], truth: NDArray[np.bool_]) -> Points | None:
    """Return the corners (false positive fraction, true positive fraction) from (0, 0) to (1, 1).

    More than ``MOST_POINTS`` corners are thinned evenly, for drawing only.

    Returns:
        None where one of the truths is absent.

    >>> roc_points(np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, False, True, True]))
    ((0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.0))
    """
    if truth.all() or not truth.any():
        return None
    order = np.argsort(-score, kind="stable")
    ranked, positive = score[order], truth[order]
    last = np.r_[ranked[1:] != ranked[:-1], True]
    hits = np.r_[0, np.cumsum(positive)[last]] / truth.sum()
    alarms = np.r_[0, np.cumsum(~positive)[last]] / (~truth).sum()
    turns = np.r_[
        True, np.abs(np.diff(hits[:-1]) * np.diff(alarms[1:]) - np.diff(hits[1:]) * np.diff(alarms[:-1])) > 0, True
    ]
    hits, alarms = hits[turns], alarms[turns]
    if len(hits) > MOST_POINTS:
        kept = np.unique(np.linspace(0, len(hits) - 1, MOST_POINTS).round().astype(int))
        hits, alarms = hits[kept], alarms[kept]
    return tuple(zip(alarms.tolist(), hits.tolist(), strict=True))


def mean_curve(curves: Sequence[Points], at: int = 101) -> Points:
    """Return the mean of the curves' heights over a grid of false positive fractions.

    >>> mean_curve([((0.0, 0.0), (0.0, 1.0), (1.0, 1.0)), ((0.0, 0.0), (1.0, 1.0))], at=3)
    ((0.0, 0.0), (0.0, 0.5), (0.5, 0.75), (1.0, 1.0))
    """
    grid = np.linspace(0, 1, at)
    heights = np.mean([_height(np.array(curve), grid) for curve in curves], axis=0)
    return ((0.0, 0.0), *zip(grid.tolist(), heights.tolist(), strict=True))


def _height(curve: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Upper end of the curve at each place, straight between its corners."""
    x, y = curve[:, 0], curve[:, 1]
    right = np.searchsorted(x, grid, side="right")
    a, b = np.maximum(right - 1, 0), np.minimum(right, len(x) - 1)
    share = np.divide(grid - x[a], x[b] - x[a], out=np.zeros_like(grid), where=x[b] > x[a])
    height: NDArray[np.float64] = y[a] + share * (y[b] - y[a])
    return height
