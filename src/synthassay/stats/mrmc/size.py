"""How many readers and cases a study needs: power by Obuchowski and Rockette's components with Hillis' df."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from synthassay.stats.mrmc.areas import Figures, areas
from synthassay.stats.mrmc.covariance import Covariance, covariance
from synthassay.stats.mrmc.obuchowski_rockette import Components, components, quantile
from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.ustatistic import Fixed

Aim = Literal["difference", "non-inferiority", "equivalence"]
MOST_CASES = 100_000
GRID = 4000


@dataclass(frozen=True)
class ErrorPart:
    """Covariance components of the error that shrink as the named number of cases grows.

    Attributes:
        cases: Number of cases that these components rest on.
        share: Which cases these are: ``all``, ``positive`` or ``negative``.
    """

    var: float
    cov1: float
    cov2: float
    cov3: float
    cases: int
    share: Literal["all", "positive", "negative"] = "all"


@dataclass(frozen=True)
class Pilot:
    """What is known before a study of two treatments.

    Attributes:
        var_tr: Variance of the interaction of treatments and readers; for a single treatment the variance of readers. A
            negative estimate counts as 0.
        errors: One part for all cases, or one for positive and one for negative ones, which allows another ratio.
        effect: Difference that was observed (of a single treatment: from the constant), where there is one.
        single: Whether one treatment is held against a constant.
    """

    var_tr: float
    errors: tuple[ErrorPart, ...]
    effect: float | None = None
    single: bool = False


@dataclass(frozen=True)
class Power:
    """Power of one design.

    Attributes:
        noncentrality: Of F (or chi-squared) for a difference; of t for non-inferiority; of the wider side for
            equivalence.
        df2: Denominator degrees of freedom; inf with fixed readers.
        se: Expected standard error of the difference.
    """

    power: float
    noncentrality: float
    df2: float
    se: float


@dataclass(frozen=True)
class Wanted:
    """What a study should be able to show.

    Attributes:
        effect: True difference that is assumed.
        margin: Largest difference that would not matter; for non-inferiority and equivalence.
        level: Two-sided level for a difference, level of each one-sided test else.
        fixed: ``readers`` or ``cases`` that another study would have again.
    """

    aim: Aim = "difference"
    effect: float = 0.0
    margin: float | None = None
    level: float = 0.05
    fixed: Fixed = ""

    def __post_init__(self) -> None:
        if self.aim == "difference" and self.effect == 0:
            raise ValueError("a difference of 0 cannot be found; state the effect")
        if self.aim != "difference" and not (self.margin is not None and self.margin > 0):
            raise ValueError(f"{self.aim} needs a margin above 0")
        if self.aim == "equivalence" and self.margin is not None and abs(self.effect) >= self.margin:
            raise ValueError("the assumed difference lies outside the margin, so equivalence is not true")
        if self.aim == "non-inferiority" and self.margin is not None and self.effect <= -self.margin:
            raise ValueError("the assumed difference is as bad as the margin, so non-inferiority is not true")


def pilot_of(ratings: Ratings, *, method: Covariance = "jackknife", split: bool = False) -> Pilot:
    """Return what a pilot study of two treatments tells.

    Args:
        ratings: Crossed or nested ratings of two treatments.
        method: Covariance of the areas.
        split: Keep what positive and negative cases contribute apart (by DeLong), so that their ratio may change.

    Raises:
        ValueError: There are not two treatments, or fewer than two readers.
    """
    if len(ratings.treatments) != 2 or len(ratings.readers) < 2:
        raise ValueError("a pilot needs two treatments and at least two readers")
    figures = areas(ratings)
    whole = components(figures.values, covariance(ratings, figures, "delong" if split else method))
    effect = float(figures.values[0].mean() - figures.values[1].mean())
    if not split:
        return Pilot(whole.var_tr, (_part(whole, len(ratings.cases)),), effect)
    return Pilot(whole.var_tr, _split(ratings, figures), effect)


def _split(ratings: Ratings, figures: Figures) -> tuple[ErrorPart, ...]:
    assert figures.won is not None
    if ratings.design != "crossed":
        raise ValueError("another ratio of cases needs a crossed pilot")
    if ratings.clustered:
        raise ValueError("another ratio of cases needs a pilot with one case of each patient")
    parts = []
    for share, chosen in (("positive", ratings.truth), ("negative", ~ratings.truth)):
        rows = figures.won[..., chosen].reshape(figures.values.size, -1)
        apart = components(figures.values, np.cov(rows) / rows.shape[1])
        parts.append(ErrorPart(apart.var, apart.cov1, apart.cov2, apart.cov3, rows.shape[1], share))  # type: ignore[arg-type]
    return tuple(parts)


def pilot_of_one(ratings: Ratings, reference: float, *, method: Covariance = "jackknife", split: bool = False) -> Pilot:
    """Return what a pilot study of one treatment tells of its distance from a constant.

    Args:
        ratings: Crossed or nested ratings of one treatment.
        reference: The constant.
        method: Covariance of the areas.
        split: As in ``pilot_of``.

    Raises:
        ValueError: There is not one treatment, or fewer than two readers.

    Source:
        Hillis, Stat Med 33:330 (2014), doi:10.1002/sim.5926, table 2: MS(R) estimates var(R) + var - cov2.
    """
    if len(ratings.treatments) != 1 or len(ratings.readers) < 2:
        raise ValueError("a pilot against a constant needs one treatment and at least two readers")
    figures = areas(ratings)
    whole = components(figures.values, covariance(ratings, figures, "delong" if split else method))
    var_r = whole.ms_r_within[0] - whole.var_within[0] + whole.cov2_within[0]
    errors = _split(ratings, figures) if split else (_part(whole, len(ratings.cases)),)
    return Pilot(var_r, errors, float(figures.values.mean()) - reference, single=True)


def power(pilot: Pilot, wanted: Wanted, readers: int, cases: int, *, ratio: float | None = None) -> Power:
    """Return the power of a crossed study of two treatments, or of one against a constant.

    Args:
        pilot: Components.
        wanted: What is to be shown.
        readers: Readers of the study.
        cases: Cases of the study, positive and negative together.
        ratio: Negative cases per positive one; that of the pilot where None. Needs a pilot in two parts.

    Raises:
        ValueError: Fewer than two readers where they are random, or a ratio with a pilot in one part.

    Source:
        Hillis, Obuchowski and Berbaum, Acad Radiol 18:129 (2011), doi:10.1016/j.acra.2010.09.007, equation 10; Hillis
        2014 as ``pilot_of_one`` (one treatment); Chen, Petrick and Sahiner, Acad Radiol 19:1158 (2012),
        doi:10.1016/j.acra.2012.04.011 (non-inferiority, equivalence).

    Example:
        >>> known = Pilot(0.0002, (ErrorPart(0.0008, 0.00035, 0.00034, 0.00024, 114),))
        >>> round(power(known, Wanted(effect=0.044), readers=10, cases=165).power, 2)
        0.82
    """
    if readers < 2 and wanted.fixed != "readers":
        raise ValueError("one reader says nothing of other readers")
    var, cov1, cov2, cov3 = _scaled(pilot, cases, ratio)
    interaction = 0.0 if wanted.fixed == "readers" else max(pilot.var_tr, 0.0)
    shared = max(cov2 if pilot.single else cov2 - cov3, 0.0)
    own = interaction + var - (0.0 if pilot.single else cov1) - shared
    whole = own if wanted.fixed == "cases" else own + readers * shared
    if not whole > 0:
        raise ValueError("these components leave no variance; check them")
    random = wanted.fixed != "readers" and own > 0
    df2 = whole**2 / (own**2 / (readers - 1)) if random else np.inf
    se = float(np.sqrt((1 if pilot.single else 2) * whole / readers))
    found, noncentrality = _power(wanted, se, float(df2))
    return Power(found, noncentrality, float(df2), se)


def cases_needed(
    pilot: Pilot, wanted: Wanted, readers: int, power_wanted: float = 0.8, *, ratio: float | None = None
) -> int | None:
    """Return the smallest number of cases that gives the wanted power; None where not even ``MOST_CASES`` do.

    With random readers, cases without number cannot make up for too few readers.
    """

    def enough(cases: int) -> bool:
        return power(pilot, wanted, readers, cases, ratio=ratio).power >= power_wanted

    if not enough(MOST_CASES):
        return None
    low, high = 3, MOST_CASES
    if enough(4):
        return 4
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def combinations(
    pilot: Pilot,
    wanted: Wanted,
    readers: Sequence[int],
    power_wanted: float = 0.8,
    *,
    ratio: float | None = None,
) -> tuple[tuple[int, int | None, float | None], ...]:
    """Return (readers, cases, power reached) for each number of readers; None where no number of cases is enough."""
    out = []
    for count in readers:
        cases = cases_needed(pilot, wanted, count, power_wanted, ratio=ratio)
        reached = None if cases is None else power(pilot, wanted, count, cases, ratio=ratio).power
        out.append((count, cases, reached))
    return tuple(out)


def _power(wanted: Wanted, se: float, df: float) -> tuple[float, float]:
    if wanted.aim == "difference":
        lamda = (wanted.effect / se) ** 2
        if np.isinf(df):
            return float(stats.ncx2.sf(stats.chi2.ppf(1 - wanted.level, 1), 1, lamda)), float(lamda)
        return float(stats.ncf.sf(stats.f.ppf(1 - wanted.level, 1, df), 1, df, lamda)), float(lamda)
    assert wanted.margin is not None
    # over the distribution of the standard error's estimate; exact, and stable where tabulated functions are not
    grid = (np.arange(GRID) + 0.5) / GRID
    scale = np.ones(1) if np.isinf(df) else np.sqrt(stats.chi2.ppf(grid, df) / df)
    reach = quantile(1 - wanted.level, df) * scale
    up, down = (wanted.margin - wanted.effect) / se, (wanted.margin + wanted.effect) / se
    if wanted.aim == "non-inferiority":
        return float(stats.norm.cdf(down - reach).mean()), float(down)
    inside = stats.norm.cdf(up - reach) - stats.norm.cdf(reach - down)
    return float(np.maximum(inside, 0.0).mean()), float(max(up, down))


def _scaled(pilot: Pilot, cases: int, ratio: float | None) -> tuple[float, float, float, float]:
    apart = all(part.share != "all" for part in pilot.errors)
    if ratio is not None and not apart:
        raise ValueError("another ratio needs the error of positive and of negative cases apart")
    known = {part.share: part.cases for part in pilot.errors}
    if apart:
        ratio = known["negative"] / known["positive"] if ratio is None else ratio
        target: dict[str, float] = {"positive": cases / (1 + ratio), "negative": cases * ratio / (1 + ratio)}
    else:
        target = {"all": float(cases)}
    names = ("var", "cov1", "cov2", "cov3")
    total = [sum(getattr(p, name) * p.cases / target[p.share] for p in pilot.errors) for name in names]
    return total[0], total[1], total[2], total[3]


def _part(whole: Components, cases: int) -> ErrorPart:
    return ErrorPart(whole.var, whole.cov1, whole.cov2, whole.cov3, cases)
