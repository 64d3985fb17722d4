"""Kernel distance: the unbiased squared maximum mean discrepancy of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthassay.evaluate.distribution.by_class import Sides, with_classes
from synthassay.evaluate.distribution.discrepancies import discrepancy_finding
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.kernel_mmd import cubic, kernel_discrepancy
from synthassay.evaluate.metric import Finding, Found, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features


def discrepancy_of(judged: Sample, comparator: Sample) -> float:
    """Return the unbiased MMD² between two samples."""
    return kernel_discrepancy(judged, comparator).value


@metric(
    title="Kernel distance MMD²",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="MMD²",
    per="set",
    source="arXiv:1801.01401",
    settings={"kernel": "(x.y / d + 1)^3", "estimator": "unbiased, pairs of one subject left out"},
    statistic=discrepancy_of,
)
def kernel_distance(
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
    """Return the unbiased MMD² between synthetic and real images, with all images and a jackknife interval by subject.

    Unlike the Fréchet distance it does not grow when images are few; unlike the usual spread over random subsets, its
    interval is one of sampling error. A value below 0 means: no difference seen.

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
        MMD², 0 on average for equal distributions, possibly negative; its floor is that of real halves.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        Binkowski et al. 2018, arXiv 1801.01401, section 4; Gretton et al. 2012, JMLR 13:723, eq. 3.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(180, 2))
        >>> people = [str(i) for i in range(120)]
        >>> found = kernel_distance(draw[:60] + 1.0, people[:60], draw[60:], people, 0)
        >>> round(found.value, 1), round(found.floor, 1)
        (17.9, 0.0)
    """
    sides = Sides.of(
        (synthetic_features, synthetic_subjects, synthetic_labels),
        (test_features, test_subjects, test_labels),
        (holdout_features, holdout_subjects, holdout_labels),
    )
    memo: dict[Any, Any] = {} if real_memo is None else real_memo

    def measure(part: Sides, stratum: str) -> Finding:
        return discrepancy_finding(
            "kernel_distance", part, stratum, cubic, seed=seed, real_memo=memo, settings=embedding_settings or {}
        )

    return with_classes(sides, measure)
