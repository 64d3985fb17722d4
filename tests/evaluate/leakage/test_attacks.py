"""Attacks against their oracles: scikit-learn's curves, brute-force halves, and resampled patients."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.attacks import Scored, attack, caught_at, clustered_auc


def side(scores, each=1, name="m"):
    return Scored(np.asarray(scores, float), [f"{name}{i // each}" for i in range(len(scores))])


def drawn(count, seed, mean=0.0, each=3, name="m", shared=1.0):
    """Scores of patients with ``each`` images that share most of their spread."""
    rng = np.random.default_rng(seed)
    own = rng.normal(mean, shared, -(-count // each)).repeat(each)[:count]
    return side(np.round(own + rng.normal(size=count), 1), each, name)  # rounded, so that there are ties


def test_the_area_and_the_share_caught_equal_scikit_learns():
    members, others = drawn(240, 1, 0.8), drawn(330, 2, name="o")
    found = attack(members, others, np.random.default_rng(0))
    truth = np.r_[np.ones(240), np.zeros(330)]
    scores = np.r_[members.scores, others.scores]
    assert found.auc == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    assert found.caught == pytest.approx(true[false <= 0.01].max())
    assert caught_at(members.scores, others.scores, 0.1) == pytest.approx(true[false <= 0.1].max())


def test_the_control_halves_patients_and_equals_brute_force():
    members, others = drawn(90, 3, each=3), drawn(30, 4, each=3, name="o")
    found = attack(members, others, np.random.default_rng(7))
    rng, names = np.random.default_rng(7), np.unique(members.subjects)
    for value in found.control[:20]:
        other = set(names[rng.permutation(30)[:10]])
        plays = np.array([subject in other for subject in members.subjects])
        assert value == pytest.approx(roc_auc_score(~plays, members.scores), abs=1e-12)
    assert found.others_in_control == 10
    assert abs(found.control.mean() - 0.5) < 0.02


def test_the_error_is_that_of_patients_not_of_images():
    members, others = drawn(150, 5, 0.5, shared=2.0), drawn(120, 6, name="o", shared=2.0)
    auc, error = clustered_auc(members, others)
    rng, values = np.random.default_rng(0), []
    for _ in range(500):
        parts = []
        for one in (members, others):
            whose = np.asarray(one.subjects)
            names = np.unique(whose)
            parts.append(np.concatenate([one.scores[whose == n] for n in rng.choice(names, len(names))]))
        values.append(roc_auc_score(np.r_[np.ones(len(parts[0])), np.zeros(len(parts[1]))], np.concatenate(parts)))
    assert error == pytest.approx(np.std(values), rel=0.1)
    as_if_alone = clustered_auc(side(members.scores), side(others.scores, name="o"))[1]
    assert as_if_alone < 0.8 * error
    assert auc == pytest.approx(np.mean(values), abs=0.01)


def test_where_nothing_leaks_p_is_even_and_intervals_hold_nothing():
    found = [attack(drawn(90, 100 + i), drawn(60, 900 + i, name="o"), np.random.default_rng(i)) for i in range(60)]
    ps = np.array([one.settings()["p"] for one in found])
    assert 0.4 < ps.mean() < 0.6
    assert (ps < 0.05).mean() < 0.12
    assert np.mean([one.interval.low < 0 < one.interval.high for one in found]) > 0.88


def test_more_leakage_is_a_larger_difference():
    steps = [attack(drawn(90, 1, mean), drawn(60, 2, name="o"), np.random.default_rng(0)) for mean in (0, 1, 2, 6)]
    differences = [one.difference for one in steps]
    assert differences == sorted(differences)
    assert differences[-1] > 0.45
    assert steps[-1].settings()["p"] == 1 / 500
    assert steps[-1].caught > 0.9


def test_too_few_patients_and_scores_that_are_not_finite_are_not_measured():
    with pytest.raises(NotMeasured, match="5 and 20"):
        attack(drawn(15, 1), drawn(60, 2, name="o"), np.random.default_rng(0))
    with pytest.raises(NotMeasured, match="not finite"):
        attack(side([np.nan] * 10), side([1.0] * 5, name="o"), np.random.default_rng(0))


def test_complete_separation_has_an_interval_and_near_it_the_truth_is_held():
    rng = np.random.default_rng(0)
    sides = [Scored(np.arange(12.0) + far, [f"{far}{i}" for i in range(12)]) for far in (100, 0)]
    apart = attack(*sides, rng)
    assert apart.auc == 1
    assert apart.interval.high - apart.interval.low == pytest.approx(1 - 0.025 ** (1 / 12))
    held = 0
    true = 0.9214  # area of two normal laws two deviations apart: Phi(sqrt 2)
    for _ in range(60):
        scores = [Scored(rng.normal(mean, 1, 12), [f"{mean}{i}" for i in range(12)]) for mean in (2, 0)]
        found = attack(*scores, rng)
        middle = float(found.control.mean())
        held += found.interval.low <= true - middle <= found.interval.high
    assert held >= 52
