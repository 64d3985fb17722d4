"""From figures of merit to the records of what they show: by Obuchowski and Rockette, or by U-statistics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthassay.errors import ReadingError
from synthassay.records.reader_result import (
    Generalisation,
    ReaderDifference,
    ReaderMean,
    UStatistics,
    VarianceComponents,
    Within,
)
from synthassay.stats.mrmc import obuchowski_rockette as rockette
from synthassay.stats.mrmc.areas import Figures
from synthassay.stats.mrmc.clusters import of_both_truths
from synthassay.stats.mrmc.covariance import Covariance, covariance
from synthassay.stats.mrmc.obuchowski_rockette import Analysis, Components, Contrast
from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.ustatistic import Fixed, UStatistic, moments, ustatistic

CELLS_SHOWN = 5


@dataclass(frozen=True)
class Judging:
    """What is compared with what.

    Attributes:
        reference: Constant that single treatments are compared with.
        margin: Largest difference that would not matter; None where none was stated.
        truncate: Hold intervals within what is possible.
        single: Whether the margin is meant for the distance of each treatment from the reference too.
    """

    reference: float | None
    margin: float | None = None
    truncate: bool = False
    single: bool = False

    def mean(self, treatment: str, c: Contrast) -> ReaderMean:
        """Return the record of one treatment's mean."""
        known = _known(c)
        return ReaderMean(
            treatment=treatment,
            estimate=c.estimate,
            se=_number(c.se),
            df=_number(c.df) if known else None,
            ci=self._ends(c, 0.0) if known else None,
            reference=self.reference,
            p=c.p(self.reference) if known and self.reference is not None else None,
            within=self._within(Contrast(c.estimate - self.reference, c.se, c.df))
            if known and self.single and self.reference is not None
            else None,
        )

    def difference(self, a: str, b: str, c: Contrast) -> ReaderDifference:
        """Return the record of a difference."""
        known = _known(c)
        return ReaderDifference(
            a=a,
            b=b,
            estimate=c.estimate,
            se=_number(c.se),
            df=_number(c.df) if known else None,
            p=c.p() if known else None,
            ci=self._ends(c, -1.0) if known else None,
            within=self._within(c) if known else None,
        )

    def _ends(self, c: Contrast, least: float, level: float = 0.95) -> tuple[float, float]:
        low, high = c.interval(level)
        return (max(low, least), min(high, 1.0)) if self.truncate else (low, high)

    def _within(self, c: Contrast) -> Within | None:
        if self.margin is None:
            return None
        above, below = c.tail(c.estimate + self.margin), c.tail(self.margin - c.estimate)
        return Within(
            margin=self.margin,
            a_not_worse_p=above,
            b_not_worse_p=below,
            equivalent_p=max(above, below),
            ci=self._ends(c, -1.0, 0.90),
        )


@dataclass(frozen=True)
class Rockette:
    """The three generalisations of one figure of merit; None where there are too few readers for it."""

    components: VarianceComponents
    rrrc: Generalisation | None
    frrc: Generalisation
    rrfc: Generalisation | None
    per_reader: tuple[ReaderDifference, ...]


def generalise(ratings: Ratings, figures: Figures, method: Covariance, judging: Judging) -> Rockette:
    """Analyse figures by Obuchowski and Rockette.

    Raises:
        ReadingError: The design is not crossed and not nested; the message names readings that are missing. Or the
            covariance cannot be estimated.
    """
    refuse_gaps(ratings)
    try:
        cov = covariance(ratings, figures, method)
    except ValueError as problem:
        raise ReadingError("ratings", str(problem), remedy="Choose another --covariance, or add readings.") from None
    parts = rockette.components(figures.values, cov)
    names = ratings.treatments
    several = len(ratings.readers) > 1
    analyses = {
        "rrrc": rockette.random_readers_random_cases(figures.values, parts) if several else None,
        "frrc": rockette.fixed_readers_random_cases(figures.values, parts),
        "rrfc": rockette.random_readers_fixed_cases(figures.values, parts) if several else None,
    }
    told = {key: _generalisation(a, names, judging) if a is not None else None for key, a in analyses.items()}
    per_reader = tuple(
        judging.difference(f"{names[i]}, {reader}", f"{names[j]}, {reader}", c)
        for i in range(len(names))
        for j in range(i + 1, len(names))
        for reader, c in zip(ratings.readers, rockette.reader_differences(figures.values, cov, i, j), strict=True)
    )
    frrc = told["frrc"]
    assert frrc is not None
    return Rockette(
        _components(parts, ratings, int(figures.counted.sum())), told["rrrc"], frrc, told["rrfc"], per_reader
    )


def refuse_gaps(ratings: Ratings) -> None:
    """Raise where two readers or treatments share some cases but not all.

    Raises:
        ReadingError: It names up to five missing readings, and the method that can do without them.
    """
    if ratings.design not in ("partly crossed", "readers nested in treatments"):
        return
    missing = np.argwhere(~ratings.read)
    shown = [
        f"reader {ratings.readers[r]}, treatment {ratings.treatments[t]}, case {ratings.cases[c]}"
        for t, r, c in missing[:CELLS_SHOWN]
    ]
    more = f"; and {len(missing) - CELLS_SHOWN} more" if len(missing) > CELLS_SHOWN else ""
    raise ReadingError(
        "ratings",
        f"{len(missing)} readings are missing of a crossed design",
        value="; ".join(shown) + more,
        remedy="Use --method ustat, which takes any design, or leave these cases out everywhere.",
    )


