"""Whether choosing among the synthetic images helps: the best by some rule against as many drawn at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.classification_regimes import regimes
from synthassay.evaluate.utility.classified import Drawn, corrected, gain_row
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.roc import mean_auc

FEW_LEFT_OUT = 0.1


@metric(
    title="Gain in AUC from choosing synthetic images",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="doi:10.1016/j.media.2020.101816",
    settings={"tested_on": "real test images", "baseline": "as many synthetic images, drawn at random by class"},
)
def selection_gain(
    classification_trial: ClassificationTrial, bootstrap: int, rng: np.random.Generator
) -> list[Finding]:
    """Return the AUC with chosen synthetic images added, minus that with as many drawn at random.

    Chosen by confidence: those to whose class a classifier of all real training images gives the highest probability.
    Chosen by feature distance: those nearest to a real training image of their class in the embedding. Both rules use
    real training images alone, and choose class by class. Typical images are chosen; what is rare may be left out.

    Args:
        classification_trial: Trains the classifiers.
        bootstrap: Draws for the interval of the paired difference.
        rng: Source of the draws.

    Raises:
        NotMeasured: The study does not ask for it, or nearly all synthetic images are added whoever chooses.

    Source:
        Xue et al., Med Image Anal 67:101816 (2021), doi:10.1016/j.media.2020.101816 (selective synthetic
        augmentation by confidence and feature distance).
    """
    trial = classification_trial
    arms = [arm for arm in regimes(trial.asked, trial.rarest) if arm.chosen]
    if not arms:
        raise NotMeasured("the study does not ask for it ([classification] choose)")
    every = len(trial.set_of("synthetic").labels)
    used = len(trial.added(arms[0], 0))
    if used > (1 - FEW_LEFT_OUT) * every:
        raise NotMeasured(
            f"{used} of {every} synthetic images are added whoever chooses; synthesise more to choose from"
        )
    rows = [
        replace(
            gain_row(trial, arm, mean_auc, Drawn(bootstrap, rng), minus=replace(arm, chosen="")),
            stratum=f"chosen by {arm.chosen}",
        )
        for arm in arms
    ]
    found = corrected(rows)
    return [replace(found[0], stratum=""), *found]
