"""Areas averaged over readers and cases as U-statistics, for any design: who read what need not be complete.

A pair of readings (reader, negative case, positive case) wins or loses. The variance of the mean win follows from the
second moments of wins that share a reader, a case, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthassay.stats.mrmc.clusters import grouping, of_both_truths
from synthassay.stats.mrmc.covariance import PAIRS_AT_A_TIME, win
from synthassay.stats.mrmc.obuchowski_rockette import Contrast
from synthassay.stats.mrmc.ratings import Ratings

Floats = NDArray[np.float64]
Fixed = Literal["", "readers", "cases"]

SHARED = ("RND", "RD", "RN", "R", "ND", "D", "N", "")
"""What two pairs share, in the order of Gallas' moments M1 to M8: reader, negative case, diseased case."""
COMPONENTS = ("N", "D", "ND", "R", "NR", "DR", "RND")
"""Names of the components of Barrett, Clarkson and Kupinski."""
NORMAL_FROM_DF = 50


@dataclass(frozen=True, eq=False)
class Moments:
    """Second moments of two treatments, or of one with itself.

    Attributes:
        sums: Sum of products of wins over pairs that share at least the named ones, in the order of ``SHARED``;
            ``counts`` the number of such products.
        areas: Both areas.
    """

    sums: Floats
    counts: Floats
    areas: tuple[float, float]

    @property
    def coefficients(self) -> Floats:
        """Weights of the eight moments in the second moment of the area; they add up to 1."""
        weights: Floats = _exactly(self.counts) / self.counts[-1]
        return weights

    @property
    def unbiased(self) -> Floats:
        """Mean product over pairs that share exactly the named ones; NaN where there are none."""
        return _ratio(_exactly(self.sums), _exactly(self.counts))

    @property
    def biased(self) -> Floats:
        """Mean product over pairs that share at least the named ones: what resampling would give."""
        return _ratio(self.sums, self.counts)

    def covariance(self, fixed: Fixed = "", *, biased: bool = False) -> float:
        """Return the covariance of both areas; NaN where no two pairs are independent.

        Args:
            fixed: What another study would have again: ``readers`` or ``cases``.
            biased: Use the moments of resampling, which is never negative for a variance.
        """
        if fixed:
            free = {"readers": ("R", ""), "cases": ("ND", "N", "D", "")}[fixed]
            chosen = [SHARED.index(name) for name in free]
            sums, counts = (_exactly(x)[chosen].sum() for x in (self.sums, self.counts))
            return self.areas[0] * self.areas[1] - (sums / counts if counts else np.nan)
        moments, weights = self.biased if biased else self.unbiased, self.coefficients.copy()
        weights[-1] -= 1
        return float((weights[weights != 0] * moments[weights != 0]).sum()) if self._independent else float("nan")

    @property
    def _independent(self) -> bool:
        return bool(_exactly(self.counts)[-1] > 0)

    def parts(self, *, biased: bool = False) -> dict[str, float]:
        """Return the components of variance by their names in ``COMPONENTS``; for a single pair of readings each."""
        m = dict(zip(SHARED, self.biased if biased else self.unbiased, strict=True))
        none = m[""]
        return {
            "N": m["N"] - none,
            "D": m["D"] - none,
            "ND": m["ND"] - m["D"] - m["N"] + none,
            "R": m["R"] - none,
            "NR": m["RN"] - m["R"] - m["N"] + none,
            "DR": m["RD"] - m["R"] - m["D"] + none,
            "RND": m["RND"] - m["RD"] - m["RN"] + m["R"] - m["ND"] + m["D"] + m["N"] - none,
        }

    @property
    def sizes(self) -> dict[str, float]:
        """Effective numbers of negative cases, diseased cases and readers: those of a crossed study as good as this."""
        share = dict(zip(SHARED, self.counts / self.counts[-1], strict=True))
        return {name: 1 / share[name] if share[name] else np.inf for name in ("N", "D", "R")}


@dataclass(frozen=True, eq=False)
class UStatistic:
    """An area, or a difference of two, with its variance and degrees of freedom.

    Attributes:
        df: By Satterthwaite from the components of readers and cases (Gallas' BDG); NaN where the variance is not
            positive or cannot be estimated.
        biased_variance: The variance by the moments of resampling.
    """

    estimate: float
    variance: float
    df: float
    biased_variance: float

    def contrast(self, *, whole_df: bool = True) -> Contrast:
        """Return it as a contrast.

        Args:
            whole_df: Round the degrees of freedom down, and take the normal distribution above 50, as iMRMC does.
        """
        se = float(np.sqrt(self.variance)) if self.variance >= 0 else float("nan")
        df = self.df
        if whole_df and np.isfinite(df):
            df = np.inf if df > NORMAL_FROM_DF else float(np.floor(df))
        return Contrast(self.estimate, se, df)


