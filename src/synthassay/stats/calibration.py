"""Whether a probability means what it says: expected calibration error, Brier score, slope and intercept.

All take weights ``draws cases``, so that a bootstrap of subjects answers all draws together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
BINS = 10
EDGE = 1e-6
"""Probabilities are kept this far from 0 and 1 before their logit is taken."""
NEWTON_STEPS, RIDGE, SMALLEST_STEP = 60, 1e-9, 1e-9


def brier_score(probability: Floats, positive: NDArray[np.bool_], weights: Floats | None = None) -> Floats:
    """Return the mean squared difference of probability and outcome, per draw; 0 is best, 0.25 a coin.

    Source: Brier, Mon Weather Rev 78:1 (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2, for two outcomes.

    >>> brier_score(np.array([0.1, 0.9, 0.8]), np.array([False, True, False]))
    array([0.22])
    """
    return _mean((probability - positive) ** 2, weights)


def expected_calibration_error(
    probability: Floats, positive: NDArray[np.bool_], weights: Floats | None = None
) -> Floats:
    """Return the mean distance of probability and frequency over ten bins of equal width, per draw.

    It is biased upwards in small samples: a perfectly calibrated model has more than 0.

    Source: Naeini, Cooper and Hauskrecht, AAAI 2015, doi:10.1609/aaai.v29i1.9602; bins as in scikit-learn's
        ``calibration_curve``.

    >>> expected_calibration_error(np.array([0.1, 0.15, 0.9, 0.8]), np.array([False, True, True, True])).round(4)
    array([0.3125])
    """
    inner = np.linspace(0, 1, BINS + 1)[1:-1]
    weight = np.ones((1, len(probability))) if weights is None else weights
    off = weight * (probability - positive)
    member = np.eye(BINS)[np.searchsorted(inner, probability)]
    error: Floats = np.abs(off @ member).sum(axis=1) / weight.sum(axis=1)
    return error


def calibration_line(
    probability: Floats, positive: NDArray[np.bool_], weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return slope and intercept of the logistic regression of the outcome on the probability's logit, per draw.

    A slope below 1: probabilities are too extreme. An intercept above 0, at slope 1: they are too low. NaN where a draw
    has one outcome only, or where the two outcomes are told apart so well that the slope has no bound.

    Source: Cox, Biometrika 45:562 (1958), doi:10.1093/biomet/45.3-4.562; Van Calster et al. 2019,
        doi:10.1186/s12916-019-1466-7.
    """
    kept = np.clip(probability, EDGE, 1 - EDGE)
    logit = np.log(kept / (1 - kept))
    weight = np.ones((1, len(logit))) if weights is None else weights
    pairs = [_logistic_line(logit, positive.astype(np.float64), row) for row in weight]
    slope, intercept = np.array(pairs).T
    return slope, intercept


def _logistic_line(x: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Newton's method with halved steps; the log-likelihood is concave, so what it stops at is the maximum."""
    counted = weight > 0
    if not counted.any() or len(set(y[counted].tolist())) < 2 or np.ptp(x[counted]) == 0:
        return np.nan, np.nan
    if _separated(x[counted], y[counted] > 0.5):
        return np.nan, np.nan
    design = np.stack([x, np.ones_like(x)])
    line = np.zeros(2)
    best = _log_likelihood(line @ design, y, weight)
    for _ in range(NEWTON_STEPS):
        chance = expit(line @ design)
        gradient = design @ (weight * (y - chance))
        curvature = (design * (weight * chance * (1 - chance))) @ design.T + RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        while (now := _log_likelihood((line + step) @ design, y, weight)) < best and np.abs(step).max() > SMALLEST_STEP:
            step = step / 2
        line, best = line + step, max(now, best)
        if np.abs(step).max() <= SMALLEST_STEP:
            break
    return float(line[0]), float(line[1])


def _separated(x: Floats, positive: NDArray[np.bool_]) -> bool:
    """Whether a threshold tells all positives from all negatives, so that the slope has no bound."""
    above, below = x[positive], x[~positive]
    return bool(above.min() >= below.max() or above.max() <= below.min())


def _log_likelihood(logit: Floats, y: Floats, weight: Floats) -> float:
    return float((weight * (y * logit - np.logaddexp(0, logit))).sum())


def _mean(values: Floats, weights: Floats | None) -> Floats:
    if weights is None:
        return np.array([values.mean()])
    mean: Floats = weights @ values / weights.sum(axis=1)
    return mean
