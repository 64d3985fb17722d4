"""Designs are recognised by who read what."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.roe_metz import STRUCTURES


def study(readers=4, cases=8):
    return STRUCTURES["HH", 1.5].simulate(readers, cases // 2, cases - cases // 2, np.random.default_rng(0))


def test_designs():
    assert study().design == "crossed"
    gaps = study()
    gaps.score[0, 1, 3] = np.nan
    assert gaps.design == "partly crossed"
    split = study()  # two groups of readers, each with cases of its own
    split.score[:, :2, ::2], split.score[:, 2:, 1::2] = np.nan, np.nan
    assert split.design == "cases nested in readers"
    by_treatment = study()
    by_treatment.score[0, :, ::2], by_treatment.score[1, :, 1::2] = np.nan, np.nan
    assert by_treatment.design == "cases nested in treatments"
    own = study()
    own.score[0, :2], own.score[1, 2:] = np.nan, np.nan
    assert own.design == "readers nested in treatments"
    both = study(readers=2, cases=8)
    for k, (t, r) in enumerate(np.ndindex(2, 2)):
        both.score[t, r, [c for c in range(8) if c % 4 != k]] = np.nan
    assert both.design == "cases nested in both"
    absent = study()
    absent.score[0, 0] = np.nan
    assert absent.design == "partly crossed"


def test_some_treatments_take_their_readers_and_cases_along():
    own = study()
    own.score[0, :2], own.score[1, 2:], own.score[0, :, 0] = np.nan, np.nan, np.nan
    own.beside["position"] = own.score.copy()
    part = own.of([0])
    assert (part.treatments, part.readers, len(part.cases)) == (("t1",), ("r3", "r4"), 7)
    assert part.design == "crossed"
    np.testing.assert_array_equal(part.beside["position"], part.score)


def test_arrays_must_fit_their_names():
    with pytest.raises(ValueError, match="do not fit"):
        Ratings(("a",), ("r",), ("c",), np.array([True]), np.zeros((1, 1, 2)))
