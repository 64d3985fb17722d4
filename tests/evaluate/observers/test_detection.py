"""d' and AUC of ratings: closed forms, coverage of intervals, and corrections checked against drawn images."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.detection import (
    auc_of,
    detection,
    dprime_from,
    dprime_of,
    exact_dprime_interval,
    unbiased_dprime,
)


def ratings(dprime, count, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=count), rng.normal(size=count) + dprime


def test_auc_and_dprime_stand_for_each_other():
    without, with_lesion = ratings(1.4, 4000, 0)
    found = detection(
        without, with_lesion, [f"p{i // 40}" for i in range(4000)], rng=np.random.default_rng(0), draws=200
    )
    assert found.dprime == pytest.approx(1.4, abs=0.08)
    assert found.auc == pytest.approx(auc_of(1.4), abs=0.015)
    assert found.auc_of_dprime == pytest.approx(found.auc, abs=0.01)
    assert dprime_of(auc_of(2.2)) == pytest.approx(2.2)
    truth = np.repeat([0, 1], 4000)
    assert found.auc == pytest.approx(roc_auc_score(truth, np.concatenate([without, with_lesion])), abs=1e-12)


def test_intervals_cover_the_truth_as_often_as_they_say():
    covered = np.zeros(2)
    for seed in range(120):
        rng = np.random.default_rng(seed)
        shared = np.repeat(rng.normal(size=30) * 0.5, 2)  # two sites per patient that resemble each other
        without = (shared + rng.normal(size=60)) / np.sqrt(1.25)
        with_lesion = (shared + rng.normal(size=60)) / np.sqrt(1.25) + 1.0
        found = detection(without, with_lesion, [f"p{i // 2}" for i in range(60)], rng=rng, draws=300)
        covered += [found.dprime_interval.low <= 1.0 <= found.dprime_interval.high,
                    found.auc_interval.low <= auc_of(1.0) <= found.auc_interval.high]  # fmt: skip
    assert (covered >= 0.89 * 120).all(), covered


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
    with pytest.raises(NotMeasured, match="3 images on each side"):
        detection([0.0, 1.0, 2.0], [1.0, 2.0, 3.0], ["a", "b", "c"], rng=np.random.default_rng(0))
    with pytest.raises(NotMeasured, match="cannot train"):
        exact_dprime_interval(1.0, 10, 4)
    with pytest.raises(NotMeasured, match="cannot train"):
        unbiased_dprime(1.0, 10, 4)


def test_few_patients_have_a_students_interval_or_none():
    without, with_lesion = ratings(1.0, 12, 3)
    rng = np.random.default_rng(0)
    found = detection(without, with_lesion, [f"p{i // 3}" for i in range(12)], rng=rng)
    assert "Student" in found.dprime_interval.method
    assert detection(without, with_lesion, ["a"] * 6 + ["b"] * 6, rng=rng).dprime_interval is None
