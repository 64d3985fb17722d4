"""LROC and weighted AFROC areas, against their definitions written out."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.stats.mrmc.areas import areas
from synthassay.stats.mrmc.localisation import Marks, lroc_areas, weighted_afroc_areas
from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.roe_metz import STRUCTURES


def psi(x, y):
    return float(x > y) + 0.5 * float(x == y)


@pytest.fixture
def ratings():
    return STRUCTURES["HH", 1.5].simulate(2, 6, 5, np.random.default_rng(0))


def test_lroc_counts_only_lesions_that_were_found(ratings):
    located = np.random.default_rng(1).random(ratings.score.shape) < 0.6
    found = lroc_areas(ratings, located)
    for t, r in np.ndindex(2, 2):
        pairs = [
            located[t, r, p] * psi(ratings.score[t, r, p], ratings.score[t, r, n])
            for p in np.flatnonzero(ratings.truth)
            for n in np.flatnonzero(~ratings.truth)
        ]
        assert found.values[t, r] == pytest.approx(np.mean(pairs))
    np.testing.assert_allclose(lroc_areas(ratings, np.ones_like(located)).values, areas(ratings).values)


def marks():
    rng = np.random.default_rng(2)
    truth = np.array([False] * 4 + [True] * 3)
    score = np.where(rng.random((1, 2, 7)) < 0.4, -np.inf, np.round(rng.normal(size=(1, 2, 7)), 1))
    lesion = np.full((1, 2, 7, 3), np.nan)
    for case, count in ((4, 1), (5, 3), (6, 2)):
        lesion[:, :, case, :count] = np.where(rng.random((1, 2, count)) < 0.3, -np.inf, rng.normal(1, 1, (1, 2, count)))
    return Marks(Ratings(("a",), ("r", "s"), tuple("1234567"), truth, score), lesion)


def test_weighted_afroc_equals_its_definition():
    given = marks()
    found = weighted_afroc_areas(given)
    for r in range(2):
        by_case = [
            np.mean([psi(x, given.ratings.score[0, r, n]) for x in lesions[~np.isnan(lesions)] for n in range(4)])
            for lesions in given.lesion[0, r, 4:]
        ]
        assert found.values[0, r] == pytest.approx(np.mean(by_case))


def test_leaving_a_case_out_is_measuring_without_it():
    given = marks()
    whole = weighted_afroc_areas(given)
    for case in (1, 5):
        kept = np.arange(7) != case
        r = given.ratings
        fewer = Ratings(r.treatments, r.readers, tuple(np.array(r.cases)[kept]), r.truth[kept], r.score[..., kept])
        np.testing.assert_allclose(
            whole.left_out[..., case], weighted_afroc_areas(Marks(fewer, given.lesion[:, :, kept])).values
        )


def test_one_lesion_and_one_mark_each_is_an_roc_area(ratings):
    np.testing.assert_allclose(
        weighted_afroc_areas(Marks(ratings, ratings.score[..., None])).values, areas(ratings).values
    )
