from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from synthassay.errors import DataError
from synthassay.stats.combat import fit_combat


def sites(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    site = np.repeat([0, 1, 2], [30, 12, 20])
    y = rng.normal(size=(62, 8)) * rng.uniform(1, 3, 8) + rng.normal(size=8) * 5
    y[site == 1] = y[site == 1] * 1.7 + 4
    y[site == 2] = y[site == 2] * 0.6 - 2
    return y, site


def test_posterior_means_solve_johnsons_equations():
    """An independent solution: the two coupled equations of each feature handed to a root finder."""
    y, site = sites()
    fitted = fit_combat(y, site)
    home = y[site == 0]
    for s in (1, 2):
        z = (y[site == s] - home.mean(0)) / home.std(0)
        n, g_hat, d_hat = len(z), z.mean(0), z.var(0, ddof=1)
        g_bar, t2, m, s2 = g_hat.mean(), g_hat.var(ddof=1), d_hat.mean(), d_hat.var(ddof=1)
        lam, theta = (m**2 + 2 * s2) / s2, (m**3 + m * s2) / s2
        for f in range(8):

            def equations(x, f=f, z=z, n=n, g_hat=g_hat, t2=t2, g_bar=g_bar, lam=lam, theta=theta):
                g, d = x
                return [
                    g - (n * t2 * g_hat[f] + d * g_bar) / (n * t2 + d),
                    d - (theta + 0.5 * ((z[:, f] - g) ** 2).sum()) / (n / 2 + lam - 1),
                ]

            found = optimize.fsolve(equations, [g_hat[f], d_hat[f]])
            np.testing.assert_allclose([fitted.gamma[s, f], fitted.delta[s, f]], found, rtol=1e-5, atol=1e-6)


def test_small_sites_are_shrunk_towards_what_their_features_share():
    y, site = sites(1)
    fitted = fit_combat(y, site)
    home = y[site == 0]
    raw = ((y[site == 1] - home.mean(0)) / home.std(0)).mean(0)
    assert (abs(fitted.gamma[1] - raw.mean()) < abs(raw - raw.mean()) + 1e-12).all()


def test_the_reference_site_stays_and_the_others_come_to_it():
    y, site = sites(2)
    fitted = fit_combat(y, site)
    np.testing.assert_allclose(fitted.adjust(y[site == 0], 0), y[site == 0])
    moved = fitted.adjust(y[site == 1], 1)
    spread = y[site == 0].std(0)
    assert (abs(moved.mean(0) - y[site == 0].mean(0)) / spread).mean() < 0.3
    assert (abs(y[site == 1].mean(0) - y[site == 0].mean(0)) / spread).mean() > 1


def test_a_site_that_was_not_fitted_is_refused():
    y, site = sites()
    for unseen in (-1, 3):
        with pytest.raises(DataError, match="not fitted"):
            fit_combat(y, site).adjust(y[:1], unseen)
    with pytest.raises(DataError, match="two images of each site"):
        fit_combat(y[:31], site[:31])
