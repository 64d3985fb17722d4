"""Intervals that train the observer anew cover the truth; its templates are those of a linear discriminant."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.channelised import folds_by_subject, held_out_ratings
from synthassay.evaluate.observers.detection import auc_of
from synthassay.evaluate.observers.retraining import _retrained, subject_interval, trained_detection

CHANNELS = 4


def sites(count, dprime, seed):
    """Two sites per patient that resemble each other, with and without a lesion on the same noise."""
    rng = np.random.default_rng(seed)
    shared = np.repeat(rng.normal(size=(count // 2, CHANNELS)) * 0.5, 2, axis=0)
    without = (shared + rng.normal(size=(count, CHANNELS))) / np.sqrt(1.25)
    return without, without + np.array([dprime, 0, 0, 0]), [f"p{i // 2}" for i in range(count)]


@pytest.mark.parametrize("dprime", [0.8, 2.0])
def test_intervals_cover_the_truth_as_often_as_they_say(dprime):
    covered = np.zeros(2)
    for seed in range(80):
        found = trained_detection(*sites(60, dprime, seed), seed=seed, draws=200)
        covered += [found.dprime_interval.low <= dprime <= found.dprime_interval.high,
                    found.auc_interval.low <= auc_of(dprime) <= found.auc_interval.high]  # fmt: skip
    assert (covered >= 0.87 * 80).all(), covered


def test_a_draw_of_everybody_once_gives_the_ratings_themselves():
    without, with_lesion, subjects = sites(40, 1.0, 3)
    drawn = _retrained(without, with_lesion, np.ones((1, 40)), folds_by_subject(subjects, seed=5))
    ratings = held_out_ratings(without, with_lesion, subjects, seed=5)
    for ours, plain in zip(drawn, ratings, strict=True):
        assert ours[0] == pytest.approx(plain, abs=1e-9)


def test_the_template_is_that_of_a_linear_discriminant():
    without, with_lesion, subjects = sites(60, 1.0, 4)
    test = folds_by_subject(subjects, seed=5) == 0
    ratings = held_out_ratings(without, with_lesion, subjects, seed=5)
    oracle = LinearDiscriminantAnalysis(solver="eigen")
    oracle.fit(np.concatenate([without[~test], with_lesion[~test]]), np.repeat([0, 1], (~test).sum()))
    scores = oracle.decision_function(np.concatenate([without[test], with_lesion[test]]))
    ours = np.concatenate([side[test] for side in ratings])
    assert np.corrcoef(scores, ours)[0, 1] == pytest.approx(1, abs=1e-9)


def test_equal_seeds_draw_equal_patients_so_that_differences_are_paired():
    without, with_lesion, subjects = sites(60, 1.0, 6)
    one, two, other = (trained_detection(without, with_lesion, subjects, seed=s, draws=100) for s in (1, 1, 2))
    assert np.array_equal(one.dprime_draws, two.dprime_draws)
    assert not np.array_equal(one.dprime_draws, other.dprime_draws)


def test_a_lesion_that_is_gone_has_a_dprime_of_zero():
    without, _, subjects = sites(40, 1.0, 7)
    found = trained_detection(without, without.copy(), subjects, seed=0, draws=100)
    assert found.dprime == 0
    assert found.auc == 0.5
    assert np.abs(found.dprime_draws).max() < 1e-9


def test_few_patients_have_a_students_interval_or_none():
    without, with_lesion, _ = sites(60, 1.0, 8)
    found = trained_detection(without, with_lesion, [f"p{i // 12}" for i in range(60)], seed=0, draws=100)
    assert "Student" in found.dprime_interval.method
    two = trained_detection(without, with_lesion, ["a"] * 30 + ["b"] * 30, seed=0, draws=100)
    assert two.dprime_interval is None
    assert subject_interval(np.full(10, np.nan), 1.0, np.ones(12)) is None
    with pytest.raises(NotMeasured, match="3 images on each side"):
        trained_detection(without[:3], with_lesion[:3], ["a", "b", "c"], seed=0, draws=100)
