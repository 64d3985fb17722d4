"""Sensitivity and specificity at the operating point that was fixed on real validation patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.arms import Arm
from synthassay.evaluate.utility.classification_regimes import headline
from synthassay.evaluate.utility.classified import Drawn, gain_row
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.records.vocabulary import Axis, Better

Floats = NDArray[np.float64]


@metric(
    title="Gain at the operating point",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="doi:10.1016/j.neucom.2018.09.013",
    settings={
        "tested_on": "real test images",
        "threshold": "the highest that reaches the stated sensitivity on real validation images, per training",
    },
)
def operating_point_gain(
    classification_trial: ClassificationTrial, bootstrap: int, rng: np.random.Generator
) -> list[Finding]:
    """Return what synthetic images change in sensitivity and specificity at a fixed operating point.

    Each training has its own threshold, set on real validation patients so that ``[classification] sensitivity`` of
    their positives lie at or above it; then real test patients are called by it. Rows: the headline regime and the
    smallest share of real patients, sensitivity and specificity each; the measure's own row is the specificity of the
    headline. Both must be read together: a threshold that moved trades one for the other.

    Args:
        classification_trial: Trains the classifiers.
        bootstrap: Draws for the interval of the paired difference. The threshold is held: its luck is not in it.
        rng: Source of the draws.

    Raises:
        NotMeasured: There are more than two classes, or no real validation images of both.

    Source:
        Frid-Adar et al. 2018, doi:10.1016/j.neucom.2018.09.013 (sensitivity and specificity as outcomes).
    """
    trial = classification_trial
    if len(trial.classes) != 2:
        raise NotMeasured("sensitivity and specificity need two classes")
    first, asked = headline(trial.asked), trial.asked.sensitivity
    arms = dict.fromkeys((first, Arm(min(trial.asked.fractions), first.ratio)))
    rows = []
    for arm in arms:
        for name, positive in (("specificity", False), ("sensitivity", True)):
            row = gain_row(_called(trial, arm, asked), arm, _share_right(positive), Drawn(bootstrap, rng))
            told = {**row.settings, "sensitivity_asked": asked, "positive": trial.classes[1]}
            rows.append(replace(row, stratum=f"{arm.stratum}, quantity={name}", settings=told))
    return [replace(rows[0], stratum=""), *rows]


def threshold_for(scores: Floats, positive: NDArray[np.bool_], sensitivity: float) -> float:
    """Return the highest threshold at or above which at least ``sensitivity`` of the positives lie.

    >>> threshold_for(np.array([0.9, 0.8, 0.3, 0.7]), np.array([True, True, True, False]), 0.6)
    0.8
    """
    ranked = np.sort(scores[positive])[::-1]
    return float(ranked[int(np.ceil(sensitivity * len(ranked) - 1e-9)) - 1])


def _called(trial: ClassificationTrial, arm: Arm, sensitivity: float) -> ClassificationTrial:
    """The trial with the two arms' test scores replaced by calls: class 1 where the score reaches the threshold."""
    validation = trial.set_of("holdout")
    if len(set(validation.labels.tolist())) < 2:
        raise NotMeasured("the validation images have one class only, so no threshold can be set on them")
    called = {}
    for one in (arm, arm.without):
        held, test = trial.scores(one, "holdout"), trial.scores(one)
        cut = [threshold_for(row[:, 1], validation.labels == 1, sensitivity) for row in held]
        yes = np.stack([row[:, 1] >= limit for row, limit in zip(test, cut, strict=True)]).astype(np.float32)
        called[one] = {"test": np.stack([1 - yes, yes], axis=-1)}
    return replace(trial, kept={**trial.kept, **called})


def _share_right(positive: bool):  # type: ignore[no-untyped-def]
    def share(scores: Floats, truth: NDArray[np.intp], weights: Floats | None) -> Floats:
        counted = (truth == 1) == positive
        right = (scores[:, 1] > 0.5) == positive
        weight = np.ones((1, len(truth))) if weights is None else weights
        total = weight[:, counted].sum(axis=1)
        hit = weight[:, counted & right].sum(axis=1)
        return np.divide(hit, total, out=np.full(len(total), np.nan), where=total > 0)

    return share
