"""Intervals against scipy, closed forms and a simulation of their coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from synthassay.stats import resampling
from synthassay.stats.resampling import (
    half_sample_interval,
    interval_of,
    mean_interval,
    paired_difference,
    ratio_interval,
    resampled_ratio,
    share_interval,
)


def alone(count):
    return [f"s{i:03d}" for i in range(count)]


def rng(seed=0):
    return np.random.default_rng(seed)


def test_bca_equals_scipy_on_the_same_draws():
    values = rng().lognormal(size=40)
    oracle = stats.bootstrap((values,), np.mean, n_resamples=999, method="BCa", rng=rng(1))
    left_out = (values.sum() - values) / 39
    ours = interval_of(oracle.bootstrap_distribution, values.mean(), left_out)
    np.testing.assert_allclose(
        [ours.low, ours.high], [oracle.confidence_interval.low, oracle.confidence_interval.high], rtol=1e-12
    )
    assert "BCa" in ours.method


def test_interval_of_a_skewed_mean_agrees_with_scipy_within_chance():
    values = rng().lognormal(size=60)
    ours = mean_interval(values, alone(60), rng=rng(2), draws=20_000)
    oracle = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="BCa", rng=rng(3)).confidence_interval
    width = oracle.high - oracle.low
    assert abs(ours.low - oracle.low) < 0.03 * width
    assert abs(ours.high - oracle.high) < 0.03 * width


def test_few_subjects_get_students_interval():
    values = rng().normal(size=6)
    ours = mean_interval(values, alone(6), rng=rng())
    low, high = stats.t.interval(0.95, 5, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose([ours.low, ours.high], [low, high], rtol=1e-12)


@pytest.mark.parametrize("subjects", [["a", "a", "a"], ["a", "b", "b"]])
def test_fewer_than_three_subjects_have_no_interval(subjects):
    assert mean_interval([1.0, 2.0, 3.0], subjects, rng=rng()) is None


def test_repeated_slices_of_a_patient_add_no_certainty():
    values = rng().normal(size=25)
    once = mean_interval(values, alone(25), rng=rng(1), draws=4000)
    sliced = mean_interval(np.repeat(values, 40), np.repeat(alone(25), 40).tolist(), rng=rng(1), draws=4000)
    np.testing.assert_allclose([once.low, once.high], [sliced.low, sliced.high], rtol=1e-10)
    ignoring_patients = mean_interval(np.repeat(values, 40), alone(1000), rng=rng(1), draws=2000)
    assert ignoring_patients.high - ignoring_patients.low < 0.25 * (once.high - once.low)


def test_intervals_cover_as_they_promise_and_ignoring_patients_does_not():
    hits, naive_hits, runs = 0, 0, 250
    for run in range(runs):
        draw = rng(run)
        subjects = np.repeat(alone(30), 4).tolist()
        values = np.repeat(draw.normal(size=30), 4) + draw.normal(scale=0.5, size=120)
        found = mean_interval(values, subjects, rng=draw, draws=400)
        naive = mean_interval(values, alone(120), rng=draw, draws=400)
        hits += found.low <= 0 <= found.high
        naive_hits += naive.low <= 0 <= naive.high
    assert 0.90 <= hits / runs <= 0.98
    assert naive_hits / runs < 0.80


def test_students_interval_covers_with_five_patients_where_the_bootstrap_does_not(monkeypatch):
    def coverage():
        found = [mean_interval(rng(i).normal(size=5), alone(5), rng=rng(i), draws=300) for i in range(400)]
        return np.mean([one.low <= 0 <= one.high for one in found])

    assert 0.92 <= coverage() <= 0.98
    monkeypatch.setattr(resampling, "FEW_SUBJECTS", 0)
    assert coverage() < 0.90


def test_order_of_cases_does_not_matter():
    values, subjects = rng().normal(size=24), np.repeat(alone(12), 2)
    mixed = rng(5).permutation(24)
    one = mean_interval(values, subjects.tolist(), rng=rng(1))
    other = mean_interval(values[mixed], subjects[mixed].tolist(), rng=rng(1))
    np.testing.assert_allclose([one.low, one.high], [other.low, other.high], rtol=1e-12)


def test_equal_values_have_an_interval_without_width():
    found = mean_interval([2.0] * 12, alone(12), rng=rng())
    assert (found.low, found.high) == (2.0, 2.0)


def test_memory_bound_does_not_change_the_draws_distribution(monkeypatch):
    sums, sizes = rng().normal(size=50), np.ones(50)
    monkeypatch.setattr(resampling, "DRAWS_IN_MEMORY", 700)
    small = resampled_ratio(sums, sizes, 4000, rng(1))
    assert small.shape == (4000,)
    assert abs(small.std() - sums.std() / np.sqrt(50)) < 0.05 * sums.std() / np.sqrt(50)


@pytest.mark.parametrize("values", [[1.0, np.nan, 2.0], [1.0, 2.0]])
def test_values_that_do_not_fit_are_refused(values):
    with pytest.raises(ValueError, match="values"):
        mean_interval(values, alone(3), rng=rng())


def test_paired_difference_is_narrower_than_its_parts():
    patient = rng().normal(scale=5, size=40)
    ours, theirs = patient + rng(1).normal(size=40) * 0.2, patient + 0.5
    difference, interval = paired_difference(ours, theirs, alone(40), rng=rng(2))
    assert difference == pytest.approx(np.mean(ours - theirs))
    assert interval.high < 0
    apart = mean_interval(ours, alone(40), rng=rng(2))
    assert interval.high - interval.low < 0.1 * (apart.high - apart.low)


def test_ratio_with_equal_denominators_is_a_mean():
    values = rng().normal(5, size=30)
    one = ratio_interval(values, np.ones(30), alone(30), rng=rng(1))
    other = mean_interval(values, alone(30), rng=rng(1))
    assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-12)


def test_halves_give_the_standard_error_of_a_mean():
    values = rng().normal(size=200)
    found = half_sample_interval(
        lambda kept: float(values[kept].mean()), alone(200), estimate=values.mean(), rng=rng(1), draws=1500
    )
    expected = 2 * 1.96 * values.std(ddof=1) / np.sqrt(200)
    assert (found.high - found.low) == pytest.approx(expected, rel=0.08)
    assert found.low < values.mean() < found.high


def test_halves_keep_a_patients_images_together():
    subjects = np.repeat(alone(10), 3)

    def whole(kept):
        _, counts = np.unique(subjects[kept], return_counts=True)
        assert (counts == 3).all()
        assert len(counts) == 5
        return float(kept[0])

    assert half_sample_interval(whole, subjects.tolist(), estimate=0.0, rng=rng(), draws=20) is not None
    assert half_sample_interval(whole, alone(5), estimate=0.0, rng=rng()) is None


@pytest.mark.parametrize(("count", "total"), [(0, 10), (3, 10), (10, 10), (1, 400)])
def test_share_interval_equals_scipys_exact_one(count, total):
    oracle = stats.binomtest(count, total).proportion_ci(0.95, method="exact")
    ours = share_interval(count, total)
    assert (ours.low, ours.high) == pytest.approx((oracle.low, oracle.high), abs=1e-12)


def test_impossible_shares_are_refused():
    with pytest.raises(ValueError, match="share"):
        share_interval(3, 2)
