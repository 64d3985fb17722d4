"""Limits of agreement: Bland and Altman's own example, and repeats whose spread is known."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.stats.agreement.bland_altman import limits_of_agreement

# Bland and Altman, Lancet i:307 (1986): peak flow in l/min of 17 people, Wright and mini meter, first readings
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_the_authors_example():
    found = limits_of_agreement(WRIGHT, MINI)
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.sd == pytest.approx(38.8, abs=0.05)
    # they print -79.7 and 75.5: two rounded standard deviations, instead of 1.96, from the rounded bias
    assert round(found.bias, 1) - 2 * round(found.sd, 1) == pytest.approx(-79.7)
    assert round(found.bias, 1) + 2 * round(found.sd, 1) == pytest.approx(75.5)
    assert (found.bias_interval.low, found.bias_interval.high) == (
        pytest.approx(-22.0, abs=0.1),
        pytest.approx(17.8, abs=0.1),
    )


def repeated(rng, cases=400, between=3.0, within=2.0):
    sizes = rng.integers(1, 6, cases)
    case = np.repeat(np.arange(cases), sizes)
    one = 50 + rng.normal(0, 10, cases)[case]
    return one, one - 1.0 + rng.normal(0, between, cases)[case] + rng.normal(0, within, len(case)), case


def test_repeats_add_both_spreads():
    rng = np.random.default_rng(0)
    found = limits_of_agreement(*repeated(rng), rng=rng, draws=500)
    assert found.sd == pytest.approx(np.hypot(3, 2), rel=0.05)
    assert found.bias == pytest.approx(1.0, abs=0.5)
    assert found.high_interval.low < found.high < found.high_interval.high
    assert "bootstrap of cases" in found.low_interval.method


def test_repeats_taken_for_cases_would_look_too_sure():
    rng = np.random.default_rng(1)
    one, other, case = repeated(rng, cases=40, between=6.0, within=0.5)
    honest = limits_of_agreement(one, other, case, rng=rng).bias_interval
    naive = limits_of_agreement(one, other).bias_interval
    assert honest.high - honest.low > 1.3 * (naive.high - naive.low)


def test_one_measurement_each_is_the_plain_standard_deviation():
    rng = np.random.default_rng(2)
    one, other = rng.normal(size=30), rng.normal(size=30)
    assert limits_of_agreement(one, other).sd == pytest.approx(np.std(one - other, ddof=1))


def test_limits_cover():
    rng = np.random.default_rng(3)
    found = [limits_of_agreement(rng.normal(0, 1, 40), np.zeros(40)).high_interval for _ in range(500)]
    assert np.mean([f.low <= 1.959964 <= f.high for f in found]) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (([1, 2], [1, 2]), "three cases"),
        (([1, 2, float("nan")], [1, 2, 3]), "finite"),
        (([1, 2, 3, 4], [1, 2, 3, 4], [0, 0, 1, 2]), "generator"),
    ],
)
def test_what_has_no_limits_is_refused(wrong, why):
    with pytest.raises(ValueError, match=why):
        limits_of_agreement(*wrong)
