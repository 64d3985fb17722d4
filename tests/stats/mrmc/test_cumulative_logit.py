"""The proportional-odds model: against two programs on published data, against simulated truth, and at its limits."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.stats.mrmc.cumulative_logit import fit_cumulative_logit

# Bitterness of wine on 1 to 5 by nine judges, eight bottles each (Randall, Biom J 31:781, 1989)
BITTERNESS = [
    "23344455", "12132354", "23325544", "32323253", "23433333", "32322454", "11222323", "22233334", "12323244",
]  # fmt: skip
RATING = np.array([int(point) for judge in BITTERNESS for point in judge])
WARM, CONTACT = np.tile([0, 0, 0, 0, 1, 1, 1, 1], 9), np.tile([0, 0, 1, 1, 0, 0, 1, 1], 9)
JUDGE, COLUMNS = np.repeat(np.arange(9), 8), np.c_[WARM, CONTACT]


def test_without_random_effects_it_is_statsmodels_ordered_model():
    """OrderedModel(distr="logit") of statsmodels 0.15.0 on the same numbers; R's clm prints the same four digits."""
    found = fit_cumulative_logit(RATING, COLUMNS)
    assert found.effects == pytest.approx([2.50310405, 1.52778618], rel=1e-4)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([0.52868006, 0.476622], rel=1e-3)
    assert found.thresholds == pytest.approx([-1.34438211, 1.25080554, 3.46687847, 5.00638593], rel=1e-4)
    assert found.log_likelihood == pytest.approx(-86.49192337, rel=1e-8)


def test_with_judges_it_is_the_published_mixed_model():
    """clmm(rating ~ temp + contact + (1|judge)), Christensen, vignette of the R package ordinal (Laplace)."""
    found = fit_cumulative_logit(RATING, COLUMNS, {"judge": JUDGE})
    assert found.effects == pytest.approx([3.063, 1.8349], abs=1e-3)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([0.5954, 0.5125], rel=2e-3)
    assert found.thresholds == pytest.approx([-1.6237, 1.5134, 4.2285, 6.0888], abs=2e-3)
    assert found.spread["judge"] ** 2 == pytest.approx(1.279, abs=2e-3)
    assert found.log_likelihood == pytest.approx(-81.57, abs=0.005)


def test_only_the_order_of_answers_matters():
    one, two = fit_cumulative_logit(RATING, COLUMNS), fit_cumulative_logit(RATING**3, COLUMNS)
    np.testing.assert_allclose(one.effects, two.effects)


def simulated(rng, *, readers=8, cases=40, effect=1.0, spread=(0.8, 0.9)):
    reader, case = rng.normal(0, spread[0], readers), rng.normal(0, spread[1], (2, cases))
    shift = np.array([0, effect])[:, None, None] + reader[None, :, None] + case[:, None, :]
    answer = ((shift + rng.logistic(size=shift.shape))[..., None] > np.array([-2, -0.7, 0.7, 2])).sum(axis=-1)
    arm, which, number = (index.ravel() for index in np.indices(answer.shape))
    return answer.ravel(), arm, which, arm * cases + number


def test_simulated_truth_is_found():
    drawn = np.random.default_rng(6).normal(0, 0.8, 10).std()
    answer, arm, reader, case = simulated(np.random.default_rng(6), readers=10, cases=60)
    found = fit_cumulative_logit(answer, arm[:, None], {"reader": reader, "case": case})
    error = float(np.sqrt(found.covariance[0, 0]))
    assert abs(found.effects[0] - 1.0) < 3 * error
    assert 0.1 < error < 0.3
    assert found.spread["reader"] == pytest.approx(drawn, abs=0.15)
    assert found.spread["case"] == pytest.approx(0.9, abs=0.2)
    blind = fit_cumulative_logit(answer, arm[:, None])
    assert np.sqrt(blind.covariance[0, 0]) < 0.8 * error


def test_effects_that_are_not_there_are_found_to_be_none():
    answer, arm, reader, case = simulated(np.random.default_rng(1), spread=(0.0, 0.0))
    found = fit_cumulative_logit(answer, arm[:, None], {"reader": reader, "case": case})
    assert max(found.spread.values()) < 0.3


def test_answers_without_overlap_have_no_estimate():
    found = fit_cumulative_logit([1, 2, 1, 2, 4, 5, 4, 5], [[0]] * 4 + [[1]] * 4)
    assert not found.overlap


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ValueError, match="all answers are equal"):
        fit_cumulative_logit([3, 3, 3], [[0], [1], [1]])
    with pytest.raises(ValueError, match="2 rows of columns"):
        fit_cumulative_logit([1, 2, 3], [[0], [1]])
    with pytest.raises(ValueError, match="a group of every kind"):
        fit_cumulative_logit([1, 2, 3], [[0], [1], [1]], {"reader": [1, 2]})
