"""ROC curves for drawing: their area is the empirical one, and the mean curve's the mean."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.stats.mrmc.curves import MOST_POINTS, mean_curve, roc_points
from synthassay.stats.roc import auc


def area(points):
    x, y = np.array(points).T
    return float(np.trapezoid(y, x))


@pytest.mark.parametrize("decimals", [0, 6])
def test_the_area_below_is_the_empirical_one(decimals):
    rng = np.random.default_rng(0)
    truth = rng.random(300) < 0.4
    score = np.round(rng.normal(size=300) + truth, decimals)
    points = roc_points(score, truth)
    assert area(points) == pytest.approx(auc(score, truth)[0])
    assert points[0] == (0, 0)
    assert points[-1] == (1, 1)


def test_the_mean_curve_has_the_mean_area():
    rng = np.random.default_rng(1)
    truth = np.arange(200) % 2 == 0
    curves = [roc_points(rng.normal(size=200) + shift * truth, truth) for shift in (0.5, 1.0, 2.0)]
    assert area(mean_curve(curves, at=2001)) == pytest.approx(np.mean([area(c) for c in curves]), abs=1e-3)


def test_long_curves_are_thinned_and_one_truth_has_none():
    truth = np.random.default_rng(2).random(5000) < 0.5
    points = roc_points(np.random.default_rng(3).normal(size=5000), truth)
    assert len(points) <= MOST_POINTS
    assert roc_points(np.ones(3), np.ones(3, bool)) is None
