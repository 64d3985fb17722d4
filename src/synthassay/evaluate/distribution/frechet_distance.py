"""Fréchet distance between the synthetic and the real set of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthassay.evaluate.distribution.equal_n import Sample, compared, pooled
from synthassay.evaluate.distribution.gaussian import frechet_from_features
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features


@metric(
    title="Fréchet distance d²",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="squared SD of real features",
    per="set",
    source="doi:10.1016/0047-259X(82)90077-X",
    settings={"covariance_denominator": "n - 1", "squared": True},
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
    embedding_settings: Mapping[str, Setting] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding:
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
    real = pooled(Sample.of(test_features, test_subjects), holdout_features, holdout_subjects)
    return compared(
        "frechet_distance",
        lambda judged, comparator: frechet_from_features(judged.features, comparator.features),
        Sample.of(synthetic_features, synthetic_subjects),
        real,
        seed=seed,
        real_memo={} if real_memo is None else real_memo,
        bounds=(0.0, float("inf")),
        settings=dict(embedding_settings or {}),
    )
