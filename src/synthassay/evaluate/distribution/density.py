"""Density: how crowded with real images the places are where synthetic images lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthassay.evaluate.distribution.by_class import compared_by_class
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.neighbours import NEIGHBOURS, manifolds
from synthassay.evaluate.metric import Found, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features


def density_of(judged: Sample, comparator: Sample) -> float:
    """Return the density of the judged sample among the comparator."""
    return manifolds(judged.features, comparator.features).density


@metric(
    title="Density (k = 5)",
    axis=Axis.FIDELITY,
    better=Better.TARGET,
    target=1.0,
    unit="ratio",
    per="set",
    source="arXiv:2002.09797",
    settings={"neighbours": NEIGHBOURS, "ball": "closed"},
    statistic=density_of,
)
def density(
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
    """Return how many real neighbourhoods a synthetic image lies in, over k, on average.

    It may exceed 1, and does where synthetic images gather in the midst of the real ones: more is not better.

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
        At least 0; about 1 for equal distributions.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        Naeem et al. 2020, arXiv 2002.09797, eq. 5.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(180, 2))
        >>> people = [str(i) for i in range(120)]
        >>> found = density(draw[:60] + 9.0, people[:60], draw[60:], people, 0)
        >>> round(found.value, 1), round(found.floor, 1)
        (0.0, 1.0)
    """
    return compared_by_class(
        "density",
        density_of,
        (synthetic_features, synthetic_subjects, synthetic_labels),
        (test_features, test_subjects, test_labels),
        (holdout_features, holdout_subjects, holdout_labels),
        seed=seed,
        real_memo=real_memo,
        bounds=(0.0, float("inf")),
        settings=embedding_settings,
    )
