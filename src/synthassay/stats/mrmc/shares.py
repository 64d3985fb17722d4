"""Sensitivity and specificity at a cut, with what they become without each case."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthassay.stats.mrmc.areas import Figures
from synthassay.stats.mrmc.ratings import Ratings


def sensitivity(ratings: Ratings, cut: float) -> Figures:
    """Return the share of positive cases that were rated at the cut or above.

    Raises:
        ValueError: A reader read fewer than two positive cases in a treatment.
    """
    return _share("sensitivity", ratings, ratings.score >= cut, ratings.truth)


def specificity(ratings: Ratings, cut: float) -> Figures:
    """Return the share of negative cases that were rated below the cut.

    Raises:
        ValueError: A reader read fewer than two negative cases in a treatment.
    """
    return _share("specificity", ratings, ratings.score < cut, ~ratings.truth)


def balanced_accuracy(ratings: Ratings, cut: float) -> Figures:
    """Return the mean of sensitivity and specificity: 0.5 is chance however many cases of either truth there are.

    Raises:
        ValueError: A reader read fewer than two cases of a truth in a treatment.
    """
    one, other = sensitivity(ratings, cut), specificity(ratings, cut)
    left_out = (one.left_out + other.left_out) / 2
    return Figures("balanced accuracy", (one.values + other.values) / 2, left_out, one.counted | other.counted)


def _share(name: str, ratings: Ratings, success: NDArray[np.bool_], counted: NDArray[np.bool_]) -> Figures:
    read = ratings.read & counted
    count = read.sum(axis=2)
    if count.min() < 2:
        raise ValueError(f"{name} needs two cases of each reader and treatment, not {count.min()}")
    hits = (success & read).sum(axis=2)
    values = hits / count
    without = (hits[..., None] - (success & read)) / (count - 1)[..., None]
    return Figures(name, values, np.where(read, without, values[..., None]), counted)
