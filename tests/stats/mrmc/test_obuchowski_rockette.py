"""Obuchowski and Rockette: laws and edges that published data do not reach."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.stats.mrmc.areas import areas
from synthassay.stats.mrmc.covariance import covariance
from synthassay.stats.mrmc.obuchowski_rockette import (
    Contrast,
    components,
    fixed_readers_random_cases,
    random_readers_fixed_cases,
    random_readers_random_cases,
)
from synthassay.stats.mrmc.roe_metz import STRUCTURES, RoeMetz

VALUES = np.array([[0.80, 0.84, 0.78], [0.83, 0.85, 0.86]])


def matrix(var, cov1, cov2, cov3):
    """Covariance of two treatments and three readers with these components."""
    same_reader, same_treatment = (
        np.tile(np.eye(3, dtype=bool), (2, 2)),
        np.kron(np.eye(2), np.ones((3, 3))).astype(bool),
    )
    out = np.where(same_treatment, cov2, cov3)
    out = np.where(same_reader & ~same_treatment, cov1, out)
    return np.where(np.eye(6, dtype=bool), var, out).astype(float)


def test_components_are_read_from_the_matrix():
    parts = components(VALUES, matrix(9.0, 4.0, 3.0, 2.0))
    assert (parts.var, parts.cov1, parts.cov2, parts.cov3) == (9, 4, 3, 2)


def test_a_cov2_below_cov3_counts_as_no_difference():
    """Otherwise cases would make a difference surer than no cases at all."""
    low, level = (components(VALUES, matrix(1e-3, 4e-4, cov2, 3e-4)) for cov2 in (1e-4, 3e-4))
    assert low.cov2 - low.cov3 < 0
    for analysis in (random_readers_random_cases, fixed_readers_random_cases):
        assert analysis(VALUES, low).denominator == pytest.approx(analysis(VALUES, level).denominator)
        assert analysis(VALUES, low).p == pytest.approx(analysis(VALUES, level).p)


def test_without_case_covariance_random_cases_are_fixed_ones():
    parts = components(VALUES, matrix(1e-3, 4e-4, 3e-4, 3e-4))
    one, other = random_readers_random_cases(VALUES, parts), random_readers_fixed_cases(VALUES, parts)
    assert (one.p, one.df2) == pytest.approx((other.p, other.df2))


def test_two_treatments_are_a_t_test():
    parts = components(VALUES, matrix(1e-3, 4e-4, 3.5e-4, 3e-4))
    for analysis in (random_readers_random_cases, fixed_readers_random_cases, random_readers_fixed_cases):
        found = analysis(VALUES, parts)
        pair = found.differences[0, 1]
        assert found.statistic == pytest.approx((pair.estimate / pair.se) ** 2)
        assert found.p == pytest.approx(pair.p())
        low, high = pair.interval()
        assert (low <= 0 <= high) == (found.p >= 0.05)


def test_three_treatments():
    ratings = RoeMetz((0.75, 1.5, 2.5), 0.01, 0.01, 0.3, 0.3, 0.2, 0.2).simulate(5, 60, 60, np.random.default_rng(0))
    figures = areas(ratings)
    found = random_readers_random_cases(
        figures.values, components(figures.values, covariance(ratings, figures, "delong"))
    )
    assert sorted(found.differences) == [(0, 1), (0, 2), (1, 2)]
    assert found.df1 == 2
    assert found.p < 0.001
    assert found.differences[0, 2].estimate == pytest.approx(figures.values[0].mean() - figures.values[2].mean())


def test_one_treatment_has_no_difference_and_its_own_interval():
    ratings = STRUCTURES["HH", 1.5].simulate(4, 30, 30, np.random.default_rng(1)).of([0])
    figures = areas(ratings)
    found = random_readers_random_cases(
        figures.values, components(figures.values, covariance(ratings, figures, "delong"))
    )
    assert np.isnan(found.statistic)
    assert found.differences == {}
    assert found.single[0].p(0.5) < 0.05


def test_equal_treatments_of_equal_readers_do_not_differ():
    same = np.full((2, 3), 0.8)
    found = random_readers_random_cases(same, components(same, np.zeros((6, 6))))
    assert (found.statistic, found.p) == (0.0, 1.0)
    apart = np.array([[0.8] * 3, [0.9] * 3])
    assert random_readers_random_cases(apart, components(apart, np.zeros((6, 6)))).p == 0


def test_a_contrast_without_spread_is_certain():
    sure = Contrast(0.1, 0.0, 5.0)
    assert (sure.tail(0.1), sure.tail(-0.1), sure.tail(0.0)) == (0.0, 1.0, 0.5)


def test_two_cases_of_a_truth_are_needed():
    ratings = STRUCTURES["HH", 1.5].simulate(2, 1, 5, np.random.default_rng(2))
    with pytest.raises(ValueError, match="two positive and two negative"):
        areas(ratings)


def test_unbiased_covariances_are_for_areas():
    ratings = STRUCTURES["HH", 1.5].simulate(2, 5, 5, np.random.default_rng(2))
    from synthassay.stats.mrmc.shares import sensitivity

    with pytest.raises(ValueError, match="areas only, not for sensitivity"):
        covariance(ratings, sensitivity(ratings, 1.0), "delong")


@pytest.mark.parametrize("method", ["delong", "jackknife", "unbiased"])
def test_covariances_estimate_the_spread_of_areas(method):
    """Readers held, cases drawn anew: the mean estimate is the covariance seen over many studies."""
    rng, found, seen = np.random.default_rng(3), [], []
    for _ in range(400):
        ratings = RoeMetz((1.0, 1.5), 0, 0, 0.4, 0.2, 0.2, 0.2).simulate(2, 15, 20, rng)
        figures = areas(ratings)
        seen.append(figures.values.ravel())
        found.append(covariance(ratings, figures, method))
    true, mean = np.cov(np.array(seen).T), np.mean(found, axis=0)
    np.testing.assert_allclose(mean, true, rtol=0.3)


def test_blocks_of_pairs_change_nothing(monkeypatch):
    ratings = STRUCTURES["HH", 1.5].simulate(2, 6, 7, np.random.default_rng(4))
    whole = covariance(ratings, areas(ratings), "unbiased")
    monkeypatch.setattr("synthassay.stats.mrmc.covariance.PAIRS_AT_A_TIME", 10)
    np.testing.assert_allclose(covariance(ratings, areas(ratings), "unbiased"), whole, atol=1e-15)
