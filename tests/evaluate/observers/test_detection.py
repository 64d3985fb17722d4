"""d' and AUC of ratings: closed forms, coverage of intervals, and corrections checked against drawn images."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.detection import (
    auc_of,
    dprime_from,
    dprime_of,
    exact_dprime_interval,
    unbiased_dprime,
    weighted_dprime,
)


def test_auc_and_dprime_stand_for_each_other():
    rng = np.random.default_rng(0)
    without, with_lesion = rng.normal(size=4000), rng.normal(size=4000) + 1.4
    area = roc_auc_score(np.repeat([0, 1], 4000), np.concatenate([without, with_lesion]))
    assert area == pytest.approx(auc_of(1.4), abs=0.015)
    assert dprime_of(area) == pytest.approx(dprime_from(without, with_lesion), abs=0.05)
    assert dprime_of(auc_of(2.2)) == pytest.approx(2.2)


def test_weights_count_images_as_often_as_they_are_drawn():
    rng = np.random.default_rng(1)
    without, with_lesion = rng.normal(size=20), rng.normal(size=20) + 1
    counts = rng.multinomial(20, np.full(20, 0.05))
    repeated = dprime_from(np.repeat(without, counts), np.repeat(with_lesion, counts))
    assert weighted_dprime(without[None], with_lesion[None], counts[None].astype(float)) == pytest.approx([repeated])
    assert np.isnan(weighted_dprime(np.zeros((1, 20)), np.ones((1, 20)), np.ones((1, 20))))


def draw_hotelling(dprime, channels, images, seed):
    rng = np.random.default_rng(seed)
    without, with_lesion = rng.normal(size=(2, images, channels))
    with_lesion[:, 0] += dprime
    pooled = (np.cov(without.T) + np.cov(with_lesion.T)) / 2
    difference = with_lesion.mean(0) - without.mean(0)
    return float(np.sqrt(difference @ np.linalg.solve(pooled, difference)))


def test_the_exact_interval_covers_and_the_correction_is_unbiased():
    found = [draw_hotelling(1.0, 5, 40, seed) for seed in range(400)]
    inside = [(i := exact_dprime_interval(d, 5, 40)).low <= 1.0 <= i.high for d in found]
    assert 0.92 <= np.mean(inside) <= 0.98
    squared = np.array([unbiased_dprime(d, 5, 40) ** 2 for d in found])
    assert squared.mean() == pytest.approx(1.0, abs=3.5 * squared.std() / 20)
    assert np.mean(np.square(found)) > 1.2


def test_the_exact_interval_reaches_zero_where_nothing_was_seen():
    assert exact_dprime_interval(0.2, 5, 20).low == 0


def test_what_has_no_dprime_says_why():
    with pytest.raises(NotMeasured, match="do not vary"):
        dprime_from([1.0, 1.0, 1.0], [2.0, 2.0, 2.0])
    with pytest.raises(NotMeasured, match="cannot train"):
        exact_dprime_interval(1.0, 10, 4)
    with pytest.raises(NotMeasured, match="cannot train"):
        unbiased_dprime(1.0, 10, 4)
