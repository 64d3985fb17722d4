"""C_T: whether synthetic images lie nearer to training images than held-out patients do, region by region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthassay.evaluate.distribution.equal_n import Sample, compared, pooled
from synthassay.evaluate.leakage.cells import CELL_IMAGES, cells_for, data_copying, training_cells
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features

REPEATS = 20


@metric(
    title="Data copying C_T",
    axis=Axis.LEAKAGE,
    better=Better.TARGET,
    target=0.0,
    unit="z",
    per="set",
    source="arXiv:2004.05675",
    settings={"least_images_per_cell": CELL_IMAGES, "cells_from": "k-means of the training images"},
)
def c_t(
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
    """Return the Mann-Whitney z of distances to the training images, synthetic against held-out, averaged over cells.

    Below 0 synthetic images lie nearer to training images than other patients do: copying. Above 0 they lie further:
    underfitting. It compares within cells of k-means, so that copying in one region is not made up for by distance in
    another. Cells with too few held-out images are merged into their nearest neighbour, cells with too few synthetic
    images left out; both are told. z grows with the number of images: read it against its floor at the same number.

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
        A mean z; real images of other patients have about 0, with a spread of about 1, as the floor shows.

    Raises:
        NotMeasured: Too few subjects or images to split, or no cell holds enough images.

    Source:
        Meehan, Chaudhuri and Dasgupta 2020, arXiv 2004.05675, section 3.2 (weighted by held-out images, with continuity
        correction).

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal(size=(400, 4))
        >>> people = [str(i) for i in range(400)]
        >>> copies = draw[:80] + 0.01
        >>> found = c_t(copies, people[:80], draw[:200], people[:200], draw[200:], people[200:], 0)
        >>> round(found.value), round(found.floor)
        (-8, 0)
    """
    synthetic = Sample.of(synthetic_features, synthetic_subjects)
    real = pooled(Sample.of(test_features, test_subjects), holdout_features, holdout_subjects)
    training = Sample.of(training_features, training_subjects).features
    memo: dict[Any, Any] = {} if real_memo is None else real_memo
    count = cells_for(min(len(synthetic), len(real)) // 2)
    if ("c_t", count) not in memo:
        memo["c_t", count] = training_cells(training, count)
    centres = memo["c_t", count]
    whole = data_copying(synthetic.features, real.features, training, centres)
    return compared(
        f"c_t {count}",
        lambda judged, comparator: data_copying(judged.features, comparator.features, training, centres).value,
        synthetic,
        real,
        seed=seed,
        real_memo=memo,
        repeats=REPEATS,
        settings={
            "training_images": len(training),
            "cells": len(centres),
            "cells_merged": whole.merged,
            "cells_left_out": whole.left_out,
            "c_t_of_all_images": whole.value,
            **(embedding_settings or {}),
        },
    )
