"""How far the readers of a study agree, in each treatment, with intervals over cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from synthassay.randomness import stream
from synthassay.records.reader_result import Agreement
from synthassay.stats.agreement.by_cases import case_interval
from synthassay.stats.agreement.categories import Coded, coded, fleiss_kappa, gwet_ac, percent_agreement
from synthassay.stats.agreement.icc import intraclass
from synthassay.stats.agreement.krippendorff import Scale, alpha_of
from synthassay.stats.mrmc.ratings import Ratings

MOST_CATEGORIES = 25
Floats = np.ndarray


@dataclass(frozen=True)
class Drawing:
    """How cases are drawn for intervals.

    Attributes:
        patients: Number of each case's patient, from 0 without gaps; None where every case is a patient.
    """

    seed: int
    draws: int
    patients: NDArray[np.intp] | None = None

    def rng(self, name: str, words: str) -> np.random.Generator:
        """Return the source of draws of one coefficient."""
        return stream(self.seed, "agreement", name, words)


def agreement(ratings: Ratings, cut: float | None, *, seed: int, draws: int = 1000) -> tuple[Agreement, ...]:
    """Return coefficients of agreement on ratings, and at the cut on calls.

    Args:
        ratings: Any design; cases that one reader read say nothing.
        cut: Rating from which a case counts as called positive.
        seed: Root of the bootstrap of cases.
        draws: Bootstrap draws.
    """
    out: list[Agreement] = []
    for t, name in enumerate(ratings.treatments):
        table = ratings.score[t].T
        kept = (~np.isnan(table)).sum(axis=1) >= 2
        table, patient = table[kept], ratings.patient[kept]
        if len(table) < 3:
            note = "fewer than three cases were read by two readers"
            out.append(_row(name, "any", None, None, len(table), note))
            continue
        drawing = Drawing(seed, draws, np.unique(patient, return_inverse=True)[1])
        out += on_ratings(name, table, drawing)
        if cut is not None:
            out += _on_calls(name, np.where(np.isnan(table), np.nan, table >= cut), drawing)
    return tuple(out)


def on_ratings(name: str, table: Floats, drawing: Drawing) -> list[Agreement]:
    """Return coefficients of agreement on a table of ratings, ``cases readers``; NaN where a case was not read."""
    out = []
    whole = table[~np.isnan(table).any(axis=1)]
    if len(whole) >= 3 and np.ptp(whole) > 0:
        for form, words in (("A,1", "ICC(A,1), absolute agreement"), ("C,1", "ICC(C,1), consistency")):
            found = intraclass(whole)[form]
            out.append(_row(name, words, found.estimate, (found.low, found.high), len(whole), "F-based interval"))
    of = coded(table)
    if len(of.categories) > MOST_CATEGORIES:
        return out
    scales: tuple[Scale, ...] = ("ordinal", "interval")
    for scale in scales:
        out.append(_booted(name, f"Krippendorff's alpha, {scale}", partial(_alpha, of, scale), table, drawing))
    return out


def _on_calls(name: str, calls: Floats, drawing: Drawing) -> list[Agreement]:
    of = coded(calls, categories=[0.0, 1.0])
    return [
        _booted(name, words, partial(f, of), calls, drawing)
        for words, f in (
            ("calls: share of pairs agreeing", percent_agreement),
            ("calls: Fleiss' kappa", fleiss_kappa),
            ("calls: Gwet's AC1", gwet_ac),
        )
    ]


def _alpha(of: Coded, scale: Scale, weights: Floats) -> Floats:
    return alpha_of(of, scale, weights)


def _booted(
    name: str, words: str, coefficient: Callable[[Floats], Floats], table: Floats, drawing: Drawing
) -> Agreement:
    value = float(coefficient(np.ones((1, len(table))))[0])
    interval = case_interval(
        coefficient, len(table), rng=drawing.rng(name, words), draws=drawing.draws, patients=drawing.patients
    )
    ends = (interval.low, interval.high) if interval is not None else None
    return _row(
        name, words, value, ends, len(table), interval.method if interval else "no interval: undefined in draws"
    )


def _row(name: str, words: str, value: float | None, ends: tuple[float, float] | None, n: int, note: str) -> Agreement:
    known = value is not None and np.isfinite(value)
    return Agreement(
        treatment=name, coefficient=words, estimate=value if known else None, ci=ends if known else None, n=n, note=note
    )
