"""Kernel distance: the unbiased squared maximum mean discrepancy of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthassay.evaluate.distribution.equal_n import LEVEL, Sample, Z, pooled, real_floor
from synthassay.evaluate.distribution.kernel_mmd import kernel_discrepancy
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.evaluate.patients import patients
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features


@metric(
    title="Kernel distance MMD²",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="MMD²",
    per="set",
    source="arXiv:1801.01401",
    settings={"kernel": "(x.y / d + 1)^3", "estimator": "unbiased, pairs of one subject left out"},
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
    embedding_settings: Mapping[str, Setting] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding:
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
    synthetic = Sample.of(synthetic_features, synthetic_subjects)
    real = pooled(Sample.of(test_features, test_subjects), holdout_features, holdout_subjects)
    found = kernel_discrepancy(synthetic, real)
    memo: dict[Any, Any] = {} if real_memo is None else real_memo
    floor, floor_interval, half = real_floor("kernel_distance", _value, real, seed=seed, real_memo=memo)
    return Finding(
        value=found.value,
        interval=Interval(
            low=found.value - Z * found.standard_error,
            high=found.value + Z * found.standard_error,
            level=LEVEL,
            method="delete-one-subject jackknife, normal",
        ),
        n=len(synthetic),
        subjects=patients(synthetic.subjects, real.subjects),
        floor=floor,
        floor_interval=floor_interval,
        settings={"real_images": len(real), "images_per_real_half": half, **(embedding_settings or {})},
    )


def _value(first: Sample, second: Sample) -> float:
    return kernel_discrepancy(first, second).value
