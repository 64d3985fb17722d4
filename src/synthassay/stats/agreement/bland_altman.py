"""Limits of agreement of two ways to measure, also where each case was measured more than once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from synthassay.records.measurement import Interval
from synthassay.stats.resampling import subject_counts

NORMAL = float(stats.norm.ppf(0.975))
DRAWS = 2000


@dataclass(frozen=True)
class Limits:
    """Between which limits 95 % of differences lie.

    Attributes:
        bias: Mean difference over cases, with its interval.
        sd: Standard deviation of a single difference: between cases and within.
        low: Lower limit of agreement; ``high`` the upper one; each with its interval.
    """

    bias: float
    bias_interval: Interval
    sd: float
    low: float
    low_interval: Interval
    high: float
    high_interval: Interval
    cases: int
    measurements: int


def limits_of_agreement(
    one: ArrayLike,
    other: ArrayLike,
    cases: ArrayLike | None = None,
    *,
    rng: np.random.Generator | None = None,
    draws: int = DRAWS,
) -> Limits:
    """Return the limits of agreement of two methods, one minus the other.

    Args:
        one: Measurements by one method.
        other: Measurements of the same by the other.
        cases: Case of each pair; each its own where None. With repeats, the spread between and within cases is added,
            and intervals come from a bootstrap of cases.
        rng: Source of the draws; needed with repeats.
        draws: Bootstrap draws.

    Raises:
        ValueError: Lengths differ, fewer than three cases, a value is not finite, or repeats without ``rng``.

    Source:
        Bland and Altman, Stat Methods Med Res 8:135 (1999), doi:10.1177/096228029900800204, sections 2 and 5; with
        repeats Bland and Altman, J Biopharm Stat 17:571 (2007), doi:10.1080/10543400701329422, section 3 (the true
        value varies).

    Example:
        >>> found = limits_of_agreement([10, 12, 9, 14], [9, 12, 10, 12])
        >>> round(found.bias, 2), round(found.low, 2), round(found.high, 2)
        (0.5, -2.03, 3.03)
    """
    difference = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    if difference.ndim != 1 or not np.isfinite(difference).all():
        raise ValueError("measurements must be two rows of finite numbers of the same length")
    names = np.arange(len(difference)) if cases is None else np.asarray(cases)
    _, index = np.unique(names, return_inverse=True)
    sizes = np.bincount(index).astype(np.float64)
    if len(sizes) < 3:
        raise ValueError("limits of agreement need three cases")
    sums, squares = np.bincount(index, weights=difference), np.bincount(index, weights=difference**2)
    bias, sd = (float(v[0]) for v in _moments(np.ones((1, len(sizes))), sizes, sums, squares))
    ends = (bias - NORMAL * sd, bias + NORMAL * sd)
    if sizes.max() == 1:
        three = _normal(bias, ends, sd, len(sizes))
    elif rng is None:
        raise ValueError("repeats need a random number generator for the bootstrap")
    else:
        b, s = _moments(subject_counts(len(sizes), draws, rng), sizes, sums, squares)
        three = [_percentile(values, draws) for values in (b, b - NORMAL * s, b + NORMAL * s)]
    return Limits(bias, three[0], sd, ends[0], three[1], ends[1], three[2], len(sizes), len(difference))


def _moments(
    weights: np.ndarray, sizes: np.ndarray, sums: np.ndarray, squares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bias and standard deviation of a single difference, per draw, by a one-way analysis of variance over cases."""
    cases, total = weights.sum(axis=1), weights @ sizes
    mean = (weights @ sums) / total
    between = weights @ (sums**2 / sizes) - total * mean**2
    within = weights @ (squares - sums**2 / sizes)
    typical = (total - (weights @ sizes**2) / total) / (cases - 1)
    ms_between = between / (cases - 1)
    ms_within = np.divide(within, total - cases, out=np.zeros(len(mean)), where=total > cases)
    spread = np.maximum(ms_between - ms_within, 0.0) / typical + ms_within
    return mean, np.sqrt(spread)


def _normal(bias: float, ends: tuple[float, float], sd: float, count: int) -> list[Interval]:
    t = float(stats.t.ppf(0.975, count - 1))
    reach = t * sd / np.sqrt(count)
    wide = t * sd * np.sqrt(1 / count + NORMAL**2 / (2 * (count - 1)))
    method = f"Student t on {count} cases"
    return [
        Interval(low=float(at - r), high=float(at + r), method=method)
        for at, r in ((bias, reach), (ends[0], wide), (ends[1], wide))
    ]


def _percentile(values: np.ndarray, draws: int) -> Interval:
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(low=float(low), high=float(high), method=f"bootstrap of cases, percentile, {draws} draws")
