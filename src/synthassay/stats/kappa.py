"""Agreement of two raters beyond chance."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

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


def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable]) -> Kappa:
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

    >>> round(cohen_kappa("yyyynnnnyy", "yyynnnnyyy").kappa, 3)
    0.583
    """
    if len(a) != len(b) or not len(a):
        raise ValueError(f"{len(a)} and {len(b)} ratings cannot be compared")
    known = list(dict.fromkeys([*a, *b]))
    place = {rating: i for i, rating in enumerate(known)}
    table = np.zeros((len(known), len(known)))
    for one, other in zip(a, b, strict=True):
        table[place[one], place[other]] += 1 / len(a)
    share, rows, columns = float(np.trace(table)), table.sum(axis=1), table.sum(axis=0)
    chance = float(rows @ columns)
    if np.isclose(chance, 1.0):
        return Kappa(share, None, None, None, len(a))
    kappa = (share - chance) / (1 - chance)
    error = _standard_error(table, rows, columns, kappa, chance, len(a))
    return Kappa(share, kappa, max(-1.0, kappa - Z * error), min(1.0, kappa + Z * error), len(a))


def _standard_error(
    table: np.ndarray, rows: np.ndarray, columns: np.ndarray, kappa: float, chance: float, n: int
) -> float:
    both = columns[:, None] + rows[None, :]  # p_.i + p_j. for cell (i, j)
    agreeing = np.diag(table) * (1 - (rows + columns) * (1 - kappa)) ** 2
    differing = (1 - kappa) ** 2 * (table * both**2 - np.diag(np.diag(table * both**2))).sum()
    variance = agreeing.sum() + differing - (kappa - chance * (1 - kappa)) ** 2
    return float(np.sqrt(max(variance, 0.0) / n) / (1 - chance))
