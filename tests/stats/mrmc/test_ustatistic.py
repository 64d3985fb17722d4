"""U-statistics against every pair of pairs counted one by one, in crossed and uncrossed designs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.roe_metz import STRUCTURES
from synthassay.stats.mrmc.ustatistic import moments, ustatistic


def drawn(read_share=1.0, seed=0, readers=3, n0=5, n1=4):
    rng = np.random.default_rng(seed)
    score = np.round(rng.normal(size=(2, readers, n0 + n1)), 1)
    score[:, :, n0:] += 0.7
    score[rng.random(score.shape) > read_share] = np.nan
    truth = np.arange(n0 + n1) >= n0
    names = tuple(str(k) for k in range(n0 + n1))
    return Ratings(("a", "b"), names[:readers], names, truth, score)


def triples(ratings, t):
    """Reader, negative and positive case of each pair, and whether it was won."""
    out = []
    for r, i, j in product(range(len(ratings.readers)), np.flatnonzero(~ratings.truth), np.flatnonzero(ratings.truth)):
        x, y = ratings.score[t, r, i], ratings.score[t, r, j]
        if not np.isnan(x + y):
            out.append((r, i, j, float(y > x) + 0.5 * float(y == x)))
    return out


def brute_covariance(ratings, a, b, free):
    """A A' minus the mean product of pairs that share none of the places in ``free``."""
    one, two = triples(ratings, a), triples(ratings, b)
    products = [p[3] * q[3] for p in one for q in two if all(p[k] != q[k] for k in free)]
    return np.mean([p[3] for p in one]) * np.mean([q[3] for q in two]) - np.mean(products)


@pytest.mark.parametrize("read_share", [1.0, 0.8])
@pytest.mark.parametrize(("fixed", "free"), [("", (0, 1, 2)), ("readers", (1, 2)), ("cases", (0,))])
def test_variance_and_covariance_equal_brute_force(read_share, fixed, free):
    ratings = drawn(read_share, seed=3)
    for a, b in ((0, 0), (1, 1), (0, 1)):
        found = moments(ratings, a, b).covariance(fixed)
        assert found == pytest.approx(brute_covariance(ratings, a, b, free), abs=1e-12)
    found = ustatistic(ratings, 0, 1, fixed=fixed)
    parts = [brute_covariance(ratings, a, b, free) for a, b in ((0, 0), (1, 1), (0, 1))]
    assert found.variance == pytest.approx(parts[0] + parts[1] - 2 * parts[2], abs=1e-12)
    wins = [np.mean([p[3] for p in triples(ratings, t)]) for t in (0, 1)]
    assert found.estimate == pytest.approx(wins[0] - wins[1])


def test_readers_of_their_own_in_each_treatment():
    """A split design: the covariance of treatments without common readers comes from cases alone."""
    ratings = drawn(seed=5, readers=6)
    ratings.score[0, 3:], ratings.score[1, :3] = np.nan, np.nan
    found = moments(ratings, 0, 1)
    assert found.covariance() == pytest.approx(brute_covariance(ratings, 0, 1, (0, 1, 2)), abs=1e-12)
    assert found.unbiased[0] != found.unbiased[0]  # no pair shares reader and both cases
    assert np.isfinite(ustatistic(ratings, 0, 1).variance)


def test_components_add_up_to_the_variance():
    ratings = drawn(seed=7)
    parts = moments(ratings, 0, 0).parts()
    readers, n0, n1 = 3, 5, 4
    sizes = {
        "N": n0,
        "D": n1,
        "ND": n0 * n1,
        "R": readers,
        "NR": n0 * readers,
        "DR": n1 * readers,
        "RND": n0 * n1 * readers,
    }
    total = sum(parts[name] / size for name, size in sizes.items())
    assert total == pytest.approx(ustatistic(ratings, 0).variance, abs=1e-12)


def test_blocks_of_cases_change_nothing(monkeypatch):
    whole = ustatistic(drawn(0.9, seed=1), 0, 1)
    monkeypatch.setattr("synthassay.stats.mrmc.ustatistic.PAIRS_AT_A_TIME", 20)
    assert ustatistic(drawn(0.9, seed=1), 0, 1).variance == pytest.approx(whole.variance, abs=1e-13)


def test_the_variance_is_unbiased():
    """Mean of the estimate over many simulated studies equals the variance of their areas."""
    rng = np.random.default_rng(0)
    model = STRUCTURES["HH", 1.5]
    found = [ustatistic(model.simulate(4, 12, 12, rng), 0) for _ in range(800)]
    areas, variances = np.array([f.estimate for f in found]), np.array([f.variance for f in found])
    assert variances.mean() == pytest.approx(areas.var(ddof=1), rel=0.12)
    assert areas.mean() == pytest.approx(model.true_auc(0), abs=0.008)


def test_one_reader_or_one_case_leaves_the_variance_unknown():
    assert np.isnan(ustatistic(drawn(readers=1), 0).variance)
    assert np.isfinite(ustatistic(drawn(readers=1), 0, fixed="readers").variance)
    with pytest.raises(ValueError, match="no reader read a positive and a negative case"):
        nothing = drawn()
        nothing.score[0, :, nothing.truth] = np.nan
        ustatistic(nothing, 0)


def test_effective_sizes_of_a_crossed_study_are_its_own():
    sizes = moments(drawn(), 0, 0).sizes
    assert sizes == pytest.approx({"N": 5, "D": 4, "R": 3})
