"""Whether synthetic images show the class that they are labelled with, as far as real images teach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.evaluate.patients import patients
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features
from synthassay.stats.resampling import mean_interval

LEAST_PER_CLASS = 10
STRENGTH = 0.01


@metric(
    title="Label agreement (balanced accuracy)",
    axis=Axis.FAILURE,
    better=Better.HIGHER,
    unit="share",
    per="set",
    source="arXiv:1807.09499",
    settings={"classifier": "logistic regression on the embedding, L2", "C": STRENGTH, "class_weight": "balanced"},
)
def label_agreement(
    synthetic_features: Features,
    synthetic_labels: Sequence[str],
    synthetic_subjects: Sequence[str],
    training_features: Features,
    training_labels: Sequence[str],
    *,
    test_features: Features,
    test_labels: Sequence[str],
    test_subjects: Sequence[str],
    rng: np.random.Generator,
    bootstrap: int,
    embedding_settings: Mapping[str, Setting] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding:
    """Return how often a classifier of real images gives synthetic images the class of their label, class by class.

    Synthetic images with wrong labels spoil whoever trains on them, and nothing that compares pictures sees it. The
    classifier learns from the real training images, and its own limit is the ``floor``: the same share among real
    test images. A value far below the floor means wrong labels or images that do not show their class; one far above
    it means images that show their class more plainly than patients do.

    Args:
        synthetic_features: ``cases features`` of the images judged.
        synthetic_labels: The class that each was asked for.
        synthetic_subjects: Whose they are.
        training_features: Of real training images, which the classifier learns from.
        training_labels: Their classes.
        test_features: Of real test images, for the floor.
        test_labels: Their classes.
        test_subjects: Whose they are.
        rng: Draws subjects for the intervals.
        bootstrap: Number of draws.
        embedding_settings: What the features depend on, for the record.
        real_memo: Keeps the classifier and the floor for the next generator.

    Returns:
        Mean over classes of the share with the right class, from 0 to 1.

    Raises:
        NotMeasured: A class has fewer than ten real training images, the synthetic images have a class that real ones
            do not, or only one class is there.

    Source:
        GAN-test: Shmelkov, Schmid and Alahari 2018, arXiv:1807.09499, section 3.2, with balanced accuracy.

    Example:
        >>> draw = np.random.default_rng(0)
        >>> labels = ["sick" if i % 2 else "well" for i in range(60)]
        >>> rows = draw.normal(size=(60, 3)) + [[3.0 * (i % 2), 0, 0] for i in range(60)]
        >>> who = [str(i) for i in range(60)]
        >>> swapped = [*["well" if name == "sick" else "sick" for name in labels[:30]], *labels[30:]]
        >>> found = label_agreement(
        ...     rows, swapped, who, rows, labels,
        ...     test_features=rows, test_labels=labels, test_subjects=who, rng=draw, bootstrap=200,
        ... )
        >>> 0.4 < found.value < 0.6 and found.floor > 0.9
        True
    """
    classes = _classes(training_labels, synthetic_labels, test_labels)
    memo = {} if real_memo is None else real_memo
    if "label_agreement" not in memo:
        model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1000)
        memo["label_agreement"] = model.fit(training_features, np.asarray(training_labels))
    model = memo["label_agreement"]
    agree = _weighted(synthetic_labels, model.predict(synthetic_features))
    real = _weighted(test_labels, model.predict(test_features))
    return Finding(
        value=float(agree.mean()),
        interval=mean_interval(agree.tolist(), list(synthetic_subjects), rng=rng, draws=bootstrap),
        floor=float(real.mean()),
        floor_interval=mean_interval(real.tolist(), list(test_subjects), rng=rng, draws=bootstrap),
        n=len(synthetic_labels),
        subjects=patients(synthetic_subjects, test_subjects),
        settings={"classes": ", ".join(classes), **(embedding_settings or {})},
    )


def _weighted(labels: Sequence[str], predicted: np.ndarray) -> np.ndarray:
    """Whether each image was recognised, weighted so that the mean over images is the mean over classes."""
    names, code, sizes = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    weights = len(code) / (len(names) * sizes)
    return (np.asarray(labels) == predicted) * weights[code]


def _classes(training: Sequence[str], synthetic: Sequence[str], test: Sequence[str]) -> list[str]:
    counts = {name: list(training).count(name) for name in sorted(set(training))}
    if len(counts) < 2:
        raise NotMeasured(f"the real training images have {len(counts)} class, and one class cannot be mistaken")
    if small := [f"{name} ({count})" for name, count in counts.items() if count < LEAST_PER_CLASS]:
        raise NotMeasured(f"fewer than {LEAST_PER_CLASS} real training images of class {', '.join(small)}")
    if unknown := sorted({*synthetic, *test} - set(counts)):
        raise NotMeasured(f"the real training images have no class {', '.join(unknown)}")
    return list(counts)
