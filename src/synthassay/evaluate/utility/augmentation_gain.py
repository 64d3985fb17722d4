"""What synthetic images add to real ones: the gain of a classifier on real patients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.scoring import score
from synthassay.evaluate.utility.trial import Trial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.roc import mean_auc


@metric(
    title="Gain in AUC from adding synthetic to real",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="doi:10.1016/j.neucom.2018.09.013",
    settings={"tested_on": "real test images", "baseline": "real images alone, as many steps"},
)
def augmentation_gain(
    classifier_trial: Trial,
    test_labels: Sequence[str],
    test_subjects: Sequence[str],
    bootstrap: int,
    rng: np.random.Generator,
) -> Finding:
    """Return the AUC on real test patients with synthetic images added to the real ones, minus that without.

    Both arms train for the same number of steps with the same seeds; the interval is of the paired difference on the
    same patients. A gain whose interval holds 0 was not shown. The generator has seen all the real training images, so
    the gain says nothing about having fewer of them.

    Args:
        classifier_trial: Trains the classifiers.
        test_labels: Class of each real test image.
        test_subjects: Subject of each of them.
        bootstrap: Draws for the interval, which resamples subjects and trainings.
        rng: Source of the draws.

    Returns:
        Difference of areas under the ROC curve, from -1 to 1; 0 where the synthetic images add nothing.

    Raises:
        NotMeasured: A class is missing, or sizes differ.

    Source:
        Frid-Adar et al., Neurocomputing 321:321 (2018), doi:10.1016/j.neucom.2018.09.013 (real against real and
        synthetic).
    """
    truth = classifier_trial.truth(test_labels)
    augmented, real = (classifier_trial.scores(arm, "test") for arm in ("augmented", "real"))
    gain, interval = score(mean_auc, augmented, truth, test_subjects, draws=bootstrap, rng=rng, minus=real)
    both = [score(mean_auc, one, truth, test_subjects, draws=0, rng=rng)[0] for one in (real, augmented)]
    added = classifier_trial.added()
    return Finding(
        value=gain,
        interval=interval,
        n=len(truth),
        subjects=len(set(test_subjects)),
        settings={
            **classifier_trial.settings("augmented"),
            "auc_real": both[0],
            "auc_augmented": both[1],
            "synthetic_per_real": ", ".join(f"{ratio:.3g} {name}" for name, ratio in added.items()),
        },
    )