def moments(ratings: Ratings, i: int, j: int) -> Moments:
    """Return the moments of treatments i and j.

    Every pair of readings weighs the same, so that a reader of more cases counts for more. Where a patient has several
    cases, all of one truth, pairs that share a patient count as sharing a case.

    Raises:
        ValueError: No reader read a case of either truth in one of the treatments, or a patient has cases of both.

    Source:
        Gallas, Acad Radiol 13:353 (2006), doi:10.1016/j.acra.2005.11.030; Gallas, Bandos, Samuelson and Wagner, Commun
        Stat Theor M 38:2586 (2009), doi:10.1080/03610920802610084 (any design).
    """
    _refuse_mixed(ratings)
    one = _Sums.of(ratings, i)
    return _moments(ratings, (i, j), one, one if i == j else _Sums.of(ratings, j))


def _moments(ratings: Ratings, of: tuple[int, int], one: _Sums, two: _Sums) -> Moments:
    products, counts = np.empty(8), np.empty(8)
    for k, name in enumerate(SHARED):
        if name not in ("RND", "ND"):
            products[k] = (one.won[name] * two.won[name]).sum()
            counts[k] = (one.number[name] * two.number[name]).sum()
    products[[0, 4]], counts[[0, 4]] = _pairwise(ratings, *of)
    if not (one.number[""] and two.number[""]):
        raise ValueError("no reader read a positive and a negative case of the same treatment")
    areas = (float(one.won[""] / one.number[""]), float(two.won[""] / two.number[""]))
    scale = float(one.number[""] * two.number[""])
    return Moments(products / scale, counts / scale, areas)


def ustatistic(ratings: Ratings, i: int, j: int | None = None, *, fixed: Fixed = "") -> UStatistic:
    """Return the area of treatment i, or its difference from that of treatment j.

    Args:
        ratings: Any design.
        i: Treatment.
        j: Treatment to subtract.
        fixed: ``readers`` or ``cases`` that another study would have again; df then come from the other.

    Source:
        As ``moments``; degrees of freedom by Satterthwaite from biased components, never below the smallest one
        (Gaylor and Hopper, Technometrics 11:691, 1969, doi:10.1080/00401706.1969.10490732).

    Example:
        >>> score = np.array([[[1, 2, 3, 4, 1.5, 3.5], [1, 3, 2, 4, 2.5, 0.5]]])
        >>> truth = np.array([0, 0, 1, 1, 0, 1], bool)
        >>> found = ustatistic(Ratings(("t",), ("r", "s"), tuple("abcdef"), truth, score), 0)
        >>> round(found.estimate, 4), round(found.variance, 4)
        (0.7222, 0.0772)
    """
    _refuse_mixed(ratings)
    sums = {k: _Sums.of(ratings, k) for k in (i, j) if k is not None}
    own = [_moments(ratings, (k, k), sums[k], sums[k]) for k in sums]
    parts: list[tuple[float, Moments]] = [(1.0, m) for m in own]
    estimate = own[0].areas[0]
    if j is not None:
        parts.append((-2.0, _moments(ratings, (i, j), sums[i], sums[j])))
        estimate -= own[1].areas[0]
    variance = sum(w * m.covariance(fixed) for w, m in parts)
    biased = sum(w * m.covariance(biased=True) for w, m in parts)
    return UStatistic(float(estimate), float(variance), _satterthwaite(variance, parts, own, fixed), float(biased))


def _satterthwaite(variance: float, parts: list[tuple[float, Moments]], own: list[Moments], fixed: Fixed) -> float:
    if not variance > 0:
        return float("nan")
    names = {"": "NDR", "readers": "ND", "cases": "R"}[fixed]
    sizes = {name: min(round(m.sizes[name] - 1) for m in own) for name in names}
    if min(sizes.values()) < 1:
        return float("nan")
    component = {name: sum(w * m.parts(biased=True)[name] for w, m in parts) for name in names}
    spread = sum(component[name] ** 2 / sizes[name] ** 3 for name in names)
    least = min(sizes.values())
    return float(max(variance**2 / spread, least)) if spread > 0 else np.inf


