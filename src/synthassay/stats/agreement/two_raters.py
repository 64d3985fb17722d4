"""Two raters' words for the same items: share of agreement, Cohen's kappa with its interval, and Gwet's AC1."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthassay.stats.agreement.categories import coded, conger_kappa, gwet_ac

Z = 1.959963984540054  # 97.5th percentile of the normal distribution


@dataclass(frozen=True)
class Kappa:
    """Agreement of two raters.

    Attributes:
        share: Of items rated alike.
        kappa: Cohen's; None where chance alone would make the raters agree always, which leaves nothing to explain.
        low, high: Interval of 95 % by the large-sample standard error, within [-1, 1]; None where kappa is.
        n: Items.
    """

    share: float
    kappa: float | None
    low: float | None
    high: float | None
    n: int


def kappa_of_two(a: Sequence[Hashable], b: Sequence[Hashable]) -> Kappa:
    """Return Cohen's kappa of two raters' ratings of the same items, unweighted.

    Args:
        a: Ratings of the one, an entry per item.
        b: Ratings of the other, in the same order.

    Returns:
        Kappa in [-1, 1]: 0 is what chance gives with these raters' own frequencies, 1 is full agreement.

    Raises:
        ValueError: The two differ in length, or are empty.

    Source:
        Cohen 1960, doi:10.1177/001316446002000104; standard error: Fleiss, Cohen and Everitt 1969,
        doi:10.1037/h0028106, equation 13.

    >>> round(kappa_of_two("yyyynnnnyy", "yyynnnnyyy").kappa, 3)
    0.583
    """
    if len(a) != len(b) or not len(a):
        raise ValueError(f"{len(a)} and {len(b)} ratings cannot be compared")
    codes = _codes(a, b)
    table = np.zeros((codes.max() + 1,) * 2)
    np.add.at(table, tuple(codes.T), 1 / len(a))
    share, rows, columns = float(np.trace(table)), table.sum(axis=1), table.sum(axis=0)
    chance = float(rows @ columns)
    if np.isclose(chance, 1.0):
        return Kappa(share, None, None, None, len(a))
    kappa = float(conger_kappa(coded(codes))[0])
    error = _standard_error(table, rows, columns, kappa, chance, len(a))
    return Kappa(share, kappa, max(-1.0, kappa - Z * error), min(1.0, kappa + Z * error), len(a))


def ac1_of_two(pairs: Sequence[tuple[Hashable, Hashable]], categories: Iterable[Hashable] = ()) -> float | None:
    """Return Gwet's AC1 of two raters; None where there is nothing to rate, or one category alone.

    Args:
        pairs: What the two said of each item.
        categories: What they might have said; what they did say belongs to it too.

    Source: Gwet 2008, doi:10.1348/000711006X126600, eq. 2 and 3.

    >>> table = {("yes", "yes"): 40, ("yes", "no"): 9, ("no", "yes"): 6, ("no", "no"): 45}
    >>> round(ac1_of_two([pair for pair, n in table.items() for _ in range(n)]), 3)
    0.701
    """
    known = list(dict.fromkeys([*categories, *(word for pair in pairs for word in pair)]))
    if not pairs or len(known) < 2:
        return None
    place = {word: i for i, word in enumerate(known)}
    codes = [[place[word] for word in pair] for pair in pairs]
    return float(gwet_ac(coded(codes, categories=range(len(known))))[0])


def _codes(a: Sequence[Hashable], b: Sequence[Hashable]) -> NDArray[np.intp]:
    """Both raters' words as numbers, ``items 2``."""
    place = {word: i for i, word in enumerate(dict.fromkeys([*a, *b]))}
    return np.array([[place[one], place[other]] for one, other in zip(a, b, strict=True)])


def _standard_error(
    table: np.ndarray, rows: np.ndarray, columns: np.ndarray, kappa: float, chance: float, n: int
) -> float:
    both = columns[:, None] + rows[None, :]  # p_.i + p_j. for cell (i, j)
    agreeing = np.diag(table) * (1 - (rows + columns) * (1 - kappa)) ** 2
    differing = (1 - kappa) ** 2 * (table * both**2 - np.diag(np.diag(table * both**2))).sum()
    variance = agreeing.sum() + differing - (kappa - chance * (1 - kappa)) ** 2
    return float(np.sqrt(max(variance, 0.0) / n) / (1 - chance))
