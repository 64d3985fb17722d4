"""Rows of the measures of classifiers: a value or a gain per regime, with its interval, p and Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from synthassay.evaluate.metric import Finding, Setting
from synthassay.evaluate.utility.arms import Arm
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.evaluate.utility.scoring import Measure, score
from synthassay.records.measurement import Interval
from synthassay.stats.equivalence import holm

Z = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Drawn:
    """How intervals are drawn, and on which real set.

    Attributes:
        number: Bootstrap draws.
        on: ``test`` or ``external``.
        cases: Positions of the cases that count; all where None.
    """

    number: int
    rng: np.random.Generator
    on: str = "test"
    cases: NDArray[np.intp] | None = None


def value_row(trial: ClassificationTrial, arm: Arm, measure: Measure, drawn: Drawn) -> Finding:
    """Return an arm's measure with its interval over patients and trainings."""
    scores, truth, subjects = _judged(trial, arm, drawn)
    value, interval = score(measure, scores, truth, subjects, draws=drawn.number, rng=drawn.rng)
    return _row(trial, arm, value, interval, subjects)


def gain_row(
    trial: ClassificationTrial, arm: Arm, measure: Measure, drawn: Drawn, *, minus: Arm | None = None
) -> Finding:
    """Return an arm's measure minus that of the same arm without synthetic images (or of another).

    Both are measured on the same patients, and their trainings share seeds. p is that of the normal law with the
    bootstrap's spread, so it counts patients, not images.
    """
    other = minus or arm.without
    scores, truth, subjects = _judged(trial, arm, drawn)
    others, _, _ = _judged(trial, other, drawn)
    value, interval = score(measure, scores, truth, subjects, draws=drawn.number, rng=drawn.rng, minus=others)
    told: dict[str, Setting] = {
        "with_synthetic": _mean(measure, scores, truth),
        "without_synthetic": _mean(measure, others, truth),
    }
    p = p_of(value, interval)
    if p is not None:
        told["p"] = p
    row = _row(trial, arm, value, interval, subjects)
    return replace(row, settings={**row.settings, **told})


def corrected(rows: Sequence[Finding]) -> list[Finding]:
    """Add Holm's correction over the rows that have a p."""
    tested = {row.stratum: float(row.settings["p"]) for row in rows if "p" in row.settings}
    adjusted = holm(tested)
    words = f"Holm over {len(tested)} regimes" if len(tested) > 1 else "none, one regime"
    return [
        replace(row, settings={**row.settings, "p_corrected": adjusted[row.stratum], "correction": words})
        if row.stratum in adjusted
        else row
        for row in rows
    ]


def with_headline(rows: Sequence[Finding]) -> list[Finding]:
    """Put the first row in front once more, without stratum: it is the measure's own."""
    return [replace(rows[0], stratum=""), *rows] if len(rows) > 1 else [replace(rows[0], stratum="")]


def p_of(value: float, interval: Interval | None) -> float | None:
    """Return the two-sided p of no difference by the normal law, from a 95 % interval.

    >>> round(p_of(1.0, Interval(low=0.0, high=2.0, method="x")), 3)
    0.05
    """
    if interval is None:
        return None
    spread = (interval.high - interval.low) / (2 * Z)
    if spread == 0:
        return 1.0 if value == 0 else 0.0
    return 2 * float(norm.sf(abs(value) / spread))


def _judged(
    trial: ClassificationTrial, arm: Arm, drawn: Drawn
) -> tuple[NDArray[np.float64], NDArray[np.intp], list[str]]:
    scores, judged = trial.scores(arm, drawn.on), trial.set_of(drawn.on)
    at = np.arange(len(judged.labels)) if drawn.cases is None else drawn.cases
    return scores[:, at], judged.labels[at], [judged.subjects[i] for i in at]


def _mean(measure: Measure, scores: NDArray[np.float64], truth: NDArray[np.intp]) -> float:
    return float(np.mean([measure(one, truth, None) for one in scores]))


def _row(
    trial: ClassificationTrial, arm: Arm, value: float, interval: Interval | None, subjects: Sequence[str]
) -> Finding:
    return Finding(
        value=value,
        interval=interval,
        stratum=arm.stratum,
        n=len(subjects),
        subjects=len(set(subjects)),
        settings=trial.settings(arm),
    )
