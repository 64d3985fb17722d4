"""ComBat: differences of sites in location and scale, shrunk towards what all features share, taken away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from synthassay.errors import DataError
from synthassay.shapes import Features, Labels

Floats = Float[np.ndarray, "sites features"]
TOLERANCE, MOST_TURNS = 1e-6, 500


@dataclass(frozen=True)
class Combat:
    """A fitted model ``y = mean + deviation (gamma_site + sqrt(delta_site) e)`` per feature.

    Attributes:
        mean: Of the reference site, per feature.
        deviation: Of the reference site, per feature.
        gamma: Shift of each site in units of ``deviation``, ``sites features``; 0 for the reference.
        delta: Variance of each site in units of ``deviation`` squared; 1 for the reference.
    """

    mean: np.ndarray
    deviation: np.ndarray
    gamma: Floats
    delta: Floats

    def adjust(self, features: Features, site: int) -> Features:
        """Return a site's features as the reference site would have them.

        Raises:
            DataError: The site was not fitted.
        """
        if not 0 <= site < len(self.gamma):
            remedy = "Fit it with images of that site; no parameters of another one can stand in for its own."
            raise DataError("combat", "was not fitted to this site", value=site, remedy=remedy)
        standard = (features - self.mean) / self.deviation
        adjusted: Features = (standard - self.gamma[site]) / np.sqrt(self.delta[site]) * self.deviation + self.mean
        return adjusted


def fit_combat(features: Features, sites: Labels, reference: int = 0) -> Combat:
    """Fit ComBat with a reference site, whose images stay as they are.

    Location and scale of each site and feature are posterior means under a normal and an inverse gamma prior, whose
    parameters are those of all features of the site together (empirical Bayes). No covariate is kept: sites whose
    patients differ in truth lose that difference too.

    Args:
        features: ``cases features``.
        sites: Site of each case, 0, 1, ...
        reference: Site that the others are brought to.

    Raises:
        DataError: A site has fewer than 2 cases.

    Source:
        Johnson et al. 2007, Biostatistics 8:118, doi:10.1093/biostatistics/kxj037, section 3; the reference site as in
        Stein et al. 2015, doi:10.1186/s12859-015-0478-3 (M-ComBat).

    Example:
        >>> rng = np.random.default_rng(0)
        >>> site = np.repeat([0, 1], 400)
        >>> y = rng.normal(10, 2, (800, 5)) * np.where(site == 1, 1.5, 1.0)[:, None] + 4.0 * site[:, None]
        >>> fitted = fit_combat(y, site)
        >>> moved = fitted.adjust(y[site == 1], 1)
        >>> bool((abs(moved.mean(0) - y[site == 0].mean(0)) < 0.1).all())  # 9 before
        True
    """
    count = int(sites.max()) + 1
    sizes = np.bincount(sites, minlength=count)
    if sizes.min() < 2:
        raise DataError("combat", "needs two images of each site or more", value=sizes.tolist())
    home = features[sites == reference]
    mean, deviation = home.mean(axis=0), np.maximum(home.std(axis=0), 1e-9)
    standard = (features - mean) / deviation
    gamma, delta = np.zeros((count, features.shape[1])), np.ones((count, features.shape[1]))
    for site in range(count):
        if site != reference:
            gamma[site], delta[site] = _posterior(standard[sites == site])
    return Combat(mean, deviation, gamma, delta)


def _posterior(standard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve for posterior means of a site's location and variance, per feature, by turns (Johnson et al., eq. 3)."""
    n = len(standard)
    gamma_hat, delta_hat = standard.mean(axis=0), np.maximum(standard.var(axis=0, ddof=1), 1e-12)
    if len(gamma_hat) < 2:
        return gamma_hat, delta_hat
    gamma_bar, tau = gamma_hat.mean(), gamma_hat.var(ddof=1)
    middle, spread = delta_hat.mean(), max(float(delta_hat.var(ddof=1)), 1e-12)
    shape, scale = (2 * spread + middle**2) / spread, (middle * spread + middle**3) / spread
    gamma, delta = gamma_hat, delta_hat
    for _ in range(MOST_TURNS):
        new_gamma = (n * tau * gamma_hat + delta * gamma_bar) / (n * tau + delta)
        squares = np.square(standard - new_gamma).sum(axis=0)
        new_delta = (scale + squares / 2) / (n / 2 + shape - 1)
        change = max(np.abs(new_gamma - gamma).max(), (np.abs(new_delta - delta) / delta).max())
        gamma, delta = new_gamma, new_delta
        if change < TOLERANCE:
            break
    return gamma, delta
