"""Covariance of figures of merit where patients have several cases: what a patient's cases say is summed first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthassay.stats.mrmc.areas import Figures
from synthassay.stats.mrmc.ratings import Ratings

Floats = NDArray[np.float64]


def delong_by_patients(ratings: Ratings, figures: Figures) -> Floats:
    """Return the covariances of areas, patients being drawn and not their cases.

    With one case of each patient it equals DeLong's. A patient may have cases of both truths.

    Args:
        ratings: The study; any design.
        figures: Areas of it, with ``won``.

    Returns:
        ``n n``, in the order of ``values.ravel()``.

    Source:
        Obuchowski, Biometrics 53:567 (1997), doi:10.2307/2533958, equations for S10, S01 and S11.

    Example:
        >>> from synthassay.stats.mrmc.areas import areas
        >>> score = np.array([[[1.0, 2, 4, 3, 5, 6, 2, 7]]])
        >>> truth = np.array([0, 0, 0, 0, 1, 1, 1, 1], bool)
        >>> study = Ratings(("t",), ("r",), tuple("abcdefgh"), truth, score, patients=tuple("ppqqrrst"))
        >>> delong_by_patients(study, areas(study)).round(4).tolist()
        [[0.0408]]
    """
    assert figures.won is not None
    won = figures.won.reshape(-1, len(ratings.cases))
    parts = []
    for mask in (ratings.truth, ~ratings.truth):
        read = ~np.isnan(won) & mask
        away = np.where(read, won - figures.values.ravel()[:, None], 0.0) / read.sum(axis=1, keepdims=True)
        parts.append((_summed(away, ratings.patient), _patients(read, ratings.patient)))
    (above, of_above), (below, of_below) = parts
    either = _patients(~np.isnan(won), ratings.patient)
    mixed = above @ below.T
    whole: Floats = (
        above @ above.T * _correction(of_above)
        + below @ below.T * _correction(of_below)
        + (mixed + mixed.T) * _correction(either)
    )
    return whole


def jackknife_by_patients(ratings: Ratings, figures: Figures) -> Floats:
    """Return the covariances of any figures, with the influences of a patient's cases summed.

    With one case of each patient it equals the jackknife over cases.

    Args:
        ratings: The study; any design.
        figures: What was computed of it.

    Returns:
        ``n n``, in the order of ``values.ravel()``.

    Source:
        Obuchowski 1997 as ``delong_by_patients``, with the jackknife's influences (Efron, The Jackknife, the Bootstrap
        and Other Resampling Plans, 1982, chapter 6) in place of structural components.
    """
    read = (ratings.read & figures.counted).reshape(-1, len(ratings.cases))
    left_out = figures.left_out.reshape(read.shape)
    count = read.sum(axis=1, keepdims=True)
    middle = np.where(read, left_out, 0.0).sum(axis=1, keepdims=True) / count
    influence = np.where(read, left_out - middle, 0.0) * (count - 1) / count
    by_patient = _summed(influence, ratings.patient)
    whole: Floats = by_patient @ by_patient.T * _correction(_patients(read, ratings.patient))
    return whole


def grouping(ratings: Ratings, mask: NDArray[np.bool_]) -> Floats:
    """Return ``cases patients`` of 0 and 1: whose the cases of one truth are."""
    _, whose = np.unique(ratings.patient[mask], return_inverse=True)
    return np.eye(int(whose.max()) + 1)[whose]


def of_both_truths(ratings: Ratings) -> tuple[str, ...]:
    """Return the patients that have cases of either truth."""
    if not ratings.patients:
        return ()
    named = np.array(ratings.patients)
    return tuple(np.intersect1d(named[ratings.truth], named[~ratings.truth]).tolist())


def _summed(values: Floats, patient: NDArray[np.intp]) -> Floats:
    """``rows cases`` to ``rows patients``."""
    whose = np.eye(int(patient.max()) + 1)[patient]
    out: Floats = values @ whose
    return out


def _patients(read: NDArray[np.bool_], patient: NDArray[np.intp]) -> NDArray[np.intp]:
    """Per row, of how many patients something was read."""
    count = (_summed(read.astype(np.float64), patient) > 0).sum(axis=1)
    if count.min() < 2:
        raise ValueError(f"a variance over patients needs two patients of either truth, not {count.min()}")
    return count


def _correction(count: NDArray[np.intp]) -> Floats:
    """I / (I - 1) for every pair of figures, which may rest on different numbers of patients."""
    factor = np.sqrt(count / (count - 1))
    pairs: Floats = np.outer(factor, factor)
    return pairs
