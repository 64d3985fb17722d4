"""Areas under binormal ROC curves, fitted by maximum likelihood to ratings in categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

from synthassay.stats.mrmc.areas import Figures
from synthassay.stats.mrmc.ratings import Ratings

Floats = NDArray[np.float64]
MOST_CATEGORIES = 20
LEAST_CHANCE = 1e-12
ROOT_TAU = float(np.sqrt(2 * np.pi))
WIDEST = 4.0
"""How far log(b) and the logarithm of a step between cuts may go before a fit counts as degenerate."""


@dataclass(frozen=True)
class Binormal:
    """A curve TPF = Phi(a + b Phi^-1(FPF)).

    Attributes:
        degenerate: Whether the likelihood has no maximum inside, as for readers who tell all cases apart.
    """

    a: float
    b: float
    degenerate: bool

    @property
    def area(self) -> float:
        """Area under the curve."""
        return float(ndtr(self.a / np.sqrt(1 + self.b**2)))


def fit_binormal(score: Floats, truth: NDArray[np.bool_]) -> Binormal:
    """Fit a binormal curve.

    Args:
        score: Ratings; more than ``MOST_CATEGORIES`` different ones are binned so that bins hold about equal numbers.
        truth: Whether each case is positive.

    Raises:
        ValueError: One truth is absent, or all ratings are equal.

    Source:
        Dorfman and Alf, J Math Psychol 6:487 (1969), doi:10.1016/0022-2496(69)90019-4; bins as in Metz, Herman and
        Shen, Stat Med 17:1033 (1998), doi:10.1002/(SICI)1097-0258(19980515)17:9<1033::AID-SIM784>3.0.CO;2-Z.
    """
    return _fit(_tally(score, truth))[0]


def binormal_areas(ratings: Ratings) -> Figures:
    """Return binormal areas of every treatment and reader with their leave-one-out values.

    Cases of one truth and one category leave the same counts behind, so only as many fits as there are such kinds.

    Raises:
        ValueError: As ``fit_binormal``; the reader is named.
    """
    values = np.empty(ratings.score.shape[:2])
    left_out = np.empty(ratings.score.shape)
    for t, r in np.ndindex(values.shape):
        read = ratings.read[t, r]
        score, truth = ratings.score[t, r, read], ratings.truth[read]
        if np.ptp(score) == 0:
            whose = f"reader {ratings.readers[r]} gave one rating to all cases of treatment {ratings.treatments[t]}"
            raise ValueError(f"{whose}, and a binormal curve needs two categories")
        counts, category = _tally(score, truth), _categories(score)
        found, start = _fit(counts)
        values[t, r] = left_out[t, r] = found.area
        without = np.full(counts.shape, np.nan)
        for row, column in np.argwhere(counts > 0):
            fewer = counts.copy()
            fewer[row, column] -= 1
            without[row, column] = _fit(fewer, start)[0].area
        left_out[t, r, read] = without[truth.astype(int), category]
    return Figures("binormal AUC", values, left_out, np.ones(len(ratings.cases), bool))


def _categories(score: Floats) -> NDArray[np.intp]:
    values = np.unique(score)
    if len(values) > MOST_CATEGORIES:
        edges = np.unique(np.quantile(score, np.linspace(0, 1, MOST_CATEGORIES + 1)[1:-1]))
        return np.searchsorted(edges, score, side="right")
    return np.searchsorted(values, score)


def _tally(score: Floats, truth: NDArray[np.bool_]) -> Floats:
    """``truth categories``: number of cases."""
    category = _categories(score)
    if truth.all() or not truth.any() or category.max() == 0:
        raise ValueError("a binormal curve needs both truths and two categories")
    return np.stack([np.bincount(category[truth == t], minlength=category.max() + 1) for t in (False, True)]).astype(
        float
    )


def _fit(counts: Floats, start: Floats | None = None) -> tuple[Binormal, Floats]:
    counts = counts[:, counts.sum(axis=0) > 0]
    if start is None or len(start) != counts.shape[1] + 1:
        start = _start(counts)
    found = minimize(_loss, start, args=(counts,), jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500})
    a, log_b = float(found.x[0]), float(found.x[1])
    degenerate = bool(abs(log_b) > WIDEST or np.abs(found.x[3:]).max(initial=0) > 2 * WIDEST or abs(a) > 50)
    return Binormal(a, float(np.exp(np.clip(log_b, -30, 30))), degenerate), found.x


def _start(counts: Floats) -> Floats:
    smooth = counts + 0.5
    below = np.cumsum(smooth, axis=1)[:, :-1] / smooth.sum(axis=1, keepdims=True)
    z = ndtri(below)
    b, a = np.polyfit(z[0], z[1], 1) if z.shape[1] > 1 else (1.0, z[1, 0] - z[0, 0])
    steps = np.log(np.maximum(np.diff(z[0]), 1e-2))
    return np.array([-a, np.log(max(b, 0.1)), z[0, 0], *steps])


def _loss(parameters: Floats, counts: Floats) -> tuple[float, Floats]:
    """Negative log-likelihood and its gradient in a, log b, the first cut and the logarithms of steps between cuts."""
    a, log_b, first = parameters[:3]
    b = np.exp(np.clip(log_b, -30, 30))
    steps = np.exp(np.clip(parameters[3:], -30, 30))
    cuts = first + np.r_[0.0, np.cumsum(steps)]
    at = np.stack([cuts, b * cuts - a])
    chance = np.maximum(np.diff(ndtr(at), axis=1, prepend=0.0, append=1.0), LEAST_CHANCE)
    ratio = counts / chance
    slope = (
        -(ratio[:, :-1] - ratio[:, 1:]) * np.exp(-(at**2) / 2) / ROOT_TAU
    )  # of the loss, by each cut's place on either scale
    by_cut = slope[0] + b * slope[1]
    after = np.cumsum(by_cut[::-1])[::-1]
    gradient = np.r_[-slope[1].sum(), (slope[1] * b * cuts).sum(), after[0], after[1:] * steps]
    return float(-(counts * np.log(chance)).sum()), gradient
