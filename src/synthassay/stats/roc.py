"""Area under the ROC curve and balanced accuracy, for many weightings of the same cases at once.

A bootstrap of subjects gives each case a weight (how often its subject was drawn), so the measures take weights
``draws cases`` and answer all draws together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def auc(scores: ArrayLike, positive: ArrayLike, weights: Floats | None = None) -> Floats:
    """Return the area under the ROC curve: the chance that a positive case scores above a negative one, ties half.

    Args:
        scores: Score per case; higher means more likely positive.
        positive: Whether each case is positive.
        weights: ``draws cases``, at least 0; one row of ones where None.

    Returns:
        One value per draw, from 0 to 1; NaN where a draw has no weight on one side.

    Source:
        Bamber, J Math Psychol 12:387 (1975), doi:10.1016/0022-2496(75)90001-2.

    Example:
        >>> auc([0.1, 0.4, 0.4, 0.8], [False, False, True, True])
        array([0.875])
    """
    order = np.argsort(np.asarray(scores, np.float64), kind="stable")
    ranked, truth = np.asarray(scores, np.float64)[order], np.asarray(positive, bool)[order]
    weight = np.ones((1, len(ranked))) if weights is None else weights[:, order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    above = np.add.reduceat(weight * truth, starts, axis=1)
    below = np.add.reduceat(weight * ~truth, starts, axis=1)
    won = (above * (np.cumsum(below, axis=1) - 0.5 * below)).sum(axis=1)
    pairs = above.sum(axis=1) * below.sum(axis=1)
    return np.divide(won, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)


def mean_auc(scores: Floats, truth: NDArray[np.intp], weights: Floats | None = None) -> Floats:
    """Return the area under the ROC curve of class 1 against class 0, or the mean over classes, each against the rest.

    Args:
        scores: ``cases classes``.
        truth: Class index per case.
        weights: ``draws cases``; one row of ones where None.

    Returns:
        One value per draw; NaN where a class has no weight.
    """
    classes = range(scores.shape[1]) if scores.shape[1] > 2 else (1,)
    return np.mean([auc(scores[:, c], truth == c, weights) for c in classes], axis=0)


def balanced_accuracy(scores: Floats, truth: NDArray[np.intp], weights: Floats | None = None) -> Floats:
    """Return the mean over classes of the share of that class that gets its highest score.

    Args:
        scores: ``cases classes``.
        truth: Class index per case.
        weights: ``draws cases``; one row of ones where None.

    Returns:
        One value per draw, chance is 1 / classes; NaN where a class has no weight.

    Source:
        Brodersen et al., ICPR 2010, doi:10.1109/ICPR.2010.764.

    Example:
        >>> balanced_accuracy(np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]]), np.array([0, 0, 0, 1]))
        array([0.83333333])
    """
    right = scores.argmax(axis=1) == truth
    weight = np.ones((1, len(truth))) if weights is None else weights
    shares = []
    for c in range(scores.shape[1]):
        total = weight[:, truth == c].sum(axis=1)
        hit = weight[:, (truth == c) & right].sum(axis=1)
        shares.append(np.divide(hit, total, out=np.full(len(total), np.nan), where=total > 0))
    return np.mean(shares, axis=0)
