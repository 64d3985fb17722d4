"""Simulated readers have the areas and components they were given, and analyses of them keep their promises."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.stats.mrmc.areas import areas
from synthassay.stats.mrmc.bootstrap import bootstrap_means
from synthassay.stats.mrmc.covariance import covariance
from synthassay.stats.mrmc.obuchowski_rockette import (
    components,
    fixed_readers_random_cases,
    random_readers_random_cases,
)
from synthassay.stats.mrmc.roe_metz import STRUCTURES, RoeMetz
from synthassay.stats.mrmc.ustatistic import ustatistic


def test_components_of_simulated_ratings():
    model = RoeMetz((0.0, 3.0), 0.5, 0.4, 0.3, 0.6, 0.2, 0.7)
    found = model.simulate(200, 200, 200, np.random.default_rng(0))
    a, b = found.score[0][:, :200], found.score[1][:, :200]
    assert a.var() == pytest.approx(2.7, rel=0.1)
    assert np.cov(a.mean(axis=0), b.mean(axis=0))[0, 1] == pytest.approx(0.3, rel=0.3)
    assert np.cov(a.mean(axis=1), b.mean(axis=1))[0, 1] == pytest.approx(0.5, rel=0.35)
    assert found.score[1][:, 200:].mean() - found.score[1][:, :200].mean() == pytest.approx(3, abs=0.3)


def test_the_published_structures():
    assert len(STRUCTURES) == 12
    assert all(m.var_c + m.var_tc + m.var_rc + m.var_error == pytest.approx(1) for m in STRUCTURES.values())
    assert [round(STRUCTURES["HL", mu].true_auc(0), 2) for mu in (0.75, 1.5, 2.5)] == [0.70, 0.85, 0.96]


def test_the_same_seed_gives_the_same_study():
    one, two = (STRUCTURES["LL", 0.75].simulate(3, 4, 5, np.random.default_rng(9)) for _ in range(2))
    np.testing.assert_array_equal(one.score, two.score)


def analysed(ratings, method="delong"):
    figures = areas(ratings)
    return figures.values, components(figures.values, covariance(ratings, figures, method))


@pytest.mark.parametrize("structure", [("HH", 0.75), ("LL", 1.5)])
def test_intervals_cover_and_tests_keep_their_level(structure):
    """250 studies of 5 readers and 50 + 50 cases without a difference: 95 % covered, 5 % rejected."""
    rng, model, studies = np.random.default_rng(1), STRUCTURES[structure], 250
    rejected = covered = single = wrong = 0
    for _ in range(studies):
        ratings = model.simulate(5, 50, 50, rng)
        found = random_readers_random_cases(*analysed(ratings))
        low, high = found.differences[0, 1].interval()
        covered += low <= 0 <= high
        rejected += found.p < 0.05
        low, high = found.single[0].interval()
        single += low <= model.true_auc(0) <= high
        wrong += ustatistic(ratings, 0, 1).contrast().p() < 0.05
    error = 3 * np.sqrt(0.05 * 0.95 / studies)
    assert covered / studies == pytest.approx(0.95, abs=error)
    assert rejected + covered == studies
    assert single / studies == pytest.approx(0.95, abs=error + 0.01)
    assert wrong / studies < 0.05 + error


def test_taking_readers_for_fixed_is_too_sure_of_new_readers():
    """What goes wrong when readers who differ are treated as the only ones."""
    rng, model = np.random.default_rng(2), RoeMetz((1.5, 1.5), 0.1, 0.1, 0.3, 0.3, 0.2, 0.2)
    found = [analysed(model.simulate(4, 60, 60, rng)) for _ in range(250)]
    assert np.mean([fixed_readers_random_cases(*f).p < 0.05 for f in found]) > 0.15
    assert np.mean([random_readers_random_cases(*f).p < 0.05 for f in found]) < 0.1


def test_the_bootstrap_agrees_with_the_variance_of_many_readers():
    ratings = STRUCTURES["HH", 1.5].simulate(12, 60, 60, np.random.default_rng(3))
    draws = bootstrap_means(ratings, rng=np.random.default_rng(4), draws=2000)
    assert draws.mean(axis=0) == pytest.approx(areas(ratings).values.mean(axis=1), abs=0.004)
    for fixed in ("", "readers", "cases"):
        draws = bootstrap_means(ratings, rng=np.random.default_rng(4), draws=2000, fixed=fixed)
        analytic = ustatistic(ratings, 0, 1, fixed=fixed).variance
        assert (draws[:, 0] - draws[:, 1]).var() == pytest.approx(analytic, rel=0.3)


def test_a_bootstrap_draw_is_the_area_of_the_drawn_study():
    ratings = STRUCTURES["HH", 1.5].simulate(3, 6, 6, np.random.default_rng(5))
    held = bootstrap_means(ratings, rng=np.random.default_rng(6), draws=40, fixed="readers")
    rng = np.random.default_rng(6)
    up, down = (rng.multinomial(6, np.full(6, 1 / 6), size=40) for _ in range(2))
    weight = np.concatenate([down, up], axis=1)
    from synthassay.stats.roc import auc

    by_reader = [auc(ratings.score[0, r], ratings.truth, weight.astype(float)) for r in range(3)]
    np.testing.assert_allclose(held[:, 0], np.mean(by_reader, axis=0))
    ratings.score[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="crossed"):
        bootstrap_means(
            type(ratings)(*[getattr(ratings, f) for f in ("treatments", "readers", "cases", "truth", "score")]), rng=rng
        )
