"""Krippendorff's alpha: observed against expected disagreement, for any scale, any readers, gaps allowed."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthassay.stats.agreement.categories import Coded, coded, standard_error

Floats = NDArray[np.float64]
Scale = Literal["nominal", "ordinal", "interval"]


def krippendorff_alpha(ratings: ArrayLike, scale: Scale = "nominal") -> float:
    """Return alpha; 1 is agreement, 0 chance.

    Args:
        ratings: ``units readers``; NaN where not rated. Units rated once say nothing and are left out.
        scale: What a difference means.

    Returns:
        NaN where all ratings are equal, for then nothing is known of disagreement.

    Raises:
        ValueError: No unit was rated twice.

    Source:
        Krippendorff, Content Analysis (2nd ed., 2004), chapter 11; the worked example is in Computing Krippendorff's
        Alpha-Reliability (2011), https://repository.upenn.edu/asc_papers/43.

    >>> krippendorff_alpha([[1, 1], [2, 2], [1, 1], [2, 2]])
    1.0
    """
    return float(alpha_of(coded(ratings), scale)[0])


def alpha_standard_error(of: Coded, scale: Scale) -> float:
    """Return the standard error over units rated twice or more, of alpha without its correction for small samples.

    Source: Gwet, Handbook of Inter-Rater Reliability (4th ed., 2014), chapter 5.
    """
    twice = Coded(of.given[of.counts.sum(axis=1) >= 2], of.credit, of.categories)
    return standard_error(twice, lambda o, w: alpha_of(o, scale, w, corrected=False))


def alpha_of(of: Coded, scale: Scale, weights: Floats | None = None, *, corrected: bool = True) -> Floats:
    """Return alpha per draw of weights ``draws units``.

    Args:
        of: Ratings as categories.
        scale: What a difference means.
        weights: One row of ones where None.
        corrected: Expect disagreement of pairs without replacement, as Krippendorff does.

    Raises:
        ValueError: No unit was rated twice.
    """
    counts = of.counts
    rated = counts.sum(axis=1)
    kept = rated >= 2
    if not kept.any():
        raise ValueError("no unit was rated by two readers")
    w = np.ones((1, len(counts))) if weights is None else weights
    counts, rated, w = counts[kept], rated[kept], w[:, kept]
    values = np.array(of.categories)
    own = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(counts.shape[1])
    coincidences = np.einsum("dn,nqp->dqp", w, own / (rated - 1)[:, None, None])
    marginal = coincidences.sum(axis=2)
    total = marginal.sum(axis=1)
    distance = _distances(marginal, values, scale)
    observed = (coincidences * distance).sum(axis=(1, 2))
    expected = (marginal[:, :, None] * marginal[:, None, :] * distance).sum(axis=(1, 2)) / (total - corrected)
    return 1 - np.divide(observed, expected, out=np.full(len(w), np.nan), where=expected > 0)


def interval_alpha(ratings: ArrayLike, weights: Floats) -> Floats:
    """Return alpha of measurements per draw, from sums of squares, so that any number of different values will do.

    Args:
        ratings: ``units readers``; NaN where not rated.
        weights: ``draws units``.

    Raises:
        ValueError: No unit was rated twice.

    Source: As ``krippendorff_alpha``, for the interval scale.

    >>> interval_alpha([[1.0, 2.0], [3.0, 3.5], [5.0, 5.0]], np.ones((1, 3))).round(4).tolist()
    [0.9191]
    """
    table = np.asarray(ratings, np.float64)
    read = ~np.isnan(table)
    kept = read.sum(axis=1) >= 2
    if not kept.any():
        raise ValueError("no unit was rated by two readers")
    filled, count, w = np.where(read, table, 0.0)[kept], read.sum(axis=1)[kept].astype(np.float64), weights[:, kept]
    filled = np.where(read[kept], filled - filled.sum() / count.sum(), 0.0)  # keeps digits
    sums, squares = filled.sum(axis=1), (filled**2).sum(axis=1)
    total = w @ count
    observed = w @ ((count * squares - sums**2) / (count - 1)) / total
    expected = (total * (w @ squares) - (w @ sums) ** 2) / (total * (total - 1))
    return 1 - np.divide(observed, expected, out=np.full(len(w), np.nan), where=expected > 0)


def _distances(marginal: Floats, values: Floats, scale: Scale) -> Floats:
    """Squared differences of every pair of categories, per draw."""
    count = len(values)
    if scale == "nominal":
        return np.broadcast_to(1 - np.eye(count), (len(marginal), count, count))
    if scale == "interval":
        return np.broadcast_to(np.subtract.outer(values, values) ** 2, (len(marginal), count, count))
    middle = np.cumsum(marginal, axis=1) - marginal / 2  # ranks between categories, half of both ends
    distance: Floats = (middle[:, :, None] - middle[:, None, :]) ** 2
    return distance
