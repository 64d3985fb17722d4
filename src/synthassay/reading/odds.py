"""Points as ordered answers: the odds of a higher one, arm against arm, for other readers and other cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from synthassay.reading.generalising import Judging
from synthassay.records.reader_result import ProportionalOdds, ReaderDifference
from synthassay.stats.mrmc.cumulative_logit import CumulativeLogit, fit_cumulative_logit
from synthassay.stats.mrmc.obuchowski_rockette import Contrast

Floats = NDArray[np.float64]
Arm = tuple[Floats, tuple[str, ...], tuple[str, ...]]
MOST_CATEGORIES = 25
APART = "the answers of two arms do not overlap, so their odds ratio has no estimate"


def proportional_odds(item: str, arms: Mapping[str, Arm], readers: Sequence[str]) -> ProportionalOdds:
    """Fit a proportional-odds model with effects of readers, of readers in arms, of cases and of patients.

    Differences are log odds ratios of a higher answer. Their intervals are Student's with readers - 1 degrees of
    freedom, since how readers differ about the arms is known from as many; where they do not differ that is too wide.

    Args:
        item: What was asked.
        arms: Name to ``readers cases`` of answers, the cases, and whose they are.
        readers: Names of readers.

    Returns:
        The record; without differences, and with the reason, where the model has no estimate.
    """
    names = tuple(arms)
    tables = [arms[name][0] for name in names]
    answers = np.concatenate([table.ravel() for table in tables])
    values = np.unique(answers)
    if not 2 <= len(values) <= MOST_CATEGORIES:
        why = "all answers are equal" if len(values) < 2 else f"{len(values)} different answers are no categories"
        return _without(item, values, why)
    arm = np.repeat(np.arange(len(names)), [table.size for table in tables])
    reader = np.concatenate([np.indices(table.shape)[0].ravel() for table in tables])
    found = fit_cumulative_logit(
        np.searchsorted(values, answers), arm[:, None] == np.arange(1, len(names)), _groups(arms, arm, reader)
    )
    if not found.overlap:
        return _without(item, values, APART)
    return ProportionalOdds(
        item=item,
        answers=tuple(values.tolist()),
        thresholds=tuple(found.thresholds.tolist()),
        spread=found.spread,
        log_likelihood=found.log_likelihood,
        differences=_differences(names, found, len(readers) - 1),
    )


def _groups(arms: Mapping[str, Arm], arm: NDArray[np.intp], reader: NDArray[np.intp]) -> dict[str, NDArray[np.generic]]:
    """Whose each answer is; a patient has an effect of his own beside that of the case only if he has several."""
    case = np.concatenate([np.tile(cases, len(table)) for table, cases, _ in arms.values()])
    patient = np.concatenate([np.tile(patients or cases, len(table)) for table, cases, patients in arms.values()])
    groups: dict[str, NDArray[np.generic]] = {"reader": reader, "reader in arm": reader * (arm.max() + 1) + arm}
    groups["case"] = case
    if len(np.unique(patient)) < len(np.unique(case)):
        groups["patient"] = patient
    return groups


def _differences(names: tuple[str, ...], found: CumulativeLogit, df: int) -> tuple[ReaderDifference, ...]:
    effects = np.r_[0.0, found.effects]
    whole = np.zeros((len(names), len(names)))
    whole[1:, 1:] = found.covariance
    out = []
    for i, j in combinations(range(len(names)), 2):
        variance = max(float(whole[i, i] + whole[j, j] - 2 * whole[i, j]), 0.0)
        contrast = Contrast(float(effects[i] - effects[j]), float(np.sqrt(variance)), float(df))
        out.append(Judging(None).difference(names[i], names[j], contrast))
    return tuple(out)


def _without(item: str, values: Floats, why: str) -> ProportionalOdds:
    return ProportionalOdds(
        item=item, answers=tuple(values.tolist()), thresholds=(), spread={}, log_likelihood=None, differences=(),
        note=why,
    )  # fmt: skip
