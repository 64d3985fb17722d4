"""Vendi score: how many different images the synthetic set amounts to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synthassay.evaluate.distribution.by_class import compared_by_class
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.metric import Found, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features

ORDER = 1.0


def vendi_score(features: Features, order: float = ORDER) -> float:
    """Return exp of the Rényi entropy of order q of the eigenvalues of K / n, K the cosine similarities.

    Args:
        features: ``cases features``; a row of zeros counts as unlike all others.
        order: q >= 0, infinity allowed; 1 is Shannon's entropy, larger orders attend to common images only.

    Raises:
        ValueError: The order is negative.

    Source: Pasarkar and Dieng 2023, arXiv 2310.12952, eq. 3 (orders); Friedman and Dieng 2023, arXiv 2210.02410.

    Example:
        >>> square = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
        >>> [round(vendi_score(square, q), 3) for q in (0, 1, 2, np.inf)]
        [2.0, 1.755, 1.6, 1.333]
    """
    if order < 0:
        raise ValueError(f"a Vendi score has an order of at least 0, not {order}")
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.divide(features, lengths, out=np.zeros_like(features), where=lengths > 0)
    alone = int((lengths == 0).sum())  # each has similarity 1 with itself and 0 with the others
    values = np.linalg.svd(unit, compute_uv=False) ** 2 / len(unit)
    values = np.concatenate([values, np.full(alone, 1 / len(unit))])
    values = values[values > 1e-12]
    values = values / values.sum()
    if order == 1:
        return float(np.exp(-(values * np.log(values)).sum()))
    if np.isinf(order):
        return float(1 / values.max())
    return float((values**order).sum() ** (1 / (1 - order)))


def vendi_of(judged: Sample, _comparator: Sample) -> float:
    """Return the score of the judged sample; the comparator plays no part."""
    return vendi_score(judged.features)


@metric(
    title="Vendi score (q = 1)",
    axis=Axis.DIVERSITY,
    better=Better.HIGHER,
    unit="effective images",
    per="set",
    source="arXiv:2210.02410",
    settings={"order": ORDER, "kernel": "cosine"},
    statistic=vendi_of,
)
def vendi(
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
    """Return the effective number of different images in the synthetic set.

    It grows with the number of images and never exceeds it: read it against its floor, real sets of the same size.

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
        Between 1 (all alike) and the number of images per set.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        Friedman and Dieng 2023, arXiv 2210.02410, definition 3.1.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(180, 2))
        >>> people = [str(i) for i in range(120)]
        >>> found = vendi(draw[:60] * 0 + 1.0, people[:60], draw[60:], people, 0)
        >>> round(found.value, 1), round(found.floor, 1)
        (1.0, 2.0)
    """
    return compared_by_class(
        "vendi",
        vendi_of,
        (synthetic_features, synthetic_subjects, synthetic_labels),
        (test_features, test_subjects, test_labels),
        (holdout_features, holdout_subjects, holdout_labels),
        seed=seed,
        real_memo=real_memo,
        bounds=(1.0, float("inf")),
        settings=embedding_settings,
    )
