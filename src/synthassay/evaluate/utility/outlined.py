"""Rows of segmentation measures: an arm's mean or the difference of two arms, over structures and for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import Finding
from synthassay.evaluate.utility.arms import Arm, Floats, Outlines, paired_p, regimes, weighted_mean
from synthassay.evaluate.utility.outlining import SegmentationTrial
from synthassay.evaluate.utility.scoring import score
from synthassay.records.measurement import Interval
from synthassay.stats.equivalence import holm

Which = Callable[[Outlines], Floats]


@dataclass(frozen=True, eq=False)
class Draws:
    """How intervals are drawn."""

    number: int
    rng: np.random.Generator


def mean_row(
    trial: SegmentationTrial, arm: Arm, which: Which, draws: Draws, *, structure: int | None = None
) -> Finding:
    """Return an arm's mean over structures, or of one structure, with its interval over patients and trainings."""
    values = _values(trial, arm, which, structure)
    value, interval = score(weighted_mean, values, _blank(values), _subjects(trial), draws=draws.number, rng=draws.rng)
    return _row(trial, value, interval, arm, structure)


def difference_row(
    trial: SegmentationTrial,
    arm: Arm,
    which: Which,
    draws: Draws,
    *,
    structure: int | None = None,
    minus: Arm | None = None,
) -> Finding:
    """Return an arm minus the same without synthetic images (or minus another), on the same patients and trainings."""
    other = minus or arm.without
    values, others = (_values(trial, one, which, structure) for one in (arm, other))
    subjects = _subjects(trial)
    value, interval = score(
        weighted_mean, values, _blank(values), subjects, draws=draws.number, rng=draws.rng, minus=others
    )
    found = _row(trial, value, interval, arm, structure)
    p = paired_p(values, others, subjects) if structure is None else None
    told = {"with_synthetic": float(values.mean()), "without_synthetic": float(others.mean())}
    return replace(found, settings={**found.settings, **told, **({} if p is None else {"p": p})})


def gains(trial: SegmentationTrial, which: Which, draws: Draws) -> list[Finding]:
    """Return what synthetic images add in every regime: the headline without stratum first, then each regime.

    p is corrected by Holm's rule over the regimes; rows of single structures repeat a regime and carry none. A regime
    for which there are too few synthetic images is a row with that reason.
    """
    short = {arm: reason for arm in regimes(trial.asked) if (reason := trial.shortfall(arm))}
    possible = [arm for arm in regimes(trial.asked) if arm not in short]
    if not possible:
        raise NotMeasured(next(iter(short.values())))
    found = {arm: difference_row(trial, arm, which, draws) for arm in possible}
    tested = {arm: float(row.settings["p"]) for arm, row in found.items() if "p" in row.settings}
    adjusted = holm(tested)
    words = f"Holm over {len(tested)} regimes" if len(tested) > 1 else "none, one regime"
    rows = {
        arm: replace(row, settings={**row.settings, "p_corrected": adjusted[arm], "correction": words})
        if arm in adjusted
        else row
        for arm, row in found.items()
    }
    headline = next(iter(rows.values()))
    by_structure = [
        difference_row(trial, arm, which, draws, structure=i)
        for arm in possible
        for i in range(len(trial.structures))
        if len(trial.structures) > 1
    ]
    missing = [Finding(stratum=arm.stratum, not_measured=reason) for arm, reason in short.items()]
    return [replace(headline, stratum=""), *rows.values(), *missing, *by_structure]


def _values(trial: SegmentationTrial, arm: Arm, which: Which, structure: int | None) -> Floats:
    values = which(trial.outlines(arm))
    picked: Floats = values.mean(axis=2) if structure is None else values[..., structure]
    return picked


def _row(trial: SegmentationTrial, value: float, interval: Interval | None, arm: Arm, structure: int | None) -> Finding:
    test = trial.read("test")
    words = arm.stratum if structure is None else f"{arm.stratum}, structure={trial.structures[structure]}"
    return Finding(
        value=value,
        interval=interval,
        stratum=words,
        n=len(test.cases),
        subjects=len(set(test.subjects)),
        settings=trial.settings(arm),
    )


def _subjects(trial: SegmentationTrial) -> Sequence[str]:
    return trial.read("test").subjects


def _blank(values: Floats) -> NDArray[np.intp]:
    return np.zeros(values.shape[1], np.intp)
