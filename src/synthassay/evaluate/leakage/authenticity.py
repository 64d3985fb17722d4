"""Authenticity: how many synthetic images are no nearer to a training image than other patients are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample, pooled
from synthassay.evaluate.distribution.neighbours import blocks
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.evaluate.patients import patients
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features
from synthassay.stats.resampling import mean_interval


@metric(
    title="Authenticity",
    axis=Axis.LEAKAGE,
    better=Better.HIGHER,
    unit="share",
    per="set",
    source="arXiv:2102.08921",
    settings={"neighbour": "nearest training image of another patient"},
)
def authenticity(
    synthetic_features: Features,
    synthetic_subjects: Sequence[str],
    training_features: Features,
    training_subjects: Sequence[str],
    test_features: Features,
    test_subjects: Sequence[str],
    rng: np.random.Generator,
    bootstrap: int,
    *,
    holdout_features: Features | None = None,
    holdout_subjects: Sequence[str] | None = None,
    embedding_settings: Mapping[str, Setting] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding:
    """Return the share of synthetic images that are further from their training image than other patients are from it.

    Each synthetic image has a nearest training image r; it counts as copied where it is nearer to r than any other
    patient's training image is. Real images of held-out patients do not reach 1 either (about 0.5 to 0.8): the floor is
    their share. An image unlike all real ones is authentic by this measure; that is not praise.

    Args:
        synthetic_features: ``cases features``, standardised by real test images alone.
        synthetic_subjects: Subject per case.
        training_features: ``cases features`` of the generator's training images.
        training_subjects: Subject per training image.
        test_features: ``cases features`` of held-out real images.
        test_subjects: Subject per test image.
        rng: Source of the draws.
        bootstrap: Resampling draws for the interval.
        holdout_features: Further real images that the generator never saw.
        holdout_subjects: Their subjects.
        embedding_settings: What the features depend on, for the record.
        real_memo: Keeps what rests on real images alone for the next generator.

    Returns:
        A share in [0, 1]; 0 where all images repeat training images.

    Raises:
        NotMeasured: The training images are of one patient only.

    Source:
        Alaa et al. 2022, arXiv 2102.08921, section 4.3; with the nearest training image's own neighbour, as in Stein et
        al. 2023, arXiv 2306.04675 (the first authors' code looks up another image's).

    Example:
        >>> draw = np.random.default_rng(0).normal(size=(200, 4))
        >>> people = [str(i) for i in range(200)]
        >>> copies = draw[:50] + 1e-3
        >>> sets = (people[:50], draw[:100], people[:100], draw[100:], people[100:], np.random.default_rng(0), 200)
        >>> found = authenticity(copies, *sets)
        >>> found.value, round(found.floor, 1)
        (0.0, 0.5)
    """
    training = Sample.of(training_features, training_subjects)
    memo: dict[Any, Any] = {} if real_memo is None else real_memo
    if "authenticity" not in memo:
        memo["authenticity"] = nearest_other(training)
    reach = memo["authenticity"]
    synthetic = Sample.of(synthetic_features, synthetic_subjects)
    real = pooled(Sample.of(test_features, test_subjects), holdout_features, holdout_subjects)
    values, floors = (authentic(sample.features, training.features, reach) for sample in (synthetic, real))
    return Finding(
        value=float(values.mean()),
        interval=mean_interval(values, list(map(str, synthetic.subjects)), rng=rng, draws=bootstrap),
        floor=float(floors.mean()),
        floor_interval=mean_interval(floors, list(map(str, real.subjects)), rng=rng, draws=bootstrap),
        n=len(synthetic),
        subjects=patients(synthetic.subjects, real.subjects, training.subjects),
        settings={"training_images": len(training), "real_images": len(real), **(embedding_settings or {})},
    )


def nearest_other(training: Sample) -> np.ndarray:
    """Return each training image's squared distance to the nearest one of another patient.

    Raises:
        NotMeasured: There is one patient only.
    """
    if len(np.unique(training.subjects)) < 2:
        raise NotMeasured("the training images are of one patient only, so no other patient is near or far")
    out = np.empty(len(training))
    for rows, squared in blocks(training.features, training.features):
        squared[training.subjects[rows, None] == training.subjects] = np.inf
        out[rows] = squared.min(1)
    return out


def authentic(judged: Features, training: Features, reach: np.ndarray) -> np.ndarray:
    """Return 1.0 per judged image that lies further from its nearest training image than ``reach`` of that image."""
    out = np.empty(len(judged))
    for rows, squared in blocks(judged, training):
        at = squared.argmin(1)
        out[rows] = reach[at] < squared[np.arange(len(at)), at]
    return out
