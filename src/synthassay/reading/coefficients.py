"""Every coefficient of agreement that a table of raters allows, with intervals over cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import ReadingError
from synthassay.reading.agreeing import Drawing
from synthassay.reading.agreement_file import Raters
from synthassay.records.agreement_result import AgreementResult, AgreementScale, Coefficient, LimitsOfTwo
from synthassay.records.measurement import Interval
from synthassay.stats.agreement import categories as on_categories
from synthassay.stats.agreement.bland_altman import limits_of_agreement
from synthassay.stats.agreement.by_cases import case_interval
from synthassay.stats.agreement.categories import Coded, Credit, coded
from synthassay.stats.agreement.icc import FORMS, Intraclass, intraclass, intraclass_by_draws
from synthassay.stats.agreement.krippendorff import Scale, alpha_of, interval_alpha

Floats = NDArray[np.float64]
MOST_CATEGORIES = 25
SCALES: tuple[AgreementScale, ...] = ("nominal", "ordinal", "interval")
SOURCE = (
    "Cohen 1960, doi:10.1177/001316446002000104; Fleiss 1971, doi:10.1037/h0031619; Conger 1980, "
    "doi:10.1037/0033-2909.88.2.322; Gwet 2008, doi:10.1348/000711006X126600; Krippendorff 2004; McGraw and Wong 1996, "
    "doi:10.1037/1082-989X.1.1.30; Bland and Altman 1999, doi:10.1177/096228029900800204"
)


def agreement_of(
    raters: Raters, *, title: str, credit: Credit, scales: Sequence[AgreementScale], seed: int, draws: int
) -> AgreementResult:
    """Return every coefficient that applies.

    Args:
        raters: The ratings.
        title: What the table is called.
        credit: How much unequal categories agree in weighted coefficients.
        scales: Which scales to take the ratings for; those that apply where empty.
        seed: Root of the bootstrap.
        draws: Bootstrap draws.

    Raises:
        ReadingError: Fewer than three cases (or patients) were rated twice, or a scale does not apply.
    """
    twice = (~np.isnan(raters.values)).sum(axis=1) >= 2
    whose = np.array(raters.patients or raters.cases)
    if len(np.unique(whose[twice])) < 3:
        what = "has fewer than three cases of different patients that two readers rated"
        raise ReadingError(title, what, value=int(twice.sum()), remedy="Add cases.")
    # cases rated once hold no pair, but tell how often each category is given, as Gwet counts it
    drawing = Drawing(seed, draws, np.unique(whose, return_inverse=True)[1])
    table = raters.values
    chosen = _scales(raters, table, scales, title)
    found: list[Coefficient] = []
    for scale in chosen:
        if scale == "interval":
            found += _measured(raters, table, drawing)
        else:
            found += _categorical(raters, table, drawing, scale, "identity" if scale == "nominal" else credit)
    names = [raters.words[int(v)] if raters.words else f"{v:g}" for v in np.unique(table[~np.isnan(table)])]
    return AgreementResult(
        title=title,
        treatment=raters.treatment,
        cases=len(table),
        patients=len(np.unique(whose)) if raters.patients else None,
        readers=raters.readers,
        ratings=int((~np.isnan(table)).sum()),
        categories=tuple(names) if len(names) <= MOST_CATEGORIES else (),
        credit=credit,
        draws=draws,
        coefficients=tuple(found),
        limits=tuple(_limits(raters, table, drawing)) if "interval" in chosen else (),
        source=SOURCE,
    )


def _scales(raters: Raters, table: Floats, asked: Sequence[AgreementScale], title: str) -> tuple[AgreementScale, ...]:
    many = len(np.unique(table[~np.isnan(table)])) > MOST_CATEGORIES
    if raters.words:
        fit: tuple[AgreementScale, ...] = ("nominal", "ordinal") if asked else ("nominal",)
    else:
        fit = ("interval",) if many else SCALES
    wrong = [scale for scale in asked if scale not in fit]
    if wrong:
        why = "words have no distances" if raters.words else f"more than {MOST_CATEGORIES} different ratings"
        raise ReadingError(title, f"cannot be taken for {wrong[0]}: {why}", remedy=f"Choose {', '.join(fit)}.")
    return tuple(asked) or fit


def _categorical(
    raters: Raters, table: Floats, drawing: Drawing, scale: AgreementScale, credit: Credit
) -> Iterable[Coefficient]:
    known = list(range(len(raters.words))) if raters.words else None
    of = coded(table, credit, categories=known)
    words = "" if scale == "nominal" else f", {credit} weights"
    second = "AC1" if scale == "nominal" else "AC2"
    every: list[tuple[str, Callable[[Floats], Floats]]] = [
        (f"share of pairs agreeing{words}", partial(on_categories.percent_agreement, of)),
        (f"Conger's kappa{words}", partial(on_categories.conger_kappa, of)),
        (f"Fleiss' kappa{words}", partial(on_categories.fleiss_kappa, of)),
        (f"Brennan and Prediger{words}", partial(on_categories.brennan_prediger, of)),
        (f"Gwet's {second}{words}", partial(on_categories.gwet_ac, of)),
        (f"Krippendorff's alpha, {scale}", partial(_alpha, of, scale)),
    ]
    for name, coefficient in every:
        yield _booted(name, scale, raters.readers, coefficient, len(table), drawing)
    for i, j in combinations(range(len(raters.readers)), 2):
        both = table[:, [i, j]]
        kept = _whole(both)
        two = (raters.readers[i], raters.readers[j])
        if kept.sum() < 3:
            yield Coefficient(
                coefficient=f"Cohen's kappa{words}", scale=scale, readers=two, estimate=None, ci=None,
                cases=int(kept.sum()), note="fewer than three cases in common",
            )  # fmt: skip
            continue
        pair = coded(both[kept], credit, categories=of.categories)
        yield _booted(
            f"Cohen's kappa{words}", scale, two, partial(on_categories.conger_kappa, pair), int(kept.sum()),
            _of(drawing, kept),
        )  # fmt: skip


def _measured(raters: Raters, table: Floats, drawing: Drawing) -> Iterable[Coefficient]:
    alpha = partial(interval_alpha, table)
    yield _booted("Krippendorff's alpha, interval", "interval", raters.readers, alpha, len(table), drawing)
    kept = _whole(table)
    whole = table[kept]
    if len(whole) < 3 or np.ptp(whole) == 0:
        why = "fewer than three cases were rated by all" if len(whole) < 3 else "all ratings are equal"
        for form in FORMS:
            yield Coefficient(
                coefficient=f"ICC({form})", scale="interval", readers=raters.readers, estimate=None, ci=None,
                cases=len(whole), note=why,
            )  # fmt: skip
        return
    analytic = intraclass(whole)
    for form in FORMS:
        row = _booted(
            f"ICC({form})", "interval", raters.readers, partial(_form, whole, form), len(whole), _of(drawing, kept)
        )
        yield row.model_copy(update={"analytic": _ends(analytic[form])})


def _whole(table: Floats) -> NDArray[np.bool_]:
    """Which cases all of these readers rated."""
    whole: NDArray[np.bool_] = np.asarray(~np.isnan(table).any(axis=1))
    return whole


def _form(table: Floats, form: str, weights: Floats) -> Floats:
    return intraclass_by_draws(table, weights)[form]


def _alpha(of: Coded, scale: Scale, weights: Floats) -> Floats:
    return alpha_of(of, scale, weights)


def _ends(found: Intraclass) -> tuple[float, float] | None:
    return (found.low, found.high) if np.isfinite([found.low, found.high]).all() else None


def _of(drawing: Drawing, kept: NDArray[np.bool_]) -> Drawing:
    assert drawing.patients is not None
    return Drawing(drawing.seed, drawing.draws, np.unique(drawing.patients[kept], return_inverse=True)[1])


def _booted(
    name: str,
    scale: AgreementScale,
    readers: tuple[str, ...],
    coefficient: Callable[[Floats], Floats],
    cases: int,
    drawing: Drawing,
) -> Coefficient:
    value = float(coefficient(np.ones((1, cases)))[0])
    known = bool(np.isfinite(value))
    rng = drawing.rng("/".join(readers), name)
    interval = case_interval(coefficient, cases, rng=rng, draws=drawing.draws, patients=drawing.patients)
    note = "" if known else "undefined: agreement by chance would be certain"
    if known and interval is None:
        note = "no interval: undefined in many draws, or too few cases"
    return Coefficient(
        coefficient=name,
        scale=scale,
        readers=readers,
        estimate=value if known else None,
        ci=None if interval is None else (interval.low, interval.high),
        cases=cases,
        note=note,
    )


def _limits(raters: Raters, table: Floats, drawing: Drawing) -> Iterable[LimitsOfTwo]:
    assert drawing.patients is not None
    for i, j in combinations(range(len(raters.readers)), 2):
        kept = _whole(table[:, [i, j]])
        whose = drawing.patients[kept]
        if len(np.unique(whose)) < 3:
            continue
        a, b = raters.readers[i], raters.readers[j]
        rng = drawing.rng(f"{a}/{b}", "limits")
        found = limits_of_agreement(table[kept, i], table[kept, j], whose, rng=rng, draws=drawing.draws)
        yield LimitsOfTwo(
            a=a, b=b, bias=found.bias, bias_ci=_both(found.bias_interval), sd=found.sd, low=found.low,
            low_ci=_both(found.low_interval), high=found.high, high_ci=_both(found.high_interval),
            cases=int(kept.sum()), method=found.bias_interval.method,
        )  # fmt: skip


def _both(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high
