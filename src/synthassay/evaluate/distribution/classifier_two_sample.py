"""Classifier two-sample test: whether a plain classifier tells synthetic from real images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.by_class import compared_by_class
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.metric import Found, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features

FOLDS = 5
REPEATS = 20
PENALTY = 0.01  # inverse strength: firm, because features are many and correlated


def area_of(judged: Sample, comparator: Sample) -> float:
    """Return the area under the curve of a classifier between the two samples, on folds it was not fitted to.

    Raises:
        NotMeasured: No fold holds both.
    """
    features = np.concatenate([judged.features, comparator.features])
    synthetic = np.repeat([1, 0], [len(judged), len(comparator)])
    groups = np.concatenate([judged.subjects, comparator.subjects + judged.subjects.max() + 1])
    areas = []
    for fit, test in GroupKFold(FOLDS).split(features, synthetic, groups):
        if len(np.unique(synthetic[test])) == 2 and len(np.unique(synthetic[fit])) == 2:
            model = LogisticRegression(C=PENALTY, max_iter=500).fit(features[fit], synthetic[fit])
            areas.append(roc_auc_score(synthetic[test], model.decision_function(features[test])))
    if not areas:
        raise NotMeasured("no fold holds both synthetic and real subjects")
    return float(np.mean(areas))


@metric(
    title="Classifier two-sample AUC",
    axis=Axis.FIDELITY,
    better=Better.TARGET,
    target=0.5,
    unit="AUC",
    per="set",
    source="arXiv:1610.06545",
    settings={"classifier": "logistic regression, L2", "folds": FOLDS},
    statistic=area_of,
)
def classifier_two_sample(
    synthetic_features: Features,
    synthetic_subjects: Sequence[str],
    test_features: Features,
    test_subjects: Sequence[str],
    seed: int,
    *,
    holdout_features: Features | None = None,
    holdout_subjects: Sequence[str] | None = None,
    synthetic_labels: Sequence[str] | None = None,
    test_labels: Sequence[str] | None = None,
    holdout_labels: Sequence[str] | None = None,
    embedding_settings: Mapping[str, Setting] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Found:
    """Return the AUC of a logistic regression that tells synthetic from real images, on folds it was not fitted to.

    Folds keep the images of a patient together. 0.5 means that these features hold no linear difference; it does not
    mean that a reader or a network sees none.

    Args:
        synthetic_features: ``cases features``, standardised by real images alone.
        synthetic_subjects: Subject per case.
        test_features: ``cases features`` of held-out real images.
        test_subjects: Subject per case.
        seed: Root seed of the splits.
        holdout_features: Further real images that the generator never saw.
        holdout_subjects: Their subjects.
        synthetic_labels: Class per case; where all sets have classes, each class is a stratum of its own.
        test_labels: Class per test image.
        holdout_labels: Class per holdout image.
        embedding_settings: What the features depend on, for the record.
        real_memo: Keeps the floor for other generators.

    Returns:
        An AUC in [0, 1]; 1 where the sets lie apart.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        Lopez-Paz and Oquab 2017, arXiv 1610.06545, section 3, with the AUC in place of the accuracy.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(180, 2))
        >>> people = [str(i) for i in range(120)]
        >>> found = classifier_two_sample(draw[:60] + 9.0, people[:60], draw[60:], people, 0)
        >>> round(found.value, 1), round(found.floor, 1)
        (1.0, 0.5)
    """
    return compared_by_class(
        "classifier_two_sample",
        area_of,
        (synthetic_features, synthetic_subjects, synthetic_labels),
        (test_features, test_subjects, test_labels),
        (holdout_features, holdout_subjects, holdout_labels),
        seed=seed,
        real_memo=real_memo,
        bounds=(0.0, 1.0),
        repeats=REPEATS,
        class_repeats=REPEATS // 2,
        settings=embedding_settings,
    )