def _generalisation(found: Analysis, names: tuple[str, ...], judging: Judging) -> Generalisation:
    differences = [judging.difference(names[i], names[j], c) for (i, j), c in found.differences.items()]
    single = tuple(judging.mean(name, c) for name, c in zip(names, found.single, strict=True))
    statistic, df1, df2, p = found.statistic, found.df1, found.df2, found.p
    if len(names) == 1 and judging.reference is not None:
        c = found.single[0]
        distance = c.estimate - judging.reference
        statistic, df1, df2, p = (distance / c.se) ** 2 if c.se else np.nan, 1, c.df, c.p(judging.reference)
        differences = [judging.difference(names[0], f"constant {judging.reference:g}", Contrast(distance, c.se, c.df))]
    return Generalisation(
        statistic=_number(statistic),
        df1=_number(df1),
        df2=_number(df2),
        p=_number(p),
        denominator=_number(found.denominator),
        differences=tuple(differences),
        single=single,
    )


def _components(parts: Components, ratings: Ratings, cases: int) -> VarianceComponents:
    named = ratings.treatments
    several, crossed = (
        len(ratings.readers) > 1,
        ratings.design == "crossed" and len(named) > 1 and not ratings.clustered,
    )
    dbm = {
        "var_r": parts.var_r,
        "var_c": cases * parts.cov3,
        "var_tr": parts.var_tr,
        "var_tc": cases * (parts.cov2 - parts.cov3),
        "var_rc": cases * (parts.cov1 - parts.cov3),
        "var_error": cases * (parts.var - parts.cov1 - parts.cov2 + parts.cov3),
    }
    return VarianceComponents(
        var=parts.var,
        cov1=parts.cov1,
        cov2=parts.cov2,
        cov3=parts.cov3,
        ms_t=_number(parts.ms_t),
        ms_r=_number(parts.ms_r),
        ms_tr=_number(parts.ms_tr),
        var_r=_number(parts.var_r),
        var_tr=_number(parts.var_tr),
        ms_r_within=dict(zip(named, parts.ms_r_within, strict=True)) if several else {},
        var_within=dict(zip(named, parts.var_within, strict=True)),
        cov2_within=dict(zip(named, parts.cov2_within, strict=True)),
        dbm=dbm if crossed and several else {},
    )


def ustatistics(ratings: Ratings, judging: Judging, fixed: Fixed = "") -> UStatistics:
    """Analyse areas as U-statistics, whatever the design.

    Raises:
        ReadingError: A treatment has no pair of a positive and a negative case that one reader read, or a patient has
            cases of both truths.
    """
    mixed = of_both_truths(ratings) if ratings.clustered else ()
    if mixed:
        raise ReadingError(
            "ratings",
            "hold patients with cases of both truths, which U-statistics do not take",
            value=", ".join(mixed[:CELLS_SHOWN]),
            remedy="Use --method or, where every reader read every case.",
        )
    names = ratings.treatments
    keys: dict[str, tuple[int, int | None]] = {name: (i, None) for i, name in enumerate(names)}
    keys |= {f"{names[i]} - {names[j]}": (i, j) for i in range(len(names)) for j in range(i + 1, len(names))}
    try:
        found = {key: ustatistic(ratings, i, j, fixed=fixed) for key, (i, j) in keys.items()}
        parts = {name: moments(ratings, i, i).parts() for i, name in enumerate(names)}
    except ValueError as problem:
        raise ReadingError("ratings", str(problem), remedy="Every treatment needs readings of both truths.") from None
    whole = {key: u.contrast() for key, u in found.items()}
    single = tuple(judging.mean(name, whole[name]) for name in names)
    pairs = {key: judging.difference(names[i], names[j], whole[key]) for key, (i, j) in keys.items() if j is not None}
    told: dict[str, ReaderMean | ReaderDifference] = {**dict(zip(names, single, strict=True)), **pairs}
    against = {key: (judging.reference if j is None else 0.0) for key, (_, j) in keys.items()}
    normal = {key: Contrast(u.estimate, whole[key].se, np.inf) for key, u in found.items()}
    return UStatistics(
        auc={key: u.estimate for key, u in found.items()},
        variance={key: _number(u.variance) for key, u in found.items()},
        biased_variance={key: _number(u.biased_variance) for key, u in found.items()},
        df={key: _number(u.df) for key, u in found.items()},
        p={key: told[key].p for key in keys},
        p_exact_df={key: _p(u, against[key]) for key, u in found.items()},
        ci={key: told[key].ci for key in keys},
        p_normal={key: _p_of(c, against[key]) for key, c in normal.items()},
        ci_normal={key: c.interval() if _known(c) else None for key, c in normal.items()},
        components={name: {k: _number(v) for k, v in part.items()} for name, part in parts.items()},
        differences=tuple(pairs.values()),
        single=single,
    )


def _p(found: UStatistic, against: float | None) -> float | None:
    return _p_of(found.contrast(whole_df=False), against)


def _p_of(c: Contrast, against: float | None) -> float | None:
    return c.p(against) if against is not None and _known(c) else None


def _known(c: Contrast) -> bool:
    return bool(np.isfinite(c.se) and not np.isnan(c.df))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
