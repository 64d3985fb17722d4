"""Means of tables of readers by cases, generalised to other readers and other cases.

Of a table x of R readers and C cases the mean has, in the model x = mu + reader + case + rest with readers and cases
drawn at random, the variance (MS_R + MS_C - MS_RC) / (R C).

Source:
    Cornfield and Tukey, Ann Math Stat 27:907 (1956), doi:10.1214/aoms/1177728067 (expected mean squares);
    Satterthwaite, Biometrics Bull 2:110 (1946), doi:10.2307/3002019, equation 17 (degrees of freedom).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthassay.stats.mrmc.obuchowski_rockette import Contrast

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeanSquares:
    """Mean squares of a table: between readers, between cases, and what is left of their cells."""

    readers: float
    cases: float
    rest: float


def mean_squares(table: ArrayLike) -> MeanSquares:
    """Return the mean squares of a table ``readers cases`` without gaps.

    Raises:
        ValueError: Fewer than two readers or cases, or a gap.

    >>> mean_squares([[1, 2, 3], [2, 3, 7]])
    MeanSquares(readers=6.0, cases=6.5, rest=1.5)
    """
    x = _table(table)
    of_reader, of_case, whole = x.mean(axis=1), x.mean(axis=0), x.mean()
    readers, cases = x.shape
    rest = x - of_reader[:, None] - of_case[None, :] + whole
    return MeanSquares(
        float(cases * ((of_reader - whole) ** 2).sum() / (readers - 1)),
        float(readers * ((of_case - whole) ** 2).sum() / (cases - 1)),
        float((rest**2).sum() / ((readers - 1) * (cases - 1))),
    )


def crossed_mean(table: ArrayLike) -> Contrast:
    """Return the mean of a table with its standard error for other readers and other cases.

    Args:
        table: ``readers cases``, without gaps.

    Raises:
        ValueError: As ``mean_squares``.

    >>> found = crossed_mean([[1, 2, 3], [2, 3, 7]])
    >>> found.estimate, round(found.se, 4), round(found.df, 3)
    (3.0, 1.354, 2.077)
    """
    x, squares = _table(table), mean_squares(table)
    readers, cases = x.shape
    count = readers * cases
    parts = [
        (squares.readers / count, readers - 1),
        (squares.cases / count, cases - 1),
        (-squares.rest / count, (readers - 1) * (cases - 1)),
    ]
    # where readers and cases differ by less than chance would have it, only what is left of the cells varies
    return _contrast(float(x.mean()), parts, least=squares.rest / count)


def difference_of_means(one: ArrayLike, other: ArrayLike) -> Contrast:
    """Return the difference of two tables' means, one minus the other, of the same readers on different cases.

    The readers' own differences carry what varies between readers and their cells; to it comes what varies between
    the cases of each table.

    Args:
        one: ``readers cases``, without gaps.
        other: ``readers other_cases``, rows in the same order of readers.

    Raises:
        ValueError: As ``mean_squares``, or the numbers of readers differ.
    """
    a, b = _table(one), _table(other)
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} readers are not the same readers")
    apart = a.mean(axis=1) - b.mean(axis=1)
    readers = len(a)
    parts = [(float(apart.var(ddof=1)) / readers, readers - 1)]
    for x in (a, b):
        squares, count = mean_squares(x), x.size
        parts += [
            (squares.cases / count, x.shape[1] - 1),
            (-squares.rest / count, (readers - 1) * (x.shape[1] - 1)),
        ]
    return _contrast(float(apart.mean()), parts, least=parts[0][0])


def by_patients(table: ArrayLike, patients: Sequence[str]) -> Floats:
    """Return a table of readers by patients whose means are those of the readers by cases.

    With as many cases of each patient an entry is the mean of his cases; else it is the mean of all, plus how far the
    sum of his cases is from what as many average cases add up to, so that a mean over patients weighs cases alike.

    Args:
        table: ``readers cases``, without gaps.
        patients: Whose each case is.

    Source:
        Cochran, Sampling Techniques (3rd ed., 1977), equation 6.13 (a ratio to cluster size, linearised).

    >>> by_patients([[1, 3, 5], [2, 2, 8]], ["p", "p", "q"]).round(3).tolist()
    [[1.5, 4.5], [1.5, 6.5]]
    """
    x = np.asarray(table, np.float64)
    _, whose = np.unique(np.asarray(patients), return_inverse=True)
    sizes = np.bincount(whose)
    sums = np.stack([np.bincount(whose, weights=row) for row in x])
    whole = x.mean()
    found: Floats = whole + (sums - sizes * whole) * len(sizes) / x.shape[1]
    return found


def _table(table: ArrayLike) -> Floats:
    x = np.asarray(table, np.float64)
    if x.ndim != 2 or min(x.shape) < 2:
        raise ValueError(f"a mean of readers and cases needs two of each, not {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("a reading is missing")
    return x


def _contrast(estimate: float, parts: Sequence[tuple[float, float]], *, least: float) -> Contrast:
    """Satterthwaite's: the variance is a sum of signed mean squares, each with its degrees of freedom."""
    variance = sum(part for part, _ in parts)
    if variance < least:
        _, df = min(parts, key=lambda p: abs(abs(p[0]) - least))
        return Contrast(estimate, float(np.sqrt(least)), float(df))
    if variance == 0:
        return Contrast(estimate, 0.0, float("inf"))
    df = variance**2 / sum(part**2 / df for part, df in parts)
    return Contrast(estimate, float(np.sqrt(variance)), float(df))
