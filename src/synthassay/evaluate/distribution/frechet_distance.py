"""Fréchet distance between the synthetic and the real set of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthassay.evaluate.distribution.by_class import compared_by_class
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.gaussian import frechet_from_features
from synthassay.evaluate.metric import Found, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features


def distance_of(judged: Sample, comparator: Sample) -> float:
    """Return d² between two samples."""
    return frechet_from_features(judged.features, comparator.features)


@metric(
    title="Fréchet distance d²",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="squared SD of real features",
    per="set",
    source="doi:10.1016/0047-259X(82)90077-X",
    settings={"covariance_denominator": "n - 1", "squared": True},
    statistic=distance_of,
)
def frechet_distance(
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
    """Return d² between synthetic and real images, beside d² between real images of other patients.

    d² is what is called FID where the features come from an ImageNet network: already squared, and larger when images
    are fewer. Read it against its floor, which has the same number of images on both sides.

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
        d² >= 0 with its floor; equal sets of infinite size have 0.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        Dowson and Landau 1982, doi:10.1016/0047-259X(82)90077-X, eq. 4; as a measure of image sets, Heusel et al. 2017,
        arXiv 1706.08500, eq. 6.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(120, 3))
        >>> people = [str(i) for i in range(80)]
        >>> found = frechet_distance(draw[:40] + 2.0, people[:40], draw[40:], people, 0)
        >>> round(found.value), round(found.floor)
        (14, 1)
    """
    return compared_by_class(
        "frechet_distance",
        distance_of,
        (synthetic_features, synthetic_subjects, synthetic_labels),
        (test_features, test_subjects, test_labels),
        (holdout_features, holdout_subjects, holdout_labels),
        seed=seed,
        real_memo=real_memo,
        bounds=(0.0, float("inf")),
        settings=embedding_settings,
    )
