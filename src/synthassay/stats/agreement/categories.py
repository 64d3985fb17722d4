"""Agreement on categories beyond chance: Cohen, Conger, Fleiss, Brennan and Prediger, Gwet; any readers, gaps allowed.

Each is (observed - expected) / (1 - expected); they differ in what they expect of readers who guess. All take weights
``draws units``, so that a bootstrap of cases answers all draws together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Credit = Literal["identity", "linear", "quadratic", "ordinal"]


@dataclass(frozen=True, eq=False)
class Coded:
    """Ratings as categories.

    Attributes:
        given: ``units readers categories``: 1 where that reader gave that unit that category.
        credit: ``categories categories``: how much two categories agree, 1 on the diagonal.
        categories: Their values, in order.
    """

    given: Floats
    credit: Floats
    categories: tuple[float, ...]

    @property
    def counts(self) -> Floats:
        """``units categories``: how many readers gave it."""
        counts: Floats = self.given.sum(axis=1)
        return counts


def coded(ratings: ArrayLike, credit: Credit = "identity", *, categories: ArrayLike | None = None) -> Coded:
    """Return ratings as categories.

    Args:
        ratings: ``units readers``; NaN where not rated. Units that nobody rated are left out.
        credit: How much unequal ones agree: not at all, by their distance, its square, or by how many lie between.
        categories: All that could have been given; those that were where None.

    Raises:
        ValueError: Fewer than two readers, or a rating that is no category.

    Source:
        Gwet, Handbook of Inter-Rater Reliability (4th ed., 2014), chapter 3 (weights).
    """
    table = np.asarray(ratings, np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(f"agreement needs units by at least two readers, not {table.shape}")
    table = table[~np.isnan(table).all(axis=1)]
    names = np.unique(table[~np.isnan(table)]) if categories is None else np.unique(np.asarray(categories, np.float64))
    given = (table[:, :, None] == names).astype(np.float64)
    if given.sum() != (~np.isnan(table)).sum():
        raise ValueError("a rating is none of the categories")
    return Coded(given, credits(names, credit), tuple(names.tolist()))


def credits(categories: Floats, kind: Credit) -> Floats:
    """Return ``categories categories`` of credit for every pair.

    >>> credits(np.array([1.0, 2.0, 4.0]), "linear").round(3).tolist()
    [[1.0, 0.667, 0.0], [0.667, 1.0, 0.333], [0.0, 0.333, 1.0]]
    """
    count = len(categories)
    if kind == "identity" or count < 2:
        return np.eye(count)
    if kind == "ordinal":
        steps = np.abs(np.subtract.outer(np.arange(count), np.arange(count))) + 1.0
        between = steps * (steps - 1) / 2
        return 1 - between / between.max()
    distance = np.abs(np.subtract.outer(categories, categories)) / (categories.max() - categories.min())
    return 1 - (distance if kind == "linear" else distance**2)


Coefficient = Callable[[Coded, Floats | None], Floats]


def percent_agreement(of: Coded, weights: Floats | None = None) -> Floats:
    """Return the (weighted) share of pairs of readers that agree, per draw; the mean over units rated twice or more."""
    w = _weights(of, weights)
    agree, twice = _pairs(of)
    return (w @ agree) / (w @ twice)


def fleiss_kappa(of: Coded, weights: Floats | None = None) -> Floats:
    """Return Fleiss' kappa (Scott's pi for two readers): guesses follow the frequencies pooled over readers.

    Source: Fleiss, Psychol Bull 76:378 (1971), doi:10.1037/h0031619; with gaps and weights Gwet 2014, chapter 3.
    """
    share = _frequencies(of, weights)
    return _corrected(percent_agreement(of, weights), ((share @ of.credit) * share).sum(axis=1))


def gwet_ac(of: Coded, weights: Floats | None = None) -> Floats:
    """Return Gwet's AC1, or AC2 with weights of categories: only hard units are guessed, and then evenly.

    It stays sensible where nearly all units are of one category, where kappa falls to 0 in spite of agreement.

    Source: Gwet, Br J Math Stat Psychol 61:29 (2008), doi:10.1348/000711006X126600.
    """
    share, count = _frequencies(of, weights), len(of.categories)
    if count < 2:
        return np.ones(len(share))
    expected = of.credit.sum() / (count * (count - 1)) * (share * (1 - share)).sum(axis=1)
    return _corrected(percent_agreement(of, weights), expected)


def brennan_prediger(of: Coded, weights: Floats | None = None) -> Floats:
    """Return Brennan and Prediger's coefficient: all categories are guessed evenly.

    Source: Brennan and Prediger, Educ Psychol Meas 41:687 (1981), doi:10.1177/001316448104100307.
    """
    observed = percent_agreement(of, weights)
    return _corrected(observed, np.full(len(observed), of.credit.sum() / len(of.categories) ** 2))


def conger_kappa(of: Coded, weights: Floats | None = None) -> Floats:
    """Return Conger's kappa (Cohen's for two readers): each reader guesses with his own frequencies.

    Source: Conger, Psychol Bull 88:322 (1980), doi:10.1037/0033-2909.88.2.322; Cohen, Educ Psychol Meas 20:37 (1960),
        doi:10.1177/001316446002000104.
    """
    w = _weights(of, weights)
    readers = of.given.shape[1]
    own = np.einsum("dn,nrq->drq", w, of.given)
    own = own / own.sum(axis=2, keepdims=True)
    mean = own.mean(axis=1)
    apart = own - mean[:, None, :]
    spread = np.einsum("drq,drp->dqp", apart, apart) / (readers - 1)
    expected = ((mean @ of.credit) * mean).sum(axis=1) - (of.credit * spread).sum(axis=(1, 2)) / readers
    return _corrected(percent_agreement(of, weights), expected)


def cohen_kappa(one: ArrayLike, other: ArrayLike, credit: Credit = "identity") -> float:
    """Return Cohen's kappa of two readers, weighted where ``credit`` says so.

    Source: Cohen 1960 as ``conger_kappa``; weights Cohen, Psychol Bull 70:213 (1968), doi:10.1037/h0026256.

    >>> round(cohen_kappa([1, 1, 2, 2, 2], [1, 2, 2, 2, 2]), 4)
    0.5455
    """
    both = np.stack([np.asarray(one, np.float64), np.asarray(other, np.float64)], axis=1)
    return float(conger_kappa(coded(both[~np.isnan(both).any(axis=1)], credit))[0])


def standard_error(of: Coded, coefficient: Coefficient, *, step: float = 1e-5) -> float:
    """Return the standard error over units of a coefficient, by its influence function (Gwet's linearisation).

    The influence of a unit is what the coefficient does when that unit's weight grows a little. Units rated once hold
    no pair; as Gwet does, the number of the others is taken as given, which makes the error a little larger.

    Source: Gwet 2014, chapter 5; Efron, Biometrika 68:589 (1981), doi:10.1093/biomet/68.3.589 (influence functions).
    """
    count = len(of.given)
    up, down = (coefficient(of, 1 + sign * step * np.eye(count)) for sign in (1, -1))
    twice = _pairs(of)[1]
    held = float(coefficient(of, None)[0]) * (count * twice / twice.sum() - 1)
    influence = count * (up - down) / (2 * step) + held
    return float(np.sqrt((influence**2).sum() / (count * (count - 1))))


def _pairs(of: Coded) -> tuple[Floats, Floats]:
    """Per unit, the share of agreeing pairs (0 where rated once) and whether it was rated twice."""
    counts = of.counts
    rated = counts.sum(axis=1)
    twice = (rated >= 2).astype(np.float64)
    agree = (counts * (counts @ of.credit.T - 1)).sum(axis=1)
    return np.divide(agree, rated * (rated - 1), out=np.zeros(len(agree)), where=rated >= 2), twice


def _frequencies(of: Coded, weights: Floats | None) -> Floats:
    w, counts = _weights(of, weights), of.counts
    share: Floats = (w @ (counts / counts.sum(axis=1, keepdims=True))) / w.sum(axis=1, keepdims=True)
    return share


def _weights(of: Coded, weights: Floats | None) -> Floats:
    return np.ones((1, len(of.given))) if weights is None else weights


def _corrected(observed: Floats, expected: Floats) -> Floats:
    """(observed - expected) / (1 - expected); NaN where agreement by chance is certain."""
    room = 1 - expected
    return np.divide(observed - expected, room, out=np.full(len(observed), np.nan), where=room > 1e-12)
