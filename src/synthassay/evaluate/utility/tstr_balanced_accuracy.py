"""Whether a classifier that has seen only synthetic images recognises disease in real patients: balanced accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.scoring import beside_real
from synthassay.evaluate.utility.trial import Trial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.roc import balanced_accuracy


@metric(
    title="Balanced accuracy, trained on synthetic, tested on real",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="arXiv:1706.02633",
    settings={"tested_on": "real test images", "floor": "the same classifier trained on real images"},
)
def tstr_balanced_accuracy(
    classifier_trial: Trial,
    test_labels: Sequence[str],
    test_subjects: Sequence[str],
    bootstrap: int,
    rng: np.random.Generator,
) -> Finding:
    """Return the balanced accuracy on real test patients of classifiers trained on synthetic images alone.

    Unlike the area under the ROC curve it also falls when the decision threshold does not carry over to real images.

    Args:
        classifier_trial: Trains the classifiers.
        test_labels: Class of each real image that it is tested on.
        test_subjects: Subject of each of them.
        bootstrap: Draws for the interval, which resamples subjects and trainings.
        rng: Source of the draws.

    Returns:
        Mean over repeated trainings. ``floor``: the same for a classifier trained on the real training images, which
        is the number to come near.

    Raises:
        NotMeasured: A class is missing, or sizes differ.

    Source:
        Esteban, Hyland, Rätsch (2017), arXiv:1706.02633 (train on synthetic, test on real).
    """
    return beside_real(
        balanced_accuracy, classifier_trial, "test", test_labels, test_subjects, draws=bootstrap, rng=rng
    )