@dataclass(frozen=True, eq=False)
class _Sums:
    """Wins of one treatment and their number, summed over all that is not named."""

    won: dict[str, Floats]
    number: dict[str, Floats]

    @classmethod
    def of(cls, ratings: Ratings, treatment: int) -> _Sums:
        readers, n1, n0 = len(ratings.readers), ratings.positive, ratings.negative
        read = ratings.read[treatment].astype(np.float64)
        by_positive, by_negative = np.zeros((readers, n1)), np.zeros((readers, n0))
        for part, psi in _wins(ratings, treatment):
            filled = np.nan_to_num(psi)
            by_positive[:, part] = filled.sum(axis=2)
            by_negative += filled.sum(axis=1)
        ones, zeros = read[:, ratings.truth], read[:, ~ratings.truth]
        pairs1, pairs0 = ones * zeros.sum(axis=1)[:, None], zeros * ones.sum(axis=1)[:, None]
        if ratings.clustered:
            of_above, of_below = grouping(ratings, ratings.truth), grouping(ratings, ~ratings.truth)
            by_positive, pairs1 = by_positive @ of_above, pairs1 @ of_above
            by_negative, pairs0 = by_negative @ of_below, pairs0 @ of_below
        return cls(_margins(by_positive, by_negative), _margins(pairs1, pairs0))


def _margins(by_positive: Floats, by_negative: Floats) -> dict[str, Floats]:
    return {
        "RD": by_positive,
        "RN": by_negative,
        "R": by_positive.sum(axis=1),
        "D": by_positive.sum(axis=0),
        "N": by_negative.sum(axis=0),
        "": np.asarray(by_positive.sum()),
    }


def _wins(ratings: Ratings, treatment: int) -> Iterator[tuple[slice, Floats]]:
    """Psi, block of positive cases by block; NaN where one of both was not read."""
    score = ratings.score[treatment]
    above, below = score[:, ratings.truth], score[:, ~ratings.truth]
    unread = np.isnan(below)[:, None, :]
    step = max(1, PAIRS_AT_A_TIME // max(1, below.size))
    for start in range(0, above.shape[1], step):
        part = slice(start, start + step)
        psi = win(above[:, part], below)
        psi[np.isnan(above[:, part])[:, :, None] | unread] = np.nan
        yield part, psi


def _pairwise(ratings: Ratings, i: int, j: int) -> tuple[Floats, Floats]:
    """Products that share reader and both cases, and both cases whoever read them, with their numbers."""
    if ratings.clustered:
        return _pairwise_of_patients(ratings, i, j)
    sums, counts = np.zeros(2), np.zeros(2)
    others = _wins(ratings, j) if i != j else None
    for _, one in _wins(ratings, i):
        two = one if others is None else next(others)[1]
        a, m = np.nan_to_num(one), ~np.isnan(one)
        b, n = (a, m) if others is None else (np.nan_to_num(two), ~np.isnan(two))
        sums += [(a * b).sum(), (a.sum(axis=0) * b.sum(axis=0)).sum()]
        counts += [(m & n).sum(), (m.sum(axis=0) * n.sum(axis=0)).sum()]
    return sums, counts


def _pairwise_of_patients(ratings: Ratings, i: int, j: int) -> tuple[Floats, Floats]:
    """The same, of patients: wins of all their cases are summed before they are multiplied."""
    (a, m), (b, n) = (_wins_of_patients(ratings, t) for t in (i, j))
    sums = np.array([(a * b).sum(), (a.sum(axis=0) * b.sum(axis=0)).sum()])
    return sums, np.array([(m * n).sum(), (m.sum(axis=0) * n.sum(axis=0)).sum()])


def _wins_of_patients(ratings: Ratings, treatment: int) -> tuple[Floats, Floats]:
    """``readers positives negatives`` of patients: sums of psi, and of how many pairs."""
    of_above, of_below = grouping(ratings, ratings.truth), grouping(ratings, ~ratings.truth)
    shape = (len(ratings.readers), of_above.shape[1], of_below.shape[1])
    won, number = np.zeros(shape), np.zeros(shape)
    for part, psi in _wins(ratings, treatment):
        here = of_above[part].T
        won += here @ (np.nan_to_num(psi) @ of_below)
        number += here @ ((~np.isnan(psi)).astype(np.float64) @ of_below)
    return won, number


def _refuse_mixed(ratings: Ratings) -> None:
    mixed = of_both_truths(ratings)
    if mixed and ratings.clustered:
        raise ValueError(f"patient {mixed[0]} has cases of both truths, which U-statistics do not take")


def _exactly(at_least: Floats) -> Floats:
    """From "share at least these" to "share exactly these", by inclusion and exclusion.

    >>> _exactly(np.array([1.0, 2, 2, 4, 2, 4, 4, 8])).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    out = np.empty(8)
    for k, name in enumerate(SHARED):
        more = [(m, other) for m, other in enumerate(SHARED) if set(name) <= set(other)]
        out[k] = sum((-1.0) ** (len(other) - len(name)) * at_least[m] for m, other in more)
    return out


def _ratio(sums: Floats, counts: Floats) -> Floats:
    # differences of large sums: what is left of a class without members is rounding
    present = counts > 1e-12 * counts.max()
    return np.divide(sums, counts, out=np.full(8, np.nan), where=present)
