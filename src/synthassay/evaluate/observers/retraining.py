"""Intervals for a trained observer: patients are drawn anew, and with them what it was trained on.

To draw only the patients who are tested would leave out that the observer itself would be another one. So each draw
gives every patient a weight; patients keep their folds, so that no copy of a patient is ever on both sides; each fold's
observer is trained on weighted images and rates weighted images.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.channelised import FOLDS, folds_by_subject, held_out_ratings
from synthassay.evaluate.observers.detection import LEAST_IMAGES, LEVEL, Detection, dprime_from, weighted_dprime
from synthassay.randomness import stream
from synthassay.records.measurement import Interval
from synthassay.stats.resampling import FEW_SUBJECTS, LEAST_SUBJECTS, interval_of, subject_counts
from synthassay.stats.roc import auc as empirical_auc

Floats = NDArray[np.float64]


def trained_detection(
    absent: Floats, present: Floats, subjects: Sequence[str], *, seed: int, draws: int, folds: int = FOLDS
) -> Detection:
    """Return d' and AUC of a held-out channelised Hotelling observer, with intervals that train it anew.

    Args:
        absent: ``sites channels`` without a lesion.
        present: ``sites channels``: the same sites with one.
        subjects: Patient per site.
        seed: Root seed of folds and draws; equal seeds draw equal patients, so that differences may be paired.
        draws: Bootstrap draws.
        folds: Folds by patient.

    Raises:
        NotMeasured: As ``held_out_ratings``; or ratings that do not vary.

    Example:
        >>> without = np.random.default_rng(0).normal(size=(80, 3))
        >>> found = trained_detection(without, without + [1.0, 0, 0], [f"p{i}" for i in range(80)], seed=0, draws=300)
        >>> round(found.dprime, 2), found.dprime_interval.low < 1 < found.dprime_interval.high
        (0.87, True)
    """
    if len(absent) < LEAST_IMAGES:
        raise NotMeasured(f"{len(absent)} images on each side; d' needs at least {LEAST_IMAGES}")
    ratings = held_out_ratings(absent, present, subjects, seed=seed, folds=folds)
    positive = np.repeat([False, True], len(absent))
    dprime, area = dprime_from(*ratings), float(empirical_auc(np.concatenate(ratings), positive)[0])
    names, owner = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    if len(names) < LEAST_SUBJECTS:
        return Detection(dprime, area, None, None, len(absent), len(names), np.empty(0), np.empty(0))
    counts = subject_counts(len(names), draws, stream(seed, "observer draws"))
    weights = np.concatenate([counts, 1 - np.eye(len(names))])[:, owner]
    drawn = _retrained(absent, present, weights, folds_by_subject(subjects, seed=seed, folds=folds))
    values = weighted_dprime(*drawn, weights)
    areas = np.array(
        [empirical_auc(np.concatenate(pair), positive, np.concatenate([w, w])[None])[0]
         for *pair, w in zip(*drawn, weights, strict=True)]
    )  # fmt: skip
    return Detection(
        dprime,
        area,
        subject_interval(values[:draws], dprime, values[draws:]),
        subject_interval(areas[:draws], area, areas[draws:]),
        len(absent),
        len(names),
        values[:draws],
        values[draws:],
    )


def subject_interval(drawn: Floats, estimate: float, left_out: Floats) -> Interval | None:
    """Return the BCa interval of bootstrap draws of patients; Student's t by the jackknife with fewer than ten.

    Args:
        drawn: The value per draw.
        estimate: The value on all patients.
        left_out: The value with each patient left out.

    Returns:
        None where too many draws have no value.
    """
    usable, subjects = drawn[np.isfinite(drawn)], len(left_out)
    if len(usable) < len(drawn) / 2 or not len(usable) or not np.isfinite(left_out).all():
        return None
    if subjects >= FEW_SUBJECTS:
        return interval_of(usable, estimate, left_out, level=LEVEL)
    error = math.sqrt((subjects - 1) / subjects * float(((left_out - left_out.mean()) ** 2).sum()))
    reach = float(stats.t.ppf((1 + LEVEL) / 2, subjects - 1)) * error
    method = f"jackknife of {subjects} subjects, Student t"
    return Interval(low=estimate - reach, high=estimate + reach, level=LEVEL, method=method)


def _retrained(absent: Floats, present: Floats, weights: Floats, fold_of: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Ratings ``draws sites`` without and with a lesion, by observers trained on each draw's weights."""
    rated = np.empty((2, *weights.shape))
    for fold in np.unique(fold_of):
        test = fold_of == fold
        train = np.where(test, 0.0, weights)
        (centre, spread), (middle, other) = _moments(absent, train), _moments(present, train)
        try:
            templates = np.linalg.solve((spread + other) / 2, (middle - centre)[..., None])[..., 0]
        except np.linalg.LinAlgError:
            rated[:, :, test] = np.nan
            continue
        templates[~templates.any(axis=1)] = 1.0
        scale = np.sqrt(np.einsum("di,dij,dj->d", templates, spread, templates))
        templates /= np.where(scale > 0, scale, np.nan)[:, None]
        for side, images in enumerate((absent, present)):
            rated[side][:, test] = templates @ images[test].T - (templates * centre).sum(axis=1)[:, None]
    return rated[0], rated[1]


def _moments(images: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted means ``draws channels`` and covariances ``draws channels channels``."""
    total = weights.sum(axis=1)[:, None]
    centred = images - images.mean(axis=0)
    mean = weights @ centred / total
    products = (centred[:, :, None] * centred[:, None]).reshape(len(images), -1)
    size = images.shape[1]
    spread = (weights @ products / total).reshape(-1, size, size) - mean[:, :, None] * mean[:, None]
    return mean + images.mean(axis=0), spread * (total / (total - 1))[..., None]
