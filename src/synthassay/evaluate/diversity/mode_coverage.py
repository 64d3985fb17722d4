"""Mode coverage: the share of real clusters that synthetic images do not leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthassay.evaluate.distribution.by_class import compared_by_class
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.diversity.bins import SIGNIFICANCE, bin_settings, occupied
from synthassay.evaluate.metric import Found, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features


def covered_share(judged: Sample, comparator: Sample) -> float:
    """Return the share of the comparator's bins that hold no significantly smaller share of the judged sample."""
    return occupied(judged.features, comparator.features).covered


@metric(
    title="Mode coverage",
    axis=Axis.DIVERSITY,
    better=Better.HIGHER,
    unit="share",
    per="set",
    source="arXiv:1805.12462",
    settings={"modes": "k-means of the real half", "significance": SIGNIFICANCE},
    statistic=covered_share,
)
def mode_coverage(
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
    """Return the share of real clusters in which synthetic images are not significantly too few.

    A cluster is lost where its share of synthetic images lies below its share of real ones by a one-sided
    two-proportion z test. Too many images in a cluster do not count here; they do in ``different_bins``.

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
        A share in [0, 1]; its floor is what real images of other patients reach.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        Clusters and test of Richardson and Weiss 2018, arXiv 1805.12462, section 3, the test taken to one side.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(180, 2))
        >>> people = [str(i) for i in range(120)]
        >>> found = mode_coverage(draw[:60] + 9.0, people[:60], draw[60:], people, 0)
        >>> round(found.value, 1), round(found.floor, 1)
        (0.5, 1.0)
    """
    return compared_by_class(
        "mode_coverage",
        covered_share,
        (synthetic_features, synthetic_subjects, synthetic_labels),
        (test_features, test_subjects, test_labels),
        (holdout_features, holdout_subjects, holdout_labels),
        seed=seed,
        real_memo=real_memo,
        bounds=(0.0, 1.0),
        settings=embedding_settings,
        more=bin_settings,
    )
