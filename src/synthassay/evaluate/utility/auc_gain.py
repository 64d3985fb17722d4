"""What synthetic images add to real ones: area under the ROC curve of a classifier on real patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.arms import Arm
from synthassay.evaluate.utility.classification_regimes import regimes
from synthassay.evaluate.utility.classified import Drawn, corrected, gain_row, with_headline
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.delong import delong
from synthassay.stats.roc import mean_auc


@metric(
    title="Gain in AUC from adding synthetic to real, by regime",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="doi:10.1016/j.neucom.2018.09.013",
    settings={"tested_on": "real test images", "baseline": "the same real images alone, as many steps, equal seeds"},
)
def auc_gain(classification_trial: ClassificationTrial, bootstrap: int, rng: np.random.Generator) -> list[Finding]:
    """Return the AUC on real test patients with synthetic images added, minus that without, in every regime.

    The headline is the gain with the largest share of real patients and the first ratio. Strata are the other regimes:
    fewer real patients, other ratios, both arms with classical augmentation ("over augmentation"), half of the steps on
    synthetic images before the other half on real ones ("synthetic first"), images of the rarest class alone, chosen
    images. p counts patients and is corrected by Holm's rule over the regimes; DeLong's p beside it counts images.

    Args:
        classification_trial: Trains the classifiers.
        bootstrap: Draws for the interval of the paired difference, which resamples patients and trainings.
        rng: Source of the draws.

    Returns:
        Differences from -1 to 1; above 0 the synthetic images help. The generator has seen all training patients: a
        gain with few of them is what its images give to somebody who has few, not what a generator of few would give.

    Raises:
        NotMeasured: The study does not ask for it, classes are missing, or synthetic images were made from, or are
            copies of, test patients.

    Source:
        Frid-Adar et al., Neurocomputing 321:321 (2018), doi:10.1016/j.neucom.2018.09.013; DeLong et al. 1988,
        doi:10.2307/2531595.
    """
    trial = classification_trial
    rows: list[Finding] = []
    for arm in regimes(trial.asked, trial.rarest):
        if rows and trial.same_as_smaller(arm):
            few = "the smaller ratio adds all synthetic images already"
            rows.append(Finding(stratum=arm.stratum, not_measured=few))
            continue
        row = gain_row(trial, arm, mean_auc, Drawn(bootstrap, rng))
        rows.append(replace(row, settings={**row.settings, **_by_delong(trial, arm)}))
    return with_headline(corrected(rows))


def _by_delong(trial: ClassificationTrial, arm: Arm) -> dict[str, float]:
    """DeLong's interval and p of the difference, for two classes, of the probabilities averaged over trainings."""
    if len(trial.classes) != 2:
        return {}
    truth = trial.set_of("test").labels == 1
    both = [trial.scores(one).mean(axis=0)[:, 1] for one in (arm, arm.without)]
    _, low, high, p = delong(both, truth).difference(0, 1)
    return {"delong_low": low, "delong_high": high, "delong_p": p}
