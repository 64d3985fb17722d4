"""Sliced Wasserstein distance between the synthetic and the real set of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthassay.evaluate.distribution.by_class import compared_by_class
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.sliced import PROJECTIONS, sliced_distance
from synthassay.evaluate.metric import Found, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features


def distance_of(judged: Sample, comparator: Sample) -> float:
    """Return the sliced 2-Wasserstein distance between two samples."""
    return sliced_distance(judged.features, comparator.features)


@metric(
    title="Sliced Wasserstein distance",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="SD of real features",
    per="set",
    source="doi:10.1007/s10851-014-0506-3",
    settings={"order": 2, "projections": PROJECTIONS, "directions": "the same in every comparison"},
    statistic=distance_of,
)
def sliced_wasserstein(
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
    """Return the sliced 2-Wasserstein distance between synthetic and real images, beside that between real images.

    It compares whole distributions along 256 directions, with no Gaussian assumed and no kernel chosen; differences in
    one feature among many are diluted, as a shift by v counts |v| / sqrt(features).

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
        At least 0, in SD of real features; larger when images are few, hence the floor.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        Bonneel et al. 2015, doi:10.1007/s10851-014-0506-3, definition 3.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(180, 2))
        >>> people = [str(i) for i in range(120)]
        >>> found = sliced_wasserstein(draw[:60] + 2.0, people[:60], draw[60:], people, 0)
        >>> round(found.value, 1), round(found.floor, 1)
        (2.3, 0.4)
    """
    return compared_by_class(
        "sliced_wasserstein",
        distance_of,
        (synthetic_features, synthetic_subjects, synthetic_labels),
        (test_features, test_subjects, test_labels),
        (holdout_features, holdout_subjects, holdout_labels),
        seed=seed,
        real_memo=real_memo,
        bounds=(0.0, float("inf")),
        settings=embedding_settings,
    )
