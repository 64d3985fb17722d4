"""Several cases of a patient: against the printed formula, against each other, and on studies whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synthassay.stats.mrmc.areas import areas
from synthassay.stats.mrmc.bootstrap import bootstrap_means
from synthassay.stats.mrmc.clusters import delong_by_patients, jackknife_by_patients, of_both_truths
from synthassay.stats.mrmc.covariance import covariance, jackknife
from synthassay.stats.mrmc.obuchowski_rockette import (
    components,
    fixed_readers_random_cases,
    random_readers_random_cases,
)
from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.roe_metz import STRUCTURES
from synthassay.stats.mrmc.shares import balanced_accuracy, sensitivity
from synthassay.stats.mrmc.size import pilot_of
from synthassay.stats.mrmc.ustatistic import ustatistic

MODEL = STRUCTURES["HL", 1.5]


def study(seed=0, *, images=3, alike=0.8, readers=3, negative=30, positive=24):
    rng = np.random.default_rng(seed)
    return MODEL.simulate(readers, negative, positive, rng, images=images, alike=alike)


def mixed(seed=0):
    """A study whose patients have cases of both truths."""
    whole = study(seed)
    rng = np.random.default_rng(seed)
    return replace(whole, patients=tuple(f"p{k}" for k in rng.integers(0, 15, len(whole.cases))))


def by_the_book(ratings):
    """Obuchowski 1997, sums written out; variance of each area alone."""
    out = []
    for score in ratings.score.reshape(-1, len(ratings.cases)):
        cases = list(zip(score, ratings.truth, ratings.patients, strict=True))
        above, below = [c for c in cases if c[1]], [c for c in cases if not c[1]]
        psi = lambda x, y: (x > y) + 0.5 * (x == y)  # noqa: E731
        area = np.mean([psi(x[0], y[0]) for x in above for y in below])
        names = sorted(set(ratings.patients))
        v10 = {n: sum(np.mean([psi(x[0], y[0]) for y in below]) for x in above if x[2] == n) for n in names}
        v01 = {n: sum(np.mean([psi(x[0], y[0]) for x in above]) for y in below if y[2] == n) for n in names}
        m, n0 = ({n: sum(c[2] == n for c in some) for n in names} for some in (above, below))
        i10, i01 = (sum(v > 0 for v in d.values()) for d in (m, n0))
        big_m, big_n, i = len(above), len(below), len(names)
        s10 = i10 / ((i10 - 1) * big_m) * sum((v10[n] - m[n] * area) ** 2 for n in names)
        s01 = i01 / ((i01 - 1) * big_n) * sum((v01[n] - n0[n] * area) ** 2 for n in names)
        s11 = i / (i - 1) * sum((v10[n] - m[n] * area) * (v01[n] - n0[n] * area) for n in names)
        out.append(s10 / big_m + s01 / big_n + 2 * s11 / (big_m * big_n))
    return out


@pytest.mark.parametrize("make", [study, mixed])
def test_variances_are_those_of_the_paper(make):
    ratings = make()
    found = delong_by_patients(ratings, areas(ratings))
    assert np.diag(found) == pytest.approx(by_the_book(ratings), rel=1e-12)
    np.testing.assert_allclose(found, found.T)


def test_one_case_of_each_patient_changes_nothing():
    ratings = study(images=1)
    named = replace(ratings, patients=ratings.cases)
    assert not named.clustered
    for figures in (areas(ratings), sensitivity(ratings, 0.5), balanced_accuracy(ratings, 0.5)):
        np.testing.assert_allclose(jackknife_by_patients(named, figures), jackknife(ratings, figures), atol=1e-15)
    figures = areas(ratings)
    np.testing.assert_allclose(delong_by_patients(named, figures), covariance(ratings, figures, "delong"), atol=1e-15)


@pytest.mark.parametrize("make", [study, mixed])
def test_the_jackknife_is_near_that_which_leaves_out_whole_patients(make):
    ratings = make(1)
    names = np.array(ratings.patients)
    without = []
    for name in sorted(set(ratings.patients)):
        kept = names != name
        rest = replace(
            ratings,
            cases=tuple(np.array(ratings.cases)[kept]),
            truth=ratings.truth[kept],
            score=ratings.score[..., kept],
            patients=tuple(names[kept]),
        )
        without.append(areas(rest).values.ravel())
    away = np.array(without) - np.mean(without, axis=0)
    count = len(away)
    whole = (count - 1) / count * away.T @ away
    found = covariance(ratings, areas(ratings), "jackknife")
    assert np.trace(found) == pytest.approx(np.trace(whole), rel=0.1)


def test_readers_of_other_images_of_the_same_patients_covary():
    ratings = study(readers=2, images=2, alike=1.0, negative=80, positive=80)
    score = ratings.score.copy()
    score[:, 0, ::2], score[:, 1, 1::2] = np.nan, np.nan
    nested = replace(ratings, score=score)
    assert nested.design == "cases nested in readers"
    figures = areas(nested)
    for method in ("delong", "jackknife"):
        parts = components(figures.values, covariance(nested, figures, method))
        assert parts.cov2 > 0.1 * parts.var
        assert components(figures.values, covariance(replace(nested, patients=()), figures, method)).cov2 == 0


def test_intervals_cover_where_those_that_forget_patients_do_not():
    """160 studies of 60 + 60 images of 15 + 15 patients; fixed readers, so that cases alone decide."""
    rng, true = np.random.default_rng(7), MODEL.true_auc(0)
    hits = {"patients": 0, "images": 0}
    false = {"patients": 0, "images": 0}
    for _ in range(160):
        ratings = MODEL.simulate(4, 60, 60, rng, images=4, alike=0.9)
        for name, one in (("patients", ratings), ("images", replace(ratings, patients=()))):
            figures = areas(one)
            parts = components(figures.values, covariance(one, figures, "delong"))
            low, high = random_readers_random_cases(figures.values, parts).single[0].interval()
            hits[name] += low <= true <= high
            false[name] += fixed_readers_random_cases(figures.values, parts).p < 0.05
    assert hits["patients"] / 160 > 0.88
    assert hits["images"] / 160 < 0.85
    assert false["patients"] < 0.6 * false["images"]


def test_ustatistics_of_patients():
    ratings = study(2, images=1)
    whole = ustatistic(ratings, 0, 1)
    doubled = replace(
        ratings,
        cases=tuple(f"{c}{k}" for k in "ab" for c in ratings.cases),
        truth=np.tile(ratings.truth, 2),
        score=np.tile(ratings.score, 2),
        patients=ratings.cases * 2,
    )
    found, blind = ustatistic(doubled, 0, 1), ustatistic(replace(doubled, patients=()), 0, 1)
    assert (found.estimate, found.variance, found.df) == pytest.approx((whole.estimate, whole.variance, whole.df))
    assert blind.variance < 0.85 * whole.variance
    clustered = study(3)
    figures = areas(clustered)
    delong = components(figures.values, delong_by_patients(clustered, figures))
    spread = random_readers_random_cases(figures.values, delong).single[0].se ** 2
    assert ustatistic(clustered, 0).variance == pytest.approx(spread, rel=0.25)
    with pytest.raises(ValueError, match="cases of both truths"):
        ustatistic(mixed(), 0)
    assert of_both_truths(clustered) == ()


@pytest.mark.parametrize("make", [study, mixed])
def test_bootstrap_draws_patients(make):
    ratings = make(4)
    rng = np.random.default_rng(0)
    spread = bootstrap_means(ratings, rng=rng, draws=3000, fixed="readers").var(axis=0)[0]
    figures = areas(ratings)
    parts = components(figures.values, delong_by_patients(ratings, figures))
    assert spread == pytest.approx(fixed_readers_random_cases(figures.values, parts).single[0].se ** 2, rel=0.3)
    held = bootstrap_means(ratings, rng=rng, draws=5, fixed="cases")
    assert held.shape == (5, 2)


def test_what_cannot_be_done_is_refused():
    ratings = study()
    with pytest.raises(ValueError, match="take one case of each patient"):
        covariance(ratings, areas(ratings), "unbiased")
    with pytest.raises(ValueError, match="needs a pilot with one case"):
        pilot_of(ratings, split=True)
    one = replace(ratings, patients=tuple("p" if t else "n" for t in ratings.truth))
    with pytest.raises(ValueError, match="two patients"):
        covariance(one, areas(one), "delong")
    with pytest.raises(ValueError, match="patients are not those"):
        Ratings(("a",), ("r",), ("1", "2"), np.array([False, True]), np.zeros((1, 1, 2)), patients=("p",))


def test_treatments_keep_their_patients():
    ratings = study()
    assert ratings.of([1]).patients == ratings.patients
