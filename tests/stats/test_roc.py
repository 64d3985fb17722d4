"""Area under the ROC curve and balanced accuracy against scikit-learn, weight by weight."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from synthassay.stats.roc import auc, balanced_accuracy, mean_auc


@pytest.fixture
def cases():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 120)
    scores = rng.dirichlet(np.ones(3), 120).round(1) + 0.3 * np.eye(3)[truth]  # rounding makes ties
    weights = rng.multinomial(120, np.full(120, 1 / 120), size=20).astype(float)
    return truth, scores, weights


def test_auc_equals_scikit_learn_for_every_draw(cases):
    truth, scores, weights = cases
    ours = auc(scores[:, 1], truth == 1, weights)
    oracle = [metrics.roc_auc_score(truth == 1, scores[:, 1], sample_weight=w) for w in weights]
    np.testing.assert_allclose(ours, oracle, atol=1e-12)


def test_mean_auc_equals_scikit_learns_one_versus_rest(cases):
    truth, scores, _ = cases
    shares = scores / scores.sum(axis=1, keepdims=True)
    oracle = metrics.roc_auc_score(truth, shares, multi_class="ovr", average="macro")
    assert mean_auc(shares, truth)[0] == pytest.approx(oracle, abs=1e-12)


def test_two_classes_use_the_second():
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    assert mean_auc(scores, np.array([0, 0, 1]))[0] == 1.0


def test_balanced_accuracy_equals_scikit_learn(cases):
    truth, scores, weights = cases
    ours = balanced_accuracy(scores, truth, weights)
    oracle = [metrics.balanced_accuracy_score(truth, scores.argmax(1), sample_weight=w) for w in weights]
    np.testing.assert_allclose(ours, oracle, atol=1e-12)


def test_a_draw_without_one_class_has_no_value():
    assert np.isnan(auc([0.1, 0.9], [False, True], np.array([[2.0, 0.0]]))).all()
    assert np.isnan(balanced_accuracy(np.eye(2), np.array([0, 1]), np.array([[2.0, 0.0]]))).all()
