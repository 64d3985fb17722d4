"""Whether two orders of a few sets agree: Kendall's tau-b, with the noise of every single number counted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from synthassay.records.measurement import Interval

Floats = NDArray[np.float64]

EXACT_UP_TO = 8
"""Sets whose orders are all tried: 8 have 40,320."""
AT_A_TIME = 2**22


@dataclass(frozen=True, eq=False)
class Noisy:
    """Numbers of several sets, each with the interval in which it may lie.

    Attributes:
        value: One per set.
        low: Lower ends at ``level``; the value itself where a number has no interval.
        high: Upper ends.
    """

    value: Floats
    low: Floats
    high: Floats
    level: float = 0.95

    def drawn(self, draws: int, rng: np.random.Generator) -> Floats:
        """Draw each number from two halves of normal distributions that have its interval: ``draws sets``."""
        z = rng.standard_normal((draws, len(self.value)))
        reach = float(ndtri((1 + self.level) / 2))
        up, down = np.maximum(self.high - self.value, 0) / reach, np.maximum(self.value - self.low, 0) / reach
        drawn: Floats = self.value + z * np.where(z > 0, up, down)
        return drawn


@dataclass(frozen=True)
class RankCorrelation:
    """Tau-b of two orders, its interval and the probability of one as far from 0 if they had nothing to do."""

    tau: float
    interval: Interval
    p: float


def tau_b(x: ArrayLike, y: ArrayLike) -> Floats:
    """Return Kendall's tau-b of each row of ``x`` with the same row of ``y``.

    Args:
        x: ``rows sets``, or ``sets``.
        y: Likewise; a single row stands for all.

    Returns:
        One number in [-1, 1] per row: (concordant - discordant) / sqrt(pairs untied in x * pairs untied in y); NaN
        where either is constant. The cost grows with rows times the square of the sets.

    Source:
        Kendall, Biometrika 33:239 (1945), doi:10.1093/biomet/33.3.239.

    >>> tau_b([1, 2, 3, 4], [1, 2, 4, 3]).round(4)
    array([0.6667])
    """
    a, b = np.atleast_2d(np.asarray(x, np.float64)), np.atleast_2d(np.asarray(y, np.float64))
    i, j = np.triu_indices(a.shape[1], 1)
    rows = max(len(a), len(b))
    out = np.empty(rows)
    step = max(1, AT_A_TIME // max(len(i), 1))
    for start in range(0, rows, step):
        part = slice(start, start + step)
        one = np.sign((a if len(a) == 1 else a[part])[:, i] - (a if len(a) == 1 else a[part])[:, j])
        two = np.sign((b if len(b) == 1 else b[part])[:, i] - (b if len(b) == 1 else b[part])[:, j])
        untied = np.sqrt(np.abs(one).sum(axis=1) * np.abs(two).sum(axis=1))
        with np.errstate(invalid="ignore"):
            out[part] = (one * two).sum(axis=1) / untied
    return out


def rank_correlation(
    looks: Noisy, helps: Noisy, *, target: float | None, sign: float, rng: np.random.Generator, draws: int = 2000
) -> RankCorrelation | None:
    """Return how well the order of the sets by looks agrees with their order by help.

    The interval is the percentile interval over sets drawn with replacement, each of whose numbers is drawn within its
    own interval. Noise pulls such values of tau towards 0, so the interval is stretched to hold the tau of the numbers
    themselves. It is wide for few sets, and it is meant to be.

    Args:
        looks: The measure of each set.
        helps: The gain of each set.
        target: The value that is best, where the measure has one; see ``turned``.
        sign: 1 where more is better, -1 where less is.
        rng: Source of all draws.
        draws: Bootstrap draws.

    Returns:
        None where all sets are the same under the measure or under the gain.
    """
    x, y = turned(looks.value, target, sign), helps.value
    tau = float(tau_b(x, y)[0])
    if np.isnan(tau):
        return None
    count = len(x)
    chosen = rng.integers(0, count, (draws, count))
    one = np.take_along_axis(turned(looks.drawn(draws, rng), target, sign), chosen, axis=1)
    two = np.take_along_axis(helps.drawn(draws, rng), chosen, axis=1)
    spread = tau_b(one, two)
    low, high = np.quantile(spread[np.isfinite(spread)], [0.025, 0.975])
    method = f"percentile bootstrap of {count} sets with the noise of each number, {draws} draws"
    interval = Interval(low=min(float(low), tau), high=max(float(high), tau), method=method)
    return RankCorrelation(tau, interval, permutation_p(x, y, rng=rng))


def turned(values: Floats, target: float | None, sign: float) -> Floats:
    """Return values such that more is better: less turned about, and distance to a target negated."""
    return -np.abs(values - target) if target is not None else sign * values


def permutation_p(x: ArrayLike, y: ArrayLike, *, rng: np.random.Generator, orders: int = 20_000) -> float:
    """Return the two-sided p of tau-b: how often another order of the sets gives one as far from 0.

    All orders are tried for up to ``EXACT_UP_TO`` sets; beyond, ``orders`` random ones, the observed one counted among
    them, so that p is never 0.

    Source:
        Phipson and Smyth, Stat Appl Genet Mol Biol 9:39 (2010), doi:10.2202/1544-6115.1585.
    """
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    observed = abs(float(tau_b(a, b)[0])) - 1e-12
    if len(a) <= EXACT_UP_TO:
        every = np.array(list(permutations(range(len(a)))))
        return float((np.abs(tau_b(a, b[every])) >= observed).mean())
    shuffled = rng.permuted(np.tile(b, (orders, 1)), axis=1)
    return float((1 + (np.abs(tau_b(a, shuffled)) >= observed).sum()) / (1 + orders))


def told_apart(values: Noisy, better: int, worse: int, target: float | None = None) -> bool:
    """Whether two sets differ by more than the interval of their difference, taken as independent.

    A number without an interval is told apart from none. For a measure with a target the two distances are compared;
    their noise is that of the numbers.
    """
    pair = [better, worse]
    value, low, high = values.value[pair], values.low[pair], values.high[pair]
    if not (high > low).all():
        return False
    up, down = np.maximum(high - value, 0), np.maximum(value - low, 0)
    if target is not None:
        distances = np.abs(value - target)
        return bool(abs(distances[0] - distances[1]) > np.hypot(*np.maximum(up, down)))
    facing = (up[0], down[1]) if value[0] < value[1] else (down[0], up[1])
    return bool(abs(value[0] - value[1]) > np.hypot(*facing))
