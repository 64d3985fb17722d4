"""Whether what was learnt from synthetic images holds for real patients of another site."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.scoring import beside_real
from synthassay.evaluate.utility.trial import Trial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.roc import mean_auc


@metric(
    title="AUC on data from elsewhere, trained on synthetic",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="arXiv:1706.02633",
    settings={"tested_on": "real external images", "floor": "the same classifier trained on real images"},
)
def tstr_auc_external(
    classifier_trial: Trial,
    external_labels: Sequence[str],
    external_subjects: Sequence[str],
    bootstrap: int,
    rng: np.random.Generator,
) -> Finding:
    """Return the area under the ROC curve, on real images from elsewhere, of classifiers trained on synthetic ones.

    With more than two classes: the mean over classes, each against the rest.

    Args:
        classifier_trial: Trains the classifiers.
        external_labels: Class of each real image that it is tested on.
        external_subjects: Subject of each of them.
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
        mean_auc, classifier_trial, "external", external_labels, external_subjects, draws=bootstrap, rng=rng
    )
