"""The detector of outlying images: calibrated on what it never saw, blind to nothing that grows."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.outliers import ALPHA, UNHEARD, Detector, Groups


def groups(values, **more):
    every = {"organ": values, **more}
    return Groups(every, {name: np.full(rows.shape[1], 0.02) for name, rows in every.items()})


def draw(count, seed, columns=6):
    return np.random.default_rng(seed).standard_t(5, size=(count, columns)) @ np.diag([1, 2, 3, 1, 1, 0.1])


def people(count):
    return [str(i) for i in range(count)]


def test_false_alarms_stay_at_five_percent_over_many_draws():
    found = []
    for seed in range(12):
        detector = Detector(groups(draw(60, seed)), people(60), seed=seed, forest=seed % 4 == 0)
        found.append(detector.judge(groups(draw(400, 100 + seed))).outlier.mean())
    assert 0.02 < np.mean(found) < 0.08


def test_p_values_equal_the_definition_counted_one_by_one():
    detector = Detector(groups(draw(40, 1)), people(40), seed=0, forest=False)
    judged = groups(draw(7, 2))
    scores = [detector._combined(model.scores(judged)).max(axis=1) for model in detector._models]
    real = detector._real.max(axis=1)
    expected = [
        (1 + sum(real[i] >= scores[detector._fold[i]][row] for i in range(40))) / 41 for row in range(len(judged))
    ]
    assert detector.judge(judged).p == pytest.approx(expected)


@pytest.mark.parametrize("column", range(6))
def test_scores_grow_with_a_deviation_in_any_descriptor(column):
    detector = Detector(groups(draw(80, 3)), people(80), seed=0, forest=False)
    rows = np.tile(np.median(draw(80, 3), axis=0), (5, 1))
    rows[:, column] += np.array([0, 5, 10, 20, 40]) * draw(80, 3)[:, column].std()
    found = detector.judge(groups(rows))
    assert (np.diff(found.score) > 0).all()
    assert not found.outlier[0]
    assert found.outlier[-1]


def test_what_no_real_image_varies_in_is_still_watched():
    real = draw(60, 4)
    real[:, 0] = 1.0
    strange = np.median(real, axis=0)[None].copy()
    strange[0, 0] = 2.0
    assert Detector(groups(real), people(60), seed=0).judge(groups(strange)).outlier[0]


def test_a_structure_that_all_have_must_be_there_and_one_that_none_has_must_not():
    real, nothing = draw(60, 5), np.full((60, 6), np.nan)
    detector = Detector(groups(real, extra=nothing), people(60), seed=0)
    usual, gone = np.median(real, axis=0)[None], np.full((1, 6), np.nan)
    lost, surplus = detector.judge(groups(gone, extra=gone)), detector.judge(groups(usual, extra=usual))
    assert lost.outlier[0]
    assert surplus.outlier[0]
    assert surplus.score[0] == UNHEARD
    assert not detector.judge(groups(usual, extra=gone)).outlier[0]


def test_a_structure_that_a_third_of_patients_lack_may_be_lacking():
    rare = draw(90, 6)
    rare[::3] = np.nan
    detector = Detector(groups(draw(90, 7), rare=rare), people(90), seed=0)
    usual = np.median(draw(90, 7), axis=0)[None]
    assert not detector.judge(groups(usual, rare=np.full((1, 6), np.nan))).outlier[0]


def test_a_patients_images_stay_on_one_side():
    twice = np.repeat(draw(40, 8), 2, axis=0)
    detector = Detector(groups(twice), [str(i // 2) for i in range(80)], seed=0)
    assert detector.subjects == 40
    assert (detector._fold[::2] == detector._fold[1::2]).all()


def test_fewer_than_twenty_patients_tell_nothing():
    with pytest.raises(NotMeasured, match="19 of them; 20 are the least"):
        Detector(groups(draw(19, 9)), people(19), seed=0)
    assert ALPHA == 0.05
