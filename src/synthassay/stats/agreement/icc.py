"""Intraclass correlation: how much of the spread of ratings is between cases; six forms with F-based intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

FORMS = ("1,1", "A,1", "C,1", "1,k", "A,k", "C,k")
SHROUT_FLEISS = {"1,1": "1,1", "A,1": "2,1", "C,1": "3,1", "1,k": "1,k", "A,k": "2,k", "C,k": "3,k"}


@dataclass(frozen=True)
class Intraclass:
    """One intraclass correlation.

    Attributes:
        form: McGraw and Wong's: 1 each case has readers of its own; A absolute agreement, C consistency, of the same
            readers; 1 of a single reader, k of the mean of all.
        p: Of the F test that there is no correlation.
    """

    form: str
    estimate: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class _Squares:
    n: int
    k: int
    rows: float
    columns: float
    error: float
    within: float


def intraclass(ratings: ArrayLike, *, level: float = 0.95) -> dict[str, Intraclass]:
    """Return all six forms.

    Args:
        ratings: ``cases readers``, without gaps.
        level: Of the intervals.

    Raises:
        ValueError: Fewer than two cases or readers, a gap, or no spread at all.

    Source:
        Shrout and Fleiss, Psychol Bull 86:420 (1979), doi:10.1037/0033-2909.86.2.420; McGraw and Wong, Psychol Methods
        1:30 (1996), doi:10.1037/1082-989X.1.1.30, table 7 (with the erratum of 1:390).

    Example:
        >>> found = intraclass([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
        >>> [round(found[form].estimate, 2) for form in FORMS]
        [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """
    s = _squares(np.asarray(ratings, np.float64))
    singles = {"1,1": _one_way(s, level), "A,1": _absolute(s, level), "C,1": _consistent(s, level)}
    out = {}
    for form in FORMS:
        value, low, high, p = singles[f"{form[0]},1"]
        if form.endswith("k"):
            value, low, high = (_stepped_up(v, s.k) for v in (value, low, high))
        out[form] = Intraclass(form, value, low, high, p)
    return out


def intraclass_by_draws(ratings: ArrayLike, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return all six forms per draw of cases, for a bootstrap; NaN where a draw leaves nothing to divide.

    Args:
        ratings: ``cases readers``, without gaps.
        weights: ``draws cases``: how often each case was drawn.

    Raises:
        ValueError: As ``intraclass``.

    >>> table = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7.0]])
    >>> intraclass_by_draws(table, np.ones((1, 6)))["A,1"].round(2).tolist()
    [0.29]
    """
    table = np.asarray(ratings, np.float64)
    _squares(table)
    k, n = table.shape[1], weights.sum(axis=1)
    rows = table.mean(axis=1)
    columns = (weights @ table) / n[:, None]
    whole = columns.mean(axis=1)
    between = k * (weights @ rows**2 - n * whole**2)
    across = n * ((columns - whole[:, None]) ** 2).sum(axis=1)
    inside = weights @ ((table - rows[:, None]) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_rows, of_columns, within = between / (n - 1), across / (k - 1), inside / (n * (k - 1))
        error = np.maximum(inside - across, 0.0) / ((n - 1) * (k - 1))
        singles = {
            "1": (of_rows - within) / (of_rows + (k - 1) * within),
            "A": (of_rows - error) / (of_rows + (k - 1) * error + k * (of_columns - error) / n),
            "C": (of_rows - error) / (of_rows + (k - 1) * error),
        }
        means = {name: k * value / (1 + (k - 1) * value) for name, value in singles.items()}
    found = {f"{name},1": value for name, value in singles.items()} | {f"{n_},k": v for n_, v in means.items()}
    return {form: np.where(np.isfinite(found[form]), found[form], np.nan) for form in FORMS}


def _squares(table: NDArray[np.float64]) -> _Squares:
    if table.ndim != 2 or min(table.shape) < 2 or not np.isfinite(table).all():
        raise ValueError("an intraclass correlation needs two cases and two readers at least, and no gap")
    if np.ptp(table) == 0:
        raise ValueError("all ratings are equal, so there is no spread to divide")
    n, k = table.shape
    whole, rows, columns = table.mean(), table.mean(axis=1), table.mean(axis=0)
    rest = table - rows[:, None] - columns[None, :] + whole
    return _Squares(
        n,
        k,
        rows=float(k * ((rows - whole) ** 2).sum() / (n - 1)),
        columns=float(n * ((columns - whole) ** 2).sum() / (k - 1)),
        error=float((rest**2).sum() / ((n - 1) * (k - 1))),
        within=float(((table - rows[:, None]) ** 2).sum() / (n * (k - 1))),
    )


def _one_way(s: _Squares, level: float) -> tuple[float, float, float, float]:
    return _by_f(s.rows, s.within, s.k, s.n - 1, s.n * (s.k - 1), level)


def _consistent(s: _Squares, level: float) -> tuple[float, float, float, float]:
    return _by_f(s.rows, s.error, s.k, s.n - 1, (s.n - 1) * (s.k - 1), level)


def _by_f(rows: float, rest: float, k: int, df1: int, df2: int, level: float) -> tuple[float, float, float, float]:
    if rest == 0:
        return 1.0, 1.0, 1.0, 0.0
    tail = (1 - level) / 2
    f = rows / rest
    low, high = f / stats.f.ppf(1 - tail, df1, df2), f * stats.f.ppf(1 - tail, df2, df1)
    value, a, b = (float((x - 1) / (x + k - 1)) for x in (f, low, high))
    return value, a, b, float(stats.f.sf(f, df1, df2))


def _absolute(s: _Squares, level: float) -> tuple[float, float, float, float]:
    n, k = s.n, s.k
    value = (s.rows - s.error) / (s.rows + (k - 1) * s.error + k * (s.columns - s.error) / n)
    if s.error == 0 and s.columns == 0:
        return 1.0, 1.0, 1.0, 0.0
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    v = (a * s.columns + b * s.error) ** 2 / ((a * s.columns) ** 2 / (k - 1) + (b * s.error) ** 2 / ((n - 1) * (k - 1)))
    tail = (1 - level) / 2
    upper, lower = stats.f.ppf(1 - tail, n - 1, v), stats.f.ppf(1 - tail, v, n - 1)
    mixed = k * s.columns + (k * n - k - n) * s.error
    low = n * (s.rows - upper * s.error) / (upper * mixed + n * s.rows)
    high = n * (lower * s.rows - s.error) / (mixed + n * lower * s.rows)
    p = float(stats.f.sf(s.rows / s.error, n - 1, (n - 1) * (k - 1))) if s.error > 0 else 0.0
    return float(value), float(low), float(high), p


def _stepped_up(value: float, k: int) -> float:
    """Spearman and Brown: from one reader to the mean of k."""
    return float(k * value / (1 + (k - 1) * value)) if 1 + (k - 1) * value > 0 else -np.inf
