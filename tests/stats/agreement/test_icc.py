"""Intraclass correlations: Shrout and Fleiss' table, published intervals, simulated variance components."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.stats.agreement.icc import FORMS, SHROUT_FLEISS, intraclass, intraclass_by_draws

# Shrout and Fleiss, Psychol Bull 86:420 (1979), table 2: six targets, four judges; estimates table 4
TABLE = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
ESTIMATES = {"1,1": 0.17, "2,1": 0.29, "3,1": 0.71, "1,k": 0.44, "2,k": 0.62, "3,k": 0.91}
# R's psych::ICC prints these intervals of the same table
INTERVALS = {
    "1,1": (-0.133, 0.72),
    "2,1": (0.019, 0.76),
    "3,1": (0.342, 0.95),
    "1,k": (-0.884, 0.91),
    "2,k": (0.071, 0.93),
    "3,k": (0.676, 0.99),
}


@pytest.mark.parametrize("form", FORMS)
def test_shrout_and_fleiss(form):
    found, name = intraclass(TABLE)[form], SHROUT_FLEISS[form]
    assert found.estimate == pytest.approx(ESTIMATES[name], abs=0.005)
    assert found.low == pytest.approx(INTERVALS[name][0], abs=5e-4)
    assert found.high == pytest.approx(INTERVALS[name][1], abs=5e-3)


def test_consistency_ignores_readers_who_are_stricter_and_agreement_does_not():
    stricter = np.array(TABLE) + np.array([0, 3, -2, 5])
    before, after = intraclass(TABLE), intraclass(stricter)
    assert after["C,1"].estimate == pytest.approx(before["C,1"].estimate)
    assert after["A,1"].estimate != pytest.approx(before["A,1"].estimate)


def simulated(rng, cases, readers, case_sd, reader_sd, noise_sd):
    return (
        rng.normal(0, case_sd, (cases, 1))
        + rng.normal(0, reader_sd, (1, readers))
        + rng.normal(0, noise_sd, (cases, readers))
    )


def test_planted_components_are_recovered_and_covered():
    rng = np.random.default_rng(0)
    true = {"A,1": 4 / (4 + 0.25 + 1), "C,1": 4 / (4 + 1)}
    inside = dict.fromkeys(true, 0)
    estimates = {form: [] for form in true}
    for _ in range(400):
        found = intraclass(simulated(rng, 30, 8, 2, 0.5, 1))
        for form, value in true.items():
            inside[form] += found[form].low <= value <= found[form].high
            estimates[form].append(found[form].estimate)
    for form, value in true.items():
        assert np.mean(estimates[form]) == pytest.approx(value, abs=0.02)
        assert inside[form] / 400 == pytest.approx(0.95, abs=0.035)


def test_one_way_intervals_cover():
    rng = np.random.default_rng(1)
    found = [intraclass(simulated(rng, 20, 4, 1, 0, 1))["1,1"] for _ in range(400)]
    assert np.mean([f.low <= 0.5 <= f.high for f in found]) == pytest.approx(0.95, abs=0.035)


def test_equal_readers_agree_wholly():
    assert {f.estimate for f in intraclass([[1, 1], [2, 2], [5, 5]]).values()} == {1.0}


@pytest.mark.parametrize("wrong", [[[1, 2]], [[1], [2]], [[1, float("nan")], [2, 3]], [[1, 1], [1, 1]]])
def test_what_has_no_correlation_is_refused(wrong):
    with pytest.raises(ValueError, match="two cases|no spread"):
        intraclass(wrong)


def test_draws_are_those_of_tables_written_out():
    rng = np.random.default_rng(2)
    table = simulated(rng, 12, 3, 1, 0.5, 1)
    weights = rng.multinomial(12, np.full(12, 1 / 12), size=5).astype(float)
    found = intraclass_by_draws(table, weights)
    for k, row in enumerate(weights):
        whole = intraclass(np.repeat(table, row.astype(int), axis=0))
        for form, value in whole.items():
            assert found[form][k] == pytest.approx(value.estimate)
    assert np.isnan(intraclass_by_draws(table, np.eye(12)[:1])["A,1"]).all()
