"""A classifier measure on real patients with its interval: over patients and over repeated trainings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from synthassay.evaluate.metric import Finding
from synthassay.evaluate.utility.trial import Trial
from synthassay.records.measurement import Interval
from synthassay.stats.resampling import FEW_SUBJECTS, subject_counts

DRAWS_AT_ONCE = 200
MOST_UNDEFINED = 0.05

Floats = NDArray[np.float64]
Measure = Callable[[Floats, NDArray[np.intp], Floats | None], Floats]


def score(
    measure: Measure,
    scores: Floats,
    truth: NDArray[np.intp],
    subjects: Sequence[str],
    *,
    draws: int,
    rng: np.random.Generator,
    minus: Floats | None = None,
) -> tuple[float, Interval | None]:
    """Return a measure averaged over repeats, or its difference between two arms, with an interval.

    Each draw takes subjects with replacement, and repeats with replacement independently of them (Owen 2007), so the
    interval answers for other patients and for another run of the training. Both arms of a difference are measured on
    the same draw.

    Args:
        measure: Takes ``cases classes`` scores, truth and ``draws cases`` weights; returns one value per draw.
        scores: ``repeats cases classes``.
        truth: Class index per case.
        subjects: Subject per case.
        draws: Bootstrap draws; 0 for no interval.
        rng: Source of the draws.
        minus: Scores of the arm that is subtracted, of the same shape.

    Returns:
        The value on all cases; and its percentile interval, or None with fewer than ten subjects or where a class
        vanishes from more than 5 % of the draws.

    Source:
        Owen, Ann Appl Stat 1:386 (2007), doi:10.1214/07-AOAS122 (rows and columns resampled).
    """

    def values(weights: Floats | None) -> Floats:
        found = np.stack([measure(one, truth, weights) for one in scores])
        return found if minus is None else found - np.stack([measure(one, truth, weights) for one in minus])

    estimate = float(values(None).mean())
    _, index = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    count, repeats = int(index.max()) + 1, len(scores)
    if count < FEW_SUBJECTS or not draws:
        return estimate, None
    found = []
    for start in range(0, draws, DRAWS_AT_ONCE):
        step = min(DRAWS_AT_ONCE, draws - start)
        by_repeat = values(subject_counts(count, step, rng)[:, index])
        drawn = rng.integers(repeats, size=(repeats, step))
        found.append(np.take_along_axis(by_repeat, drawn, axis=0).mean(axis=0))
    distribution = np.concatenate(found)
    defined = distribution[np.isfinite(distribution)]
    if len(defined) < (1 - MOST_UNDEFINED) * draws:
        return estimate, None
    low, high = np.quantile(defined, [0.025, 0.975])
    method = f"bootstrap of subjects and trainings, percentile, {draws} draws"
    return estimate, Interval(low=float(low), high=float(high), method=method)


def beside_real(
    measure: Measure,
    trial: Trial,
    on: str,
    labels: Sequence[str],
    subjects: Sequence[str],
    *,
    draws: int,
    rng: np.random.Generator,
) -> Finding:
    """Return a measure of classifiers trained on synthetic images, beside those trained on real ones as the floor.

    Args:
        measure: As for ``score``.
        trial: Trains the classifiers.
        on: Name of the real set that they are tested on.
        labels: Class of each of its images.
        subjects: Subject of each of them.
        draws: Bootstrap draws.
        rng: Source of the draws.

    Raises:
        NotMeasured: A class is missing, or sizes differ.
    """
    truth = trial.truth(labels)
    synthetic, real = (
        score(measure, trial.scores(arm, on), truth, subjects, draws=draws, rng=rng) for arm in ("synthetic", "real")
    )
    return Finding(
        value=synthetic[0],
        interval=synthetic[1],
        floor=real[0],
        floor_interval=real[1],
        n=len(truth),
        subjects=len(set(subjects)),
        settings=trial.settings("synthetic"),
    )
