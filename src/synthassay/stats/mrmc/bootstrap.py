"""Areas in resampled studies: readers and cases drawn with replacement, all draws by matrix products."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthassay.stats.mrmc.covariance import win
from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.ustatistic import Fixed

Floats = NDArray[np.float64]


def bootstrap_means(ratings: Ratings, *, rng: np.random.Generator, draws: int = 2000, fixed: Fixed = "") -> Floats:
    """Return the mean area over readers in resampled studies.

    Positive and negative cases are drawn apart, so that no draw lacks one of them. Where a patient has several cases,
    patients are drawn: those of positive cases, of negative ones and of both apart. Used for intervals it is a check of
    the analytic ones: with few readers it is too narrow, as every bootstrap of few is.

    Args:
        ratings: A crossed study.
        rng: Source of the draws.
        draws: Resampled studies.
        fixed: ``readers`` or ``cases`` that stay as they are.

    Returns:
        ``draws treatments``.

    Raises:
        ValueError: A reading is missing.
    """
    if not ratings.crossed:
        raise ValueError("resampling readers and cases needs a crossed study")
    treatments, readers = ratings.score.shape[:2]
    above, below = ratings.score[..., ratings.truth], ratings.score[..., ~ratings.truth]
    if ratings.clustered:
        drawn = _by_patients(ratings, draws, rng, fixed == "cases")
        positive, negative = drawn[:, ratings.truth], drawn[:, ~ratings.truth]
    else:
        positive, negative = (_counts(x.shape[2], draws, rng, fixed == "cases") for x in (above, below))
    chosen = _counts(readers, draws, rng, fixed == "readers")
    out = np.zeros((draws, treatments))
    for t, r in np.ndindex(treatments, readers):
        psi = win(above[t, r][None], below[t, r][None])[0]
        out[:, t] += chosen[:, r] * ((positive @ psi) * negative).sum(axis=1)
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    means: Floats = out / (readers * pairs[:, None])
    return means


def _counts(count: int, draws: int, rng: np.random.Generator, held: bool) -> Floats:
    if held:
        return np.ones((draws, count))
    return rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(np.float64)


def _by_patients(ratings: Ratings, draws: int, rng: np.random.Generator, held: bool) -> Floats:
    """``draws cases``: how often each case's patient was drawn."""
    patient = ratings.patient
    has = [np.bincount(patient, weights=mask) > 0 for mask in (ratings.truth, ~ratings.truth)]
    kind = has[0] + 2 * has[1]
    out = np.zeros((draws, len(kind)))
    for which in np.unique(kind):
        chosen = np.flatnonzero(kind == which)
        out[:, chosen] = _counts(len(chosen), draws, rng, held)
    return out[:, patient]
