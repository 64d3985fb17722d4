"""Covariance of figures of merit over treatments and readers that share cases, with the readers given."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthassay.stats.mrmc.areas import Figures
from synthassay.stats.mrmc.clusters import delong_by_patients, jackknife_by_patients
from synthassay.stats.mrmc.ratings import Ratings

Floats = NDArray[np.float64]
Covariance = Literal["delong", "jackknife", "unbiased"]
PAIRS_AT_A_TIME = 2**19


def covariance(ratings: Ratings, figures: Figures, method: Covariance) -> Floats:
    """Return ``n n`` covariances of the figures, n = treatments times readers in the order of ``values.ravel()``.

    Figures that share no case have covariance 0, as nested designs want it. Where a patient has several cases, patients
    are the unit: what their cases contribute is summed first, and figures that share a patient covary.

    Args:
        ratings: The study, in which any two figures rest on the same cases or on none in common.
        figures: What was computed of it.
        method: ``jackknife`` for any figure; ``delong`` and ``unbiased`` for areas.

    Raises:
        ValueError: The method does not apply to this figure, or not to several cases of a patient.

    Source:
        Obuchowski and Rockette, Commun Stat Simul 24:285 (1995), doi:10.1080/03610919508813243; DeLong et al. 1988,
        doi:10.2307/2531595; Gallas, Acad Radiol 13:353 (2006), doi:10.1016/j.acra.2005.11.030 (unbiased).
    """
    if method == "jackknife":
        return jackknife_by_patients(ratings, figures) if ratings.clustered else jackknife(ratings, figures)
    if figures.won is None:
        raise ValueError(f"{method} covariances exist for areas only, not for {figures.name}; use jackknife")
    if ratings.clustered:
        if method == "unbiased":
            raise ValueError("unbiased covariances take one case of each patient; use jackknife or delong")
        return delong_by_patients(ratings, figures)
    by_block = _delong if method == "delong" else _unbiased
    block = ratings.blocks.ravel()
    out = np.zeros((len(block), len(block)))
    for b in range(int(block.max()) + 1):
        chosen = np.flatnonzero(block == b)
        t, r = np.unravel_index(chosen, ratings.blocks.shape)
        read = ratings.read[t[0], r[0]]
        rows = (figures.won if method == "delong" else ratings.score)[t, r][:, read]
        out[np.ix_(chosen, chosen)] = by_block(rows, ratings.truth[read])
    return out


def jackknife(ratings: Ratings, figures: Figures) -> Floats:
    """Return (K - 1) / K times the centred cross-products of leave-one-out values, over the K cases that count."""
    kept = figures.left_out[..., figures.counted].reshape(figures.values.size, -1)
    count = kept.shape[1]
    centred = kept - kept.mean(axis=1, keepdims=True)
    block = ratings.blocks.ravel()
    out: Floats = (count - 1) / count * (centred @ centred.T) * (block[:, None] == block[None, :])
    return out


def _delong(won: Floats, truth: NDArray[np.bool_]) -> Floats:
    above, below = won[:, truth], won[:, ~truth]
    return np.atleast_2d(np.cov(above)) / above.shape[1] + np.atleast_2d(np.cov(below)) / below.shape[1]


def _unbiased(score: Floats, truth: NDArray[np.bool_]) -> Floats:
    """Estimate of E[A A'] minus that of E[A] E[A'], the latter from pairs of pairs that share no case."""
    above, below = score[:, truth], score[:, ~truth]
    n1, n0 = above.shape[1], below.shape[1]
    rows, columns = np.empty((len(score), n1)), np.zeros((len(score), n0))
    inner = np.zeros((len(score), len(score)))
    step = max(1, PAIRS_AT_A_TIME // n0)
    for start in range(0, n1, step):
        psi = win(above[:, start : start + step], below)
        rows[:, start : start + step] = psi.sum(axis=2)
        columns += psi.sum(axis=1)
        flat = psi.reshape(len(psi), -1)
        inner += flat @ flat.T
    total = rows.sum(axis=1)
    product = np.outer(total, total)
    disjoint = product - rows @ rows.T - columns @ columns.T + inner
    unbiased: Floats = product / (n0 * n1) ** 2 - disjoint / (n0 * (n0 - 1) * n1 * (n1 - 1))
    return unbiased


def win(above: Floats, below: Floats) -> Floats:
    """Return psi of each positive with each negative case: ``rows positives negatives``, 1, 0.5 or 0, NaN if unread.

    >>> win(np.array([[2.0, 1.0]]), np.array([[1.0]])).tolist()
    [[[1.0], [0.5]]]
    """
    a, b = above[:, :, None], below[:, None, :]
    won: Floats = (a > b) + 0.5 * (a == b)
    return won
