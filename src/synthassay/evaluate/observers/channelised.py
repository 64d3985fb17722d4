"""The channelised Hotelling observer, trained on some patients and tested on others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.known import template
from synthassay.randomness import stream

FOLDS = 5
LEAST_IMAGES_PER_CHANNEL = 3.0

Floats = NDArray[np.float64]


def outputs(pictures: ArrayLike, channels: Floats) -> Floats:
    """Return the channel outputs of pictures: ``pictures channels``.

    Args:
        pictures: ``pictures rows columns``.
        channels: ``channels rows columns``.

    Raises:
        NotMeasured: Sizes differ, or a picture has values that are not finite.
    """
    stack = np.asarray(pictures, np.float64)
    if stack.shape[1:] != channels.shape[1:]:
        raise NotMeasured(f"pictures of {stack.shape[1:]} do not fit channels of {channels.shape[1:]}")
    if not np.isfinite(stack).all():
        raise NotMeasured("a picture has values that are not finite")
    flat: Floats = stack.reshape(len(stack), -1) @ channels.reshape(len(channels), -1).T
    return flat


def trained(absent: Floats, present: Floats) -> Floats:
    """Return the observer's template K⁻¹ (mean with - mean without), with K the mean of both covariances.

    Args:
        absent: ``images channels`` without a lesion.
        present: ``images channels`` with one.

    Raises:
        NotMeasured: Fewer than three images per channel, or channels that do not vary.

    Source: Barrett and Myers, Foundations of Image Science (2004), chapters 13 and 14.

    >>> without = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]] * 4)
    >>> trained(without, without + np.array([1.0, 0.0])).round(3)
    array([0.938, 0.   ])
    """
    if len(absent) < LEAST_IMAGES_PER_CHANNEL * absent.shape[1]:
        raise NotMeasured(
            f"{len(absent)} training images on each side for {absent.shape[1]} channels; the covariance of an observer "
            f"needs at least {LEAST_IMAGES_PER_CHANNEL:g} per channel"
        )
    covariance = (np.cov(absent, rowvar=False) + np.cov(present, rowvar=False)) / 2
    return template(present.mean(axis=0) - absent.mean(axis=0), np.atleast_2d(covariance))


@dataclass(frozen=True, eq=False)
class Fold:
    """One observer, trained on some patients, and the images of others that it is to rate.

    Attributes:
        test: Whether each site is rated in this fold.
        weights: Template on the channels, scaled so that training images without a lesion have standard deviation 1.
        centre: Mean channel outputs of training images without a lesion.
    """

    test: NDArray[np.bool_]
    weights: Floats
    centre: Floats


def folds_of(
    absent: Floats, present: Floats, subjects: Sequence[str], *, seed: int, folds: int = FOLDS
) -> Iterator[Fold]:
    """Yield one trained observer per fold; patients are dealt into folds, so none is rated by whom it trained.

    Args:
        absent: ``sites channels`` without a lesion.
        present: ``sites channels``: the same sites with one.
        subjects: Patient per site.
        seed: Root seed of the deal.
        folds: Number of folds; fewer where there are fewer patients.

    Raises:
        NotMeasured: Fewer than two patients, or as ``trained``.
    """
    fold_of = folds_by_subject(subjects, seed=seed, folds=folds)
    for fold in np.unique(fold_of):
        test = fold_of == fold
        weights = trained(absent[~test], present[~test])
        if not weights.any():  # nothing of the lesion is left: every template is as good, and sees nothing
            weights = np.ones_like(weights)
        scale = math.sqrt(float(weights @ np.atleast_2d(np.cov(absent[~test], rowvar=False)) @ weights))
        yield Fold(test, weights / scale, absent[~test].mean(axis=0))


def folds_by_subject(subjects: Sequence[str], *, seed: int, folds: int = FOLDS) -> NDArray[np.intp]:
    """Return the fold of each site; a patient's sites share one.

    Raises:
        NotMeasured: Fewer than two patients.
    """
    names, owner = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    if len(names) < 2:
        raise NotMeasured("an observer that is tested on other patients than it is trained on needs two patients")
    dealt: NDArray[np.intp] = stream(seed, "observer folds").permutation(len(names)) % min(folds, len(names))
    return dealt[owner]


def held_out_ratings(
    absent: Floats, present: Floats, subjects: Sequence[str], *, seed: int, folds: int = FOLDS
) -> tuple[Floats, Floats]:
    """Return the ratings of every image, without and with a lesion, by an observer trained on other patients.

    Ratings of all folds stand on one scale: training images without a lesion have mean 0 and standard deviation 1.

    Args and errors are those of ``folds_of``.
    """
    rated = np.empty((2, len(absent)))
    for fold in folds_of(absent, present, subjects, seed=seed, folds=folds):
        for side, images in enumerate((absent, present)):
            rated[side, fold.test] = (images[fold.test] - fold.centre) @ fold.weights
    return rated[0], rated[1]


def resubstituted_dprime(absent: Floats, present: Floats) -> float:
    """Return d' of an observer that is tested on the images that it was trained on, which flatters it.

    Raises:
        NotMeasured: As ``trained``.
    """
    difference = present.mean(axis=0) - absent.mean(axis=0)
    return math.sqrt(float(difference @ trained(absent, present)))
