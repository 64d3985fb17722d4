"""The likelihood of real images under a mixture centred on the judged ones: the statistic of feature likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from synthassay.evaluate.distribution.neighbours import blocks
from synthassay.shapes import Features

ITERATIONS, TOLERANCE = 100, 1e-5
LOG_VARIANCE = (-40.0, 40.0)
ORIGIN = 0.9**2  # the background's squared distances count this much, so that every row has some likelihood
START = 1e-3


@dataclass(frozen=True)
class Mixture:
    """Gaussians of equal weight, one around each judged image, each with its own variance.

    Source: Jiralerspong et al. 2023, arXiv 2302.04440, section 3.
    """

    centres: Features
    log_variance: np.ndarray

    def loss(self, rows: Features) -> np.ndarray:
        """Return each row's negative log likelihood per feature."""
        found = _pairs(squared_distances(rows, self.centres), self.log_variance, rows.shape[1])
        return -(logsumexp(found, axis=1) - np.log(len(self.centres))) / rows.shape[1]


def fit_mixture(centres: Features, rows: Features) -> Mixture:
    """Return the mixture around ``centres`` whose variances make ``rows`` most likely.

    Expectation and maximisation in turn raise the same likelihood that the authors climb by gradient; there is no
    learning rate, and the same images give the same number. A background around the rows' mean takes part in the fit,
    as in the authors' code, so that a row far from every centre does not widen one of them.

    Args:
        centres: ``cases features`` of the judged images.
        rows: ``cases features`` of training images.

    Source: Jiralerspong et al. 2023, arXiv 2302.04440, section 3 and appendix; Dempster et al. 1977.
    """
    features = rows.shape[1]
    squared = squared_distances(rows, centres)
    background = ORIGIN * ((rows - rows.mean(0)) ** 2).sum(1)
    log_variance = np.log((squared.min(0) + START) / features)
    behind, before = 0.0, -np.inf
    for _ in range(ITERATIONS):
        near = _pairs(squared, log_variance, features) - np.log(len(centres))
        wide = _pairs(background[:, None], np.array([behind]), features)[:, 0]
        together = np.logaddexp(logsumexp(near, axis=1), wide)
        share, rest = np.exp(near - together[:, None]), np.exp(wide - together)
        log_variance = _log_variance((share * squared).sum(0), share.sum(0), features, log_variance)
        behind = float(_log_variance((rest * background).sum(), rest.sum(), features, np.array(behind)))
        now = float(together.mean()) / features
        if now - before < TOLERANCE:
            break
        before = now
    return Mixture(centres, log_variance)


def squared_distances(rows: Features, centres: Features) -> np.ndarray:
    """Return ``rows centres``."""
    return np.concatenate([squared for _, squared in blocks(rows, centres)])


def _pairs(squared: np.ndarray, log_variance: np.ndarray, features: int) -> np.ndarray:
    return -0.5 * squared * np.exp(-log_variance) - 0.5 * features * (log_variance + np.log(2 * np.pi))


def _log_variance(spread: np.ndarray, share: np.ndarray, features: int, before: np.ndarray) -> np.ndarray:
    """Variance that maximises the likelihood; a centre that no row belongs to keeps its own."""
    used = share > 1e-300
    ratio = np.where(used, spread, 1.0) / np.where(used, share * features, 1.0)
    found = np.log(np.maximum(ratio, np.exp(LOG_VARIANCE[0])))
    return np.where(used, np.clip(found, *LOG_VARIANCE), before)
