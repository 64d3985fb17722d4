"""Points as ordered answers: which effects are fitted, and how sure their differences are."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.reading.odds import proportional_odds

READERS = ("r1", "r2", "r3", "r4")


def arms(effects, *, seed=0, cases=16, patients=()):
    rng = np.random.default_rng(seed)
    names = tuple(f"c{k}" for k in range(cases))
    of_case = rng.normal(0, 1, cases)
    made = {}
    for arm, effect in effects.items():
        value = 3 + effect + of_case + rng.logistic(0, 0.5, (len(READERS), cases))
        made[arm] = (np.clip(value.round(), 1, 5), names, patients)
    return made


def test_three_arms_are_compared_pair_by_pair():
    found = proportional_odds("sharp", arms({"a": 0.0, "b": 1.0, "c": -1.0}), READERS)
    pairs = {(d.a, d.b): d for d in found.differences}
    assert set(pairs) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert pairs["b", "c"].estimate == pytest.approx(pairs["a", "c"].estimate - pairs["a", "b"].estimate)
    assert pairs["a", "b"].estimate < 0 < pairs["a", "c"].estimate
    assert all(d.df == 3 and d.se > 0 for d in pairs.values())
    assert tuple(found.spread) == ("reader", "reader in arm", "case")
    assert len(found.thresholds) == len(found.answers) - 1


def test_patients_have_an_effect_where_they_have_several_cases():
    found = proportional_odds("", arms({"a": 0.0, "b": 0.5}, patients=tuple(f"p{k // 4}" for k in range(16))), READERS)
    assert "patient" in found.spread


def test_measurements_are_no_ordered_answers():
    rng = np.random.default_rng(0)
    many = {arm: (rng.normal(size=(4, 16)), tuple("abcdefghijklmnop"), ()) for arm in "ab"}
    found = proportional_odds("", many, READERS)
    assert found.differences == ()
    assert "are no categories" in found.note
