from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from evaluate.examination import assert_worsens
from evaluate.leakage.leakage_features import TRAINING, UNSEEN, copying, found, normal
from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.leakage.authenticity import authentic, nearest_other
from synthassay.records.vocabulary import Better


def test_it_equals_a_direct_computation_with_scikit_learns_neighbours():
    judged = normal(100, 9)
    judged[:20] = TRAINING[:20] + 0.1
    distance, at = NearestNeighbors(n_neighbors=1).fit(TRAINING).kneighbors(judged)
    own, _ = NearestNeighbors(n_neighbors=2).fit(TRAINING).kneighbors(TRAINING)
    expected = float((own[at[:, 0], 1] < distance[:, 0]).mean())
    assert found("authenticity", judged).value == expected
    assert 0 < expected < 1


def test_five_hundred_copies_of_one_patient_score_zero():
    copies = TRAINING[:1] + 1e-3 * normal(500, 6)
    result = found("authenticity", copies)
    assert result.value == 0.0
    assert 0.4 < result.floor < 0.9
    # looked up with the positions of the copies, as in code that is widely used, they would seem authentic
    reach = nearest_other(Sample.of(TRAINING, [str(i) for i in range(300)]))
    nearest_copy = np.sqrt(((copies[:300] - TRAINING[0]) ** 2).sum(1))
    assert (np.sqrt(reach) > nearest_copy).mean() == 1.0


def test_more_copies_are_worse():
    memo = {}
    assert_worsens([found("authenticity", rows, memo).value for rows in copying()], Better.HIGHER)


def test_held_out_patients_reach_the_floor():
    result = found("authenticity", normal(200, 8))
    assert result.interval.low <= result.floor <= result.interval.high
    assert result.floor == float(authentic(UNSEEN, TRAINING, nearest_other(Sample.of(TRAINING, range(300)))).mean())


def test_a_second_image_of_the_patient_does_not_excuse_a_copy():
    twice = np.repeat(TRAINING[:150], 2, axis=0) + 1e-4 * normal(300, 7)
    copies = TRAINING[:60] + 0.01 * normal(60, 8)
    people = [f"t{i // 2}" for i in range(300)]
    result = found("authenticity", copies, training_features=twice, training_subjects=people)
    assert result.value == 0.0
    as_strangers = found("authenticity", copies, training_features=twice)
    assert as_strangers.value == 1.0


def test_one_training_patient_is_too_few():
    with pytest.raises(NotMeasured, match="one patient only"):
        found("authenticity", normal(50, 1), training_subjects=["t"] * 300)


def test_what_rests_on_training_images_is_kept():
    memo = {}
    found("authenticity", normal(50, 1), memo)
    kept = memo["authenticity"]
    found("authenticity", normal(50, 2), memo)
    assert memo["authenticity"] is kept
