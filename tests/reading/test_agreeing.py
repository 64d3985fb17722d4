"""Agreement of a study's readers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reading.studies import simulated
from synthassay.reading.agreeing import agreement


def rounded(**sizes):
    ratings = simulated(1.5, **sizes)
    return replace(ratings, score=np.clip(np.round(ratings.score * 2), -2, 4))


def test_every_coefficient_lies_within_its_interval():
    found = agreement(rounded(), 1.0, seed=0, draws=400)
    assert len(found) == 7
    for row in found:
        assert row.ci[0] < row.estimate < row.ci[1]
        assert 0 < row.estimate < 1


def test_equal_seeds_give_equal_intervals():
    assert agreement(rounded(), 1.0, seed=3, draws=300) == agreement(rounded(), 1.0, seed=3, draws=300)
    assert agreement(rounded(), 1.0, seed=3, draws=300) != agreement(rounded(), 1.0, seed=4, draws=300)


def test_readers_who_share_less_agree_less():
    alike = agreement(simulated(1.5, spread=0.001), None, seed=0)
    other = simulated(1.5, spread=0.001)
    other.score[0, 0] = np.random.default_rng(0).permutation(other.score[0, 0])
    assert agreement(other, None, seed=0)[0].estimate < alike[0].estimate - 0.1


def test_readers_without_cases_in_common_are_said_not_to_tell():
    ratings = simulated(1.5, readers=2)
    ratings.score[0, 0, ::2], ratings.score[0, 1, 1::2] = np.nan, np.nan
    (row,) = agreement(ratings, 0.5, seed=0)
    assert row.estimate is None
    assert "fewer than three cases" in row.note


def test_gaps_leave_the_intraclass_correlation_to_whole_cases():
    ratings = rounded()
    ratings.score[0, 0, :30] = np.nan
    found = {row.coefficient: row for row in agreement(ratings, None, seed=0, draws=300)}
    assert found["ICC(C,1), consistency"].n == 90
    assert found["Krippendorff's alpha, interval"].n == 120
    whole = {row.coefficient: row for row in agreement(rounded(), None, seed=0, draws=300)}
    both = [f["Krippendorff's alpha, interval"].estimate for f in (found, whole)]
    assert both[0] == pytest.approx(both[1], abs=0.03)
