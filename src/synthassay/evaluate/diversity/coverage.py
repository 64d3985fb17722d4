"""Coverage: how many real images have a synthetic image nearby."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthassay.evaluate.distribution.by_class import compared_by_class
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.neighbours import NEIGHBOURS, manifolds
from synthassay.evaluate.metric import Found, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features


def coverage_of(judged: Sample, comparator: Sample) -> float:
    """Return the share of the comparator's neighbourhoods that hold a judged image."""
    return manifolds(judged.features, comparator.features).coverage


@metric(
    title="Coverage (k = 5)",
    axis=Axis.DIVERSITY,
    better=Better.HIGHER,
    unit="share",
    per="set",
    source="arXiv:2002.09797",
    settings={"neighbours": NEIGHBOURS, "ball": "closed"},
    statistic=coverage_of,
)
def coverage(
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
    """Return the share of real images whose neighbourhood holds some synthetic image.

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
        A share in [0, 1]; about 1 - 2^-k = 0.97 at best where both sets have the same size, as its floor shows.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        Naeem et al. 2020, arXiv 2002.09797, eq. 6.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(180, 2))
        >>> people = [str(i) for i in range(120)]
        >>> found = coverage(draw[:60] + 9.0, people[:60], draw[60:], people, 0)
        >>> round(found.value, 1), round(found.floor, 1)
        (0.0, 1.0)
    """
    return compared_by_class(
        "coverage",
        coverage_of,
        (synthetic_features, synthetic_subjects, synthetic_labels),
        (test_features, test_subjects, test_labels),
        (holdout_features, holdout_subjects, holdout_labels),
        seed=seed,
        real_memo=real_memo,
        bounds=(0.0, 1.0),
        settings=embedding_settings,
    )
