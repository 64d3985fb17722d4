"""Learning and fatigue: found where planted, absent where not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from synthassay.stats.drift import answers_drift, times_drift


def session(slope, readers=8, length=200, seed=0):
    rng = np.random.default_rng(seed)
    place = np.tile(np.arange(length), readers)
    who = np.repeat(np.arange(readers), length)
    right = rng.random(len(place)) < expit(0.5 + slope * place / (length - 1))
    return right, place, who


def test_planted_learning_is_found_at_its_size():
    found = answers_drift(*session(2.0))
    assert found.slope == pytest.approx(2.0, abs=0.4)
    assert found.ci[0] < 2.0 < found.ci[1]
    assert found.p < 0.001
    assert found.last > found.first


def test_nothing_is_found_where_nothing_was_planted():
    p = [answers_drift(*session(0.0, seed=s)).p for s in range(100)]
    assert 0 <= np.mean(np.array(p) < 0.05) <= 0.12


def test_only_the_order_of_positions_matters():
    right, place, who = session(1.0)
    shuffled = np.random.default_rng(3).permutation(len(right))
    stretched = answers_drift(right[shuffled], place[shuffled] ** 3, who[shuffled])
    assert stretched.slope == pytest.approx(answers_drift(right, place, who).slope)


def test_times():
    _, place, who = session(0.0)
    seconds = np.exp(2 - 0.7 * place / 199 + 0.1 * np.random.default_rng(0).standard_normal(len(place)))
    found = times_drift(seconds, place, who)
    assert found.slope == pytest.approx(-0.7, abs=0.05)
    with pytest.raises(ValueError, match="above 0"):
        times_drift([0.0, 1, 1, 1], [0, 1, 2, 3], [0] * 4)


def test_readers_who_are_always_right_have_no_slope():
    assert answers_drift(np.ones(40), np.arange(40), np.zeros(40)) is None
    one = answers_drift(*session(1.0, readers=1))
    assert one.readers == 1
    assert one.ci is None
