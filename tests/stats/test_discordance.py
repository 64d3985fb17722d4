"""Tau-b against scipy's; permutation p against scipy's exact one; what noise does; who is told apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from synthassay.stats.discordance import Noisy, permutation_p, rank_correlation, tau_b, told_apart, turned


def noisy(values, half):
    array = np.asarray(values, float)
    return Noisy(array, array - half, array + half)


def test_tau_b_is_scipys_with_and_without_ties():
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 4, (50, 9)), rng.normal(size=(50, 9)).round(0)
    expected = [kendalltau(a, b).statistic for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(tau_b(x, y), expected, atol=1e-12)
    assert np.isnan(tau_b([1, 1, 1], [1, 2, 3])[0])


@pytest.mark.parametrize("count", [6, 8])
def test_p_is_scipys_exact_one_for_few_sets(count):
    rng = np.random.default_rng(count)
    x, y = rng.normal(size=count), rng.normal(size=count)
    assert permutation_p(x, y, rng=rng) == pytest.approx(kendalltau(x, y, method="exact").pvalue)


def test_p_is_near_scipys_exact_one_for_more_sets_and_never_zero():
    rng = np.random.default_rng(3)
    x = np.arange(12.0)
    y = x + rng.normal(size=12) * 4
    assert permutation_p(x, y, rng=rng) == pytest.approx(kendalltau(x, y, method="exact").pvalue, abs=0.005)
    assert 0 < permutation_p(x, x, rng=rng) < 1e-4


def test_the_interval_holds_the_truth_and_widens_with_the_noise_of_the_numbers():
    x = np.arange(12.0)
    widths = []
    for half in (0.0, 2.0, 8.0):
        found = rank_correlation(noisy(x, half), noisy(x, half), target=None, sign=1, rng=np.random.default_rng(5))
        assert found.tau == 1
        assert found.interval.low <= 1 <= found.interval.high
        widths.append(found.interval.high - found.interval.low)
    assert widths[0] == 0 < widths[1] < widths[2]


def test_the_interval_covers_the_true_tau_about_as_often_as_it_says():
    rng, covered = np.random.default_rng(6), 0
    for _ in range(60):
        x, y = rng.normal(size=(2, 12))
        found = rank_correlation(noisy(x, 0.0), noisy(y, 0.0), target=None, sign=1, rng=rng, draws=400)
        covered += found.interval.low <= 0 <= found.interval.high
    assert covered >= 51  # 57 expected; the percentile interval of twelve sets is a little narrow


def test_less_is_turned_about_and_a_target_is_a_distance():
    values = np.array([0.5, 1.0, 1.7])
    assert turned(values, None, -1.0).tolist() == [-0.5, -1.0, -1.7]
    np.testing.assert_allclose(turned(values, 1.0, 1.0), [-0.5, 0, -0.7])


def test_a_constant_measure_has_no_tau():
    same, other = noisy([1.0] * 7, 0.1), noisy(range(7), 0.1)
    assert rank_correlation(same, other, target=None, sign=1, rng=np.random.default_rng(0)) is None


def test_sets_are_told_apart_beyond_the_interval_of_the_difference_only():
    values = Noisy(np.array([0.0, 1.0, 2.0]), np.array([-0.9, 0.1, 2.0]), np.array([0.9, 1.9, 2.0]))
    assert not told_apart(values, 0, 1)  # 1 < hypot(0.9, 0.9)
    assert told_apart(noisy([0.0, 1.0], 0.6), 1, 0)
    assert not told_apart(values, 2, 0)  # a number without an interval is told apart from none
    assert not told_apart(noisy([0.0, 2.0], 0.6), 0, 1, target=1.0)
    assert told_apart(noisy([0.0, 1.0], 0.6), 1, 0, target=1.0)


def test_the_ends_that_face_each_other_decide():
    facing = Noisy(np.array([0.0, 1.0]), np.array([-5.0, 0.9]), np.array([0.1, 6.0]))
    averted = Noisy(np.array([0.0, 1.0]), np.array([-0.1, -4.0]), np.array([5.0, 1.1]))
    assert told_apart(facing, 1, 0)
    assert told_apart(facing, 0, 1)
    assert not told_apart(averted, 1, 0)
    assert not told_apart(averted, 0, 1)
