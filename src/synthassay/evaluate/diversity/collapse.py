"""Collapse: synthetic images that are nearer to each other than real patients ever are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synthassay.evaluate.distribution.by_class import compared_by_class
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.neighbours import blocks
from synthassay.evaluate.metric import Found, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features

QUANTILE = 0.05


def near_repeats(judged: Sample, comparator: Sample) -> float:
    """Return the share of the judged sample with a closer relative in it than 95 % of the comparator have."""
    real = _nearest(comparator.features, comparator.subjects)
    own = _nearest(judged.features, judged.subjects)
    return float((own < np.quantile(real, QUANTILE)).mean())


def _nearest(features: Features, group: np.ndarray) -> np.ndarray:
    """Squared distance of each image to the nearest of another group."""
    out = np.empty(len(features))
    for rows, squared in blocks(features, features):
        squared[group[rows, None] == group] = np.inf
        out[rows] = squared.min(1)
    return out


@metric(
    title="Collapse (share of near-repeats)",
    axis=Axis.DIVERSITY,
    better=Better.TARGET,
    target=QUANTILE,
    unit="share",
    per="set",
    source="arXiv:1706.08224",
    settings={"real_quantile": QUANTILE},
    statistic=near_repeats,
)
def collapse(
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
    """Return the share of synthetic images with a closer relative among them than 95 % of real patients have.

    Where a tenth of the images repeat another, it rises by about a tenth. Images of one patient are
    alike for good reason and are never compared: not real ones, nor synthetic ones made from one patient's images.

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
        A share in [0, 1]; 0.05 where synthetic images vary as real patients do, 1 where all repeat one image.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        The birthday-paradox test of Arora and Zhang 2017, arXiv 1706.08224, with a distance in place of the eye and a
        real quantile in place of a threshold.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(180, 2))
        >>> people = [str(i) for i in range(120)]
        >>> found = collapse(draw[:60] * 0.01, people[:60], draw[60:], people, 0)
        >>> round(found.value, 1), round(found.floor, 1)
        (1.0, 0.1)
    """
    return compared_by_class(
        "collapse",
        near_repeats,
        (synthetic_features, synthetic_subjects, synthetic_labels),
        (test_features, test_subjects, test_labels),
        (holdout_features, holdout_subjects, holdout_labels),
        seed=seed,
        real_memo=real_memo,
        bounds=(0.0, 1.0),
        settings=embedding_settings,
    )
