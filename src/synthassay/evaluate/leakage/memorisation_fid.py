"""MiFID: the Fréchet distance to training images over a penalty for closeness to them, as published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample, compared, pooled
from synthassay.evaluate.distribution.gaussian import frechet_from_features
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features

REPEATS = 20
COSINE_BOUND = 0.1
ROWS_AT_ONCE = 512


@metric(
    title="MiFID (published variant)",
    axis=Axis.LEAKAGE,
    better=Better.LOWER,
    unit="squared SD of real features",
    per="set",
    source="arXiv:2106.03062",
    settings={"cosine_bound": COSINE_BOUND, "cosine": "absolute", "compared_with": "training images"},
)
def memorisation_fid(
    synthetic_features: Features,
    synthetic_subjects: Sequence[str],
    training_features: Features,
    training_subjects: Sequence[str],
    test_features: Features,
    test_subjects: Sequence[str],
    seed: int,
    *,
    holdout_features: Features | None = None,
    holdout_subjects: Sequence[str] | None = None,
    embedding_settings: Mapping[str, Setting] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding:
    """Return the Fréchet distance to the training images, divided by the mean cosine distance to the nearest of them.

    Kept because others report it; do not rest a decision on it. Its penalty counts only where the mean distance is
    below 0.1, a bound without a scale that most medical sets lie above whatever was copied: then it is a plain Fréchet
    distance. Images whose features point opposite ways count as identical. And the Fréchet distance to training images
    is smallest for copies of them. ``penalised`` in the settings tells whether the penalty took part.

    Args:
        synthetic_features: ``cases features``, standardised by real test images alone.
        synthetic_subjects: Subject per case.
        training_features: ``cases features`` of the generator's training images.
        training_subjects: Subject per training image.
        test_features: ``cases features`` of held-out real images.
        test_subjects: Subject per test image.
        seed: Root seed of the splits.
        holdout_features: Further real images that the generator never saw.
        holdout_subjects: Their subjects.
        embedding_settings: What the features depend on, for the record.
        real_memo: Keeps what rests on real images alone for the next generator.

    Returns:
        At least 0; the floor has as many held-out real images in the synthetic images' place.

    Raises:
        NotMeasured: Too few subjects or images to split, or no image has a direction.

    Source:
        Bai et al. 2021, arXiv 2106.03062, section 3; bound and absolute cosine as in torchmetrics 1.9.

    Example:
        >>> draw = np.random.default_rng(0).normal(size=(300, 6))
        >>> people = [str(i) for i in range(300)]
        >>> sets = (draw[:100], people[:100], draw[100:], people[100:], 0)
        >>> found = memorisation_fid(draw[:50], people[:50], *sets)
        >>> found.value > found.floor, found.settings["penalised"]
        (True, True)
    """
    training = Sample.of(training_features, training_subjects).features
    synthetic = Sample.of(synthetic_features, synthetic_subjects)
    return compared(
        "memorisation_fid",
        lambda judged, _: mifid(judged.features, training),
        synthetic,
        pooled(Sample.of(test_features, test_subjects), holdout_features, holdout_subjects),
        seed=seed,
        real_memo={} if real_memo is None else real_memo,
        bounds=(0.0, float("inf")),
        repeats=REPEATS,
        settings={
            "training_images": len(training),
            "cosine_distance": cosine_distance(synthetic.features, training),
            "penalised": cosine_distance(synthetic.features, training) < COSINE_BOUND,
            **(embedding_settings or {}),
        },
    )


def mifid(judged: Features, training: Features) -> float:
    """Return d² over the mean cosine distance, the latter 1 from ``COSINE_BOUND`` on.

    Source: Bai et al. 2021, arXiv 2106.03062, eqs. 3 to 5, which average over the judged images. torchmetrics averages
    over the real ones, so that hundreds of copies of one patient go unpunished.
    """
    distance = cosine_distance(judged, training)
    return frechet_from_features(judged, training) / (distance + 1e-14 if distance < COSINE_BOUND else 1.0)


def cosine_distance(judged: Features, training: Features) -> float:
    """Return the mean over judged images of the smallest 1 - |cosine| to a training image; rows of zeros are left out.

    Raises:
        NotMeasured: All rows of a set are zero.
    """
    one, other = (_directions(rows) for rows in (judged, training))
    if not len(one) or not len(other):
        raise NotMeasured("the features of a set are all zero, so they have no direction")
    nearest = [
        1 - np.abs(one[start : start + ROWS_AT_ONCE] @ other.T).max(1) for start in range(0, len(one), ROWS_AT_ONCE)
    ]
    return float(np.mean(np.concatenate(nearest)))


def _directions(rows: Features) -> Features:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    used = lengths[:, 0] > 0
    return rows[used] / lengths[used]
