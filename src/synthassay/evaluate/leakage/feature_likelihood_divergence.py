"""Feature likelihood: whether training images are likelier around synthetic images than held-out patients are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synthassay.evaluate.distribution.equal_n import Sample, compared, pooled
from synthassay.evaluate.leakage.likelihood import fit_mixture
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features

REPEATS = 20
MOST_TRAINING = 1000


@metric(
    title="Feature likelihood gap",
    axis=Axis.LEAKAGE,
    better=Better.TARGET,
    target=0.0,
    unit="0.01 nats per feature",
    per="set",
    source="arXiv:2302.04440",
    settings={"variant": "generalisation gap", "most_training_images": MOST_TRAINING},
)
def feature_likelihood_divergence(
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
    """Return the training images' negative log likelihood minus the held-out images', around synthetic images.

    A Gaussian stands on each synthetic image, its variance fitted so that training images are likely. Where synthetic
    images repeat training images their Gaussians shrink onto them, and held-out images become unlikely: the gap is far
    below 0. The variances are fitted to the training images, so the gap lies somewhat below 0 without any copying: the
    floor is the gap of as many real images in the synthetic images' place.

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
        A difference, times 100; below its floor where training images are memorised.

    Raises:
        NotMeasured: Too few subjects or images to split.

    Source:
        Jiralerspong et al. 2023, arXiv 2302.04440, section 3 and its generalisation gap.

    Example:
        >>> draw = np.random.default_rng(0).normal(size=(300, 4))
        >>> people = [str(i) for i in range(300)]
        >>> copies = draw[:50] + 0.01
        >>> sets = (draw[:100], people[:100], draw[100:], people[100:], 0)
        >>> found = feature_likelihood_divergence(copies, people[:50], *sets)
        >>> found.value < -1000, round(found.floor)
        (True, -4)
    """
    step = -(-len(training_features) // MOST_TRAINING)
    training = Sample.of(training_features, training_subjects).features[::step]
    return compared(
        "feature_likelihood_divergence",
        lambda judged, comparator: likelihood_gap(judged.features, training, comparator.features),
        Sample.of(synthetic_features, synthetic_subjects),
        pooled(Sample.of(test_features, test_subjects), holdout_features, holdout_subjects),
        seed=seed,
        real_memo={} if real_memo is None else real_memo,
        repeats=REPEATS,
        settings={"training_images": len(training), **(embedding_settings or {})},
    )


def likelihood_gap(judged: Features, training: Features, unseen: Features) -> float:
    """Return 100 times the difference of mean negative log likelihoods per feature, training minus unseen."""
    mixture = fit_mixture(judged, training)
    return 100 * float(np.mean(mixture.loss(training)) - np.mean(mixture.loss(unseen)))
