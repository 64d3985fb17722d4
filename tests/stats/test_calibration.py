"""Calibration: equal to scikit-learn where it has the measure, right where the truth is known, NaN where undefined."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from synthassay.stats.calibration import brier_score, calibration_line, expected_calibration_error


@pytest.fixture(scope="module")
def cases():
    rng = np.random.default_rng(0)
    probability = rng.random(3000)
    return probability, rng.random(3000) < probability


def test_brier_equals_scikit_learn(cases):
    assert brier_score(*cases)[0] == pytest.approx(brier_score_loss(cases[1], cases[0]), abs=1e-12)


def test_calibration_error_equals_scikit_learns_curve(cases):
    probability, positive = cases
    shown, meant = calibration_curve(positive, probability, n_bins=10)
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, 11)[1:-1], probability), minlength=10)
    expected = (np.abs(shown - meant) * counts[counts > 0]).sum() / counts.sum()
    assert expected_calibration_error(probability, positive)[0] == pytest.approx(expected, abs=1e-12)


def test_slope_equals_scikit_learns_unpenalised_regression(cases):
    probability, positive = cases
    logit = np.log(probability / (1 - probability))
    fitted = LogisticRegression(C=1e12, tol=1e-10, max_iter=500).fit(logit[:, None], positive)
    slope, intercept = calibration_line(probability, positive)
    assert slope[0] == pytest.approx(fitted.coef_[0, 0], rel=1e-4)
    assert intercept[0] == pytest.approx(fitted.intercept_[0], abs=1e-4)


def test_overconfidence_grows_the_error_and_lowers_the_slope(cases):
    probability, positive = cases
    logit = np.log(probability / (1 - probability))
    found = [(1 / (1 + np.exp(-factor * logit))) for factor in (1.0, 1.5, 2.5, 4.0)]
    errors = [expected_calibration_error(one, positive)[0] for one in found]
    slopes = [calibration_line(one, positive)[0][0] for one in found]
    assert errors == sorted(errors) and errors[0] < 0.03 < errors[-1]
    assert slopes == sorted(slopes, reverse=True)
    assert slopes[2] == pytest.approx(slopes[0] / 2.5, rel=1e-3)


def test_weights_count_cases_as_often_as_they_say(cases):
    probability, positive = cases
    rng = np.random.default_rng(1)
    weights = rng.integers(0, 3, size=(4, 300)).astype(float)
    for measure in (brier_score, expected_calibration_error, lambda p, y, w=None: calibration_line(p, y, w)[0]):
        by_weight = measure(probability[:300], positive[:300], weights)
        repeated = [
            measure(np.repeat(probability[:300], w.astype(int)), np.repeat(positive[:300], w.astype(int)))[0]
            for w in weights
        ]
        np.testing.assert_allclose(by_weight, repeated, rtol=1e-9)


def test_no_slope_where_there_is_none():
    sure = np.array([0.001, 0.002, 0.999, 0.998])
    truth = np.array([False, False, True, True])
    assert np.isnan(calibration_line(sure, truth)[0][0])
    assert np.isnan(calibration_line(sure, np.ones(4, bool))[0][0])
    assert np.isnan(calibration_line(np.full(4, 0.3), truth)[0][0])
