"""Gaussian MMD: the unbiased squared maximum mean discrepancy, its bandwidth fixed by real images alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthassay.evaluate.distribution.by_class import Sides, with_classes
from synthassay.evaluate.distribution.discrepancies import discrepancy_finding
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.kernel_mmd import gaussian, kernel_discrepancy, median_distance
from synthassay.evaluate.metric import Finding, Found, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features


def discrepancy_of(judged: Sample, comparator: Sample) -> float:
    """Return the unbiased MMD² between two samples, the comparator alone giving the bandwidth."""
    return kernel_discrepancy(judged, comparator, gaussian(median_distance(comparator))).value


@metric(
    title="Gaussian MMD²",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="MMD²",
    per="set",
    source="arXiv:0805.2368",
    settings={
        "kernel": "exp(-|x - y|^2 / (2 s^2)), s the median distance between real images",
        "estimator": "unbiased, pairs of one subject left out",
    },
    statistic=discrepancy_of,
)
def gaussian_mmd(
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
    """Return the unbiased MMD² with a Gaussian kernel, with all images and a jackknife interval by subject.

    The kernel is bounded, so that no single image can outweigh the others, and sees every difference between
    distributions. Its bandwidth comes from real images alone: taken from the pair that is compared, as is usual, it
    would grow with the difference and make two comparisons incomparable.

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
        MMD², 0 on average for equal distributions, possibly negative, at most 2; its floor is that of real halves.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        Gretton et al. 2012, JMLR 13:723, eq. 3 (first as arXiv 0805.2368); median heuristic: section 8.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(180, 2))
        >>> people = [str(i) for i in range(120)]
        >>> found = gaussian_mmd(draw[:60] + 1.0, people[:60], draw[60:], people, 0)
        >>> round(found.value, 2), round(abs(found.floor), 2)
        (0.28, 0.0)
    """
    sides = Sides.of(
        (synthetic_features, synthetic_subjects, synthetic_labels),
        (test_features, test_subjects, test_labels),
        (holdout_features, holdout_subjects, holdout_labels),
    )
    memo: dict[Any, Any] = {} if real_memo is None else real_memo

    bandwidth = median_distance(sides.real)

    def measure(part: Sides, stratum: str) -> Finding:
        settings = {"bandwidth": bandwidth, **(embedding_settings or {})}
        return discrepancy_finding(
            "gaussian_mmd", part, stratum, gaussian(bandwidth), seed=seed, real_memo=memo, settings=settings
        )

    return with_classes(sides, measure)
