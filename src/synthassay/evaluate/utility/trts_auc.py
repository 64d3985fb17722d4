"""Whether a classifier of real patients recognises the classes in synthetic images: area under the ROC curve."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.classification_regimes import TRTS
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.evaluate.utility.scoring import score
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.roc import mean_auc


@metric(
    title="AUC, trained on real, tested on synthetic",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="arXiv:1706.02633",
    settings={"tested_on": "synthetic images", "floor": "the same classifiers on real test images"},
)
def trts_auc(classification_trial: ClassificationTrial, bootstrap: int, rng: np.random.Generator) -> Finding:
    """Return the AUC on the synthetic images of classifiers trained on all real training images.

    It asks whether images show the class that they are labelled with. A collapsed set passes as well as a rich one,
    and a value above the floor means that the synthetic classes are easier to tell apart than the real ones.

    Args:
        classification_trial: Trains the classifiers.
        bootstrap: Draws for the interval, which resamples synthetic images and trainings.
        rng: Source of the draws.

    Raises:
        NotMeasured: As for ``auc_gain``.

    Source:
        Esteban, Hyland, Rätsch (2017), arXiv:1706.02633 (train on real, test on synthetic).
    """
    trial = classification_trial
    sets = {}
    for on in ("synthetic", "test"):
        judged = trial.set_of(on)
        sets[on] = score(mean_auc, trial.scores(TRTS, on), judged.labels, judged.subjects, draws=bootstrap, rng=rng)
    synthetic = trial.set_of("synthetic")
    return Finding(
        value=sets["synthetic"][0],
        interval=sets["synthetic"][1],
        floor=sets["test"][0],
        floor_interval=sets["test"][1],
        n=len(synthetic.labels),
        subjects=len(set(trial.set_of("training").subjects)),
        settings={**trial.settings(TRTS), "real_patients": trial.count(1.0)},
    )
