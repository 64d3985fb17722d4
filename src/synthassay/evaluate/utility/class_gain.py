"""What synthetic images add for each class, and for the rarest one above all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.arms import Arm
from synthassay.evaluate.utility.classification_regimes import headline
from synthassay.evaluate.utility.classified import Drawn, corrected, gain_row
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.evaluate.utility.scoring import Measure
from synthassay.records.vocabulary import Axis, Better

Floats = NDArray[np.float64]


@metric(
    title="Gain in recall by class",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="doi:10.1016/j.neucom.2018.09.013",
    settings={"tested_on": "real test images", "called": "the class with the highest probability"},
)
def class_gain(classification_trial: ClassificationTrial, bootstrap: int, rng: np.random.Generator) -> list[Finding]:
    """Return, per class, the share of its real test images that are called by it, with synthetic images minus without.

    The measure's own row is the rarest class with all real patients. Further rows: every class, with the largest and
    the smallest share of real patients; and, where the study asks for it, the rarest class when only its own synthetic
    images are added. A gain in one class that another pays for is not a gain: read all rows.

    Args:
        classification_trial: Trains the classifiers.
        bootstrap: Draws for the interval of the paired difference.
        rng: Source of the draws.

    Raises:
        NotMeasured: As for ``auc_gain``.

    Source:
        Frid-Adar et al. 2018, doi:10.1016/j.neucom.2018.09.013 (by class); recall: Powers 2011, arXiv:2010.16061.
    """
    trial = classification_trial
    first = headline(trial.asked)
    ends = dict.fromkeys((first, Arm(min(trial.asked.fractions), first.ratio)))
    arms = [*ends, *(replace(arm, only=trial.rarest) for arm in ends if trial.asked.rare)]
    names = sorted(trial.classes, key=lambda name: name != trial.rarest)
    rows = [
        replace(
            gain_row(trial, arm, recall_of(trial.classes.index(name)), Drawn(bootstrap, rng)),
            stratum=f"class={name}, {arm.stratum}",
        )
        for arm in arms
        for name in names
    ]
    found = corrected(rows)
    return [replace(found[0], stratum="", settings={**found[0].settings, "class": trial.rarest}), *found]


def recall_of(index: int) -> Measure:
    """Return the measure: the share of a class's cases that get it as their most probable class, per draw."""

    def recall(scores: Floats, truth: NDArray[np.intp], weights: Floats | None) -> Floats:
        mine = truth == index
        right = mine & (scores.argmax(axis=1) == index)
        weight = np.ones((1, len(truth))) if weights is None else weights
        total = weight[:, mine].sum(axis=1)
        return np.divide(weight[:, right].sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)

    return recall
