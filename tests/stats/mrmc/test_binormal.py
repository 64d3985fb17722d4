"""Binormal fits: published areas, known curves, readers who tell all cases apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.stats import norm

from stats.mrmc.published import expected, printed, van_dyke
from synthassay.stats.mrmc.binormal import _loss, _start, _tally, binormal_areas, fit_binormal
from synthassay.stats.mrmc.covariance import covariance
from synthassay.stats.mrmc.obuchowski_rockette import components, random_readers_random_cases


def test_published_areas_and_their_analysis():
    published = expected()["VanDyke"]["published"]["binormal_auc"]
    figures = binormal_areas(van_dyke())
    found = random_readers_random_cases(
        figures.values, components(figures.values, covariance(van_dyke(), figures, "jackknife"))
    )
    assert figures.values.mean(axis=1).tolist() == [printed(v) for v in published["means"]]
    pair = found.differences[0, 1]
    assert pair.estimate == printed(published["diff"])
    # the publisher's fits without single cases stop a little before the maximum: four digits agree
    assert found.statistic == pytest.approx(published["F"], rel=5e-4)
    assert found.df2 == pytest.approx(published["df2"], rel=1e-3)
    assert found.p == pytest.approx(published["p"], rel=5e-4)
    assert pair.se == pytest.approx(published["se"], rel=5e-4)
    assert pair.interval() == pytest.approx(published["ci"], abs=5e-5)


def test_a_known_curve_is_recovered():
    rng = np.random.default_rng(0)
    score = np.r_[rng.normal(0, 1, 4000), rng.normal(1.5 / 0.7, 1 / 0.7, 4000)]
    found = fit_binormal(score, np.arange(8000) >= 4000)
    assert (found.a, found.b) == (pytest.approx(1.5, abs=0.06), pytest.approx(0.7, abs=0.04))
    assert found.area == pytest.approx(norm.cdf(1.5 / np.hypot(1, 0.7)), abs=0.006)
    assert not found.degenerate


def test_the_gradient_is_that_of_the_likelihood():
    counts = np.array([[30.0, 9, 10, 2, 1], [4, 1, 2, 10, 28]])
    assert check_grad(lambda p: _loss(p, counts)[0], lambda p: _loss(p, counts)[1], _start(counts)) < 1e-4


def test_it_depends_on_the_order_of_ratings_alone():
    rng = np.random.default_rng(1)
    score, truth = rng.integers(1, 6, 200).astype(float), rng.random(200) < 0.5
    assert fit_binormal(score**3, truth).area == pytest.approx(fit_binormal(score, truth).area, abs=1e-6)


def test_leaving_a_case_out_is_fitting_without_it():
    rng = np.random.default_rng(2)
    from synthassay.stats.mrmc.roe_metz import STRUCTURES

    ratings = STRUCTURES["HH", 1.5].simulate(1, 20, 20, rng)
    ratings.score[:] = np.clip(np.round(ratings.score), -1, 2)
    figures = binormal_areas(ratings)
    kept = np.arange(40) != 7
    assert figures.left_out[0, 0, 7] == pytest.approx(
        fit_binormal(ratings.score[0, 0, kept], ratings.truth[kept]).area, abs=1e-5
    )


def test_readers_who_tell_all_apart_are_perfect_and_said_to_be_degenerate():
    found = fit_binormal(np.arange(20.0), np.arange(20) >= 10)
    assert found.area == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("wrong", [([1.0, 2], [True, True]), ([1.0, 1], [True, False])])
def test_what_has_no_curve_is_refused(wrong):
    with pytest.raises(ValueError, match="both truths and two categories"):
        fit_binormal(np.array(wrong[0]), np.array(wrong[1]))


def test_many_ratings_are_binned():
    assert _tally(np.arange(500.0), np.arange(500) % 2 == 0).shape == (2, 20)
