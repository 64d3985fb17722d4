"""Feature likelihood; covers leakage.likelihood."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from evaluate.examination import assert_worsens
from evaluate.leakage.leakage_features import copying, found, normal
from synthassay.evaluate.leakage.feature_likelihood_divergence import likelihood_gap
from synthassay.evaluate.leakage.likelihood import Mixture, fit_mixture
from synthassay.records.vocabulary import Better


def gap_by_gradient(judged, training, unseen, steps=800):
    """The authors' objective, climbed by Adam with automatic gradients until it no longer moves."""
    mu, x, other = (torch.from_numpy(a) for a in (judged, training, unseen))
    d = mu.shape[1]

    def pairs(squared, log_variance):
        return -0.5 * squared / log_variance.exp() - 0.5 * d * (log_variance + np.log(2 * np.pi))

    squared = torch.cdist(x, mu) ** 2
    away = 0.9**2 * ((x - x.mean(0)) ** 2).sum(1, keepdim=True)
    log_variance = ((squared.min(0).values + 1e-3) / d).log().requires_grad_()
    behind = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    climber = torch.optim.Adam([log_variance, behind], lr=0.02)
    for _ in range(steps):
        climber.zero_grad()
        both = torch.cat([pairs(squared, log_variance) - np.log(len(mu)), pairs(away, behind)], dim=1)
        (-both.logsumexp(1).mean() / d).backward()
        climber.step()
    with torch.no_grad():
        train, test = (
            -(pairs(torch.cdist(rows, mu) ** 2, log_variance).logsumexp(1).mean() - np.log(len(mu))) / d
            for rows in (x, other)
        )
    return 100 * float(train - test)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_it_equals_a_direct_reimplementation_by_gradient(shift):
    judged, training, unseen = normal(60, 1, 6) + shift, normal(120, 2, 6), normal(100, 3, 6)
    judged[:10] = training[:10] + 0.2
    expected = gap_by_gradient(judged, training, unseen)
    assert likelihood_gap(judged, training, unseen) == pytest.approx(expected, rel=0.03, abs=0.3)


def test_the_loss_is_the_likelihood_of_a_mixture():
    centres, spread = normal(5, 1, 3), np.array([0.3, 1.0, 2.0, 0.5, 1.5])
    mixture = Mixture(centres, np.log(spread))
    rows = normal(7, 2, 3)
    density = np.mean([multivariate_normal(c, s).pdf(rows) for c, s in zip(centres, spread, strict=True)], axis=0)
    assert mixture.loss(rows) == pytest.approx(-np.log(density) / 3)


def test_memorised_images_lie_far_below_the_floor_and_held_out_patients_at_it():
    memo = {}
    honest, copied = (found("feature_likelihood_divergence", rows, memo) for rows in (normal(160, 8), copying()[-1]))
    assert honest.interval.low <= honest.floor_interval.high
    assert honest.interval.high >= honest.floor_interval.low
    assert copied.value < -100
    assert copied.interval.high < copied.floor_interval.low


def test_more_copies_are_worse():
    memo = {}
    values = [found("feature_likelihood_divergence", rows, memo).value for rows in copying(noise=0.2)]
    assert_worsens(values, Better.TARGET, target=0.0)


def test_exact_copies_and_repeats_stay_finite():
    training = normal(80, 1)
    assert np.isfinite(likelihood_gap(training[:40], training, normal(60, 2)))
    assert np.isfinite(likelihood_gap(np.ones((40, 12)), training, normal(60, 2)))
    assert np.isfinite(fit_mixture(normal(30, 5) + 1e3, training).loss(training)).all()
