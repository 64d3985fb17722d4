"""Visual Turing tests: chance needs a margin, bias is told apart, controls speak for the study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from reading.studies import named, simulated
from synthassay.errors import ReadingError
from synthassay.reading.analysis import Order, analyse
from synthassay.reading.generalising import Judging
from synthassay.reading.turing import turing

MARGIN = Judging(0.5, 0.08)


def order(**changes):
    return replace(Order(cut=0.0, turing=True, judging=MARGIN), **changes)


def text(found):
    return " ".join(found.says)


def test_readers_who_guess_in_a_large_study_are_shown_to_be_at_chance():
    found = analyse(simulated(0.0, readers=10, cases=250, seed=5), order())
    (arm,) = found.turing
    assert arm.indistinguishable
    assert arm.auc.within.equivalent_p < 0.05
    assert arm.hype == pytest.approx(50, abs=4)
    assert all(abs(g.d_prime) < 0.5 for g in arm.readers)
    assert "indistinguishable within 0.08" in text(found)
    assert "No positive control" in text(found)


def test_no_difference_in_a_small_study_is_never_called_indistinguishable():
    found = analyse(simulated(0.0, readers=3, cases=12, seed=2), order())
    (arm,) = found.turing
    assert arm.auc.p > 0.05
    assert not arm.indistinguishable
    assert "too small for either" in text(found)


def test_without_a_margin_nothing_is_equivalent():
    found = analyse(simulated(0.0, readers=10, cases=250, seed=5), order(judging=Judging(0.5)))
    assert not found.turing[0].indistinguishable
    assert "No margin was stated" in text(found)


def test_images_that_are_told_apart_are_said_to_be():
    found = analyse(simulated(1.5, seed=3), order())
    assert found.turing[0].hype < 35
    assert found.turing[0].accuracy.ci[0] > 0.5
    assert "They were told apart." in text(found)
    turned = analyse(simulated(-1.5, seed=3), order())
    assert "the wrong way round" in text(turned)


def test_bias_changes_accuracy_and_leaves_d_prime():
    ratings = simulated(1.2, readers=4, cases=400, seed=4)
    (fair,), (eager,) = turing(ratings, 0.6, None), turing(ratings, -1.0, None)
    assert np.mean([g.criterion for g in eager.readers]) < np.mean([g.criterion for g in fair.readers]) - 0.8
    for one, other in zip(fair.readers, eager.readers, strict=True):
        assert one.d_prime == pytest.approx(other.d_prime, abs=0.45)


def test_controls_are_read_apart_and_speak_for_the_study():
    ratings = named(simulated(0.0, 2.5, 0.0, readers=8, cases=150, seed=5), "gan", "spoiled", "real")
    asked = order(positive_controls=("spoiled",), negative_controls=("real",))
    found = analyse(ratings, asked)
    assert found.treatments == ("gan",)
    assert {c.treatment: c.passed for c in found.controls} == {"spoiled": True, "real": True}
    assert "the study could have found one" in text(found)
    assert "No positive control" not in text(found)
    alone = analyse(ratings.of([0]), order())
    assert found.rrrc == alone.rrrc


def test_a_missed_control_takes_the_claim_away():
    ratings = named(simulated(0.0, 0.0, readers=10, cases=250, seed=1), "gan", "spoiled")
    found = analyse(ratings, order(positive_controls=("spoiled",)))
    assert found.turing[0].indistinguishable
    assert "readers missed the control spoiled" in text(found)
    assert "finding nothing elsewhere means nothing" in text(found)


def test_a_cue_is_found_by_the_negative_control():
    ratings = named(simulated(1.0, 1.0, readers=6, cases=80, seed=6), "gan", "real")
    found = analyse(ratings, order(negative_controls=("real",)))
    assert not found.controls[0].passed
    assert "look for a cue" in text(found)


def test_learning_over_a_session_is_told():
    ratings = simulated(0.0, readers=6, cases=150, seed=7)
    rng = np.random.default_rng(8)
    place = np.stack([rng.permutation(300) for _ in range(6)])[None].astype(float)
    right = rng.random(place.shape) < expit(3 * place / 299)
    score = np.where(right == ratings.truth, 1.0, -1.0)
    found = analyse(replace(ratings, score=score, beside={"position": place, "seconds": 5 + place}), order())
    drift = {d.of: d for d in found.drift}
    assert drift["right answers"].slope == pytest.approx(3, abs=0.8)
    assert drift["log seconds"].slope > 0
    assert "Over the session right answers rose" in text(found)


def test_a_turing_test_needs_a_cut_and_two_sides():
    with pytest.raises(ReadingError, match="needs a cut"):
        analyse(simulated(0.0), order(cut=None))
    with pytest.raises(ReadingError, match=r"no such treatment \(gan\)"):
        analyse(simulated(0.0), order(positive_controls=("gan",)))
    with pytest.raises(ReadingError, match="controls alone"):
        analyse(simulated(0.0), order(negative_controls=("t1",)))


def test_one_reader_cannot_speak_for_others():
    found = analyse(simulated(0.0, readers=1), order())
    assert found.turing[0].auc is None
    assert not found.turing[0].indistinguishable
    assert found.headline == "frrc"
    assert "cannot speak for others" in text(found)
