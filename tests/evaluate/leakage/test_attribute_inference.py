"""What is recorded of training patients leaks from their copies and not from strangers' images."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from evaluate.sets import fields, images
from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.attribute_inference import attribute_inference
from synthassay.evaluate.leakage.prints import take_prints

TRAIN, TEST, NOBODY = fields(80, 1), fields(60, 2), fields(80, 3)


def prints(name, pixels, subjects=()):
    taken = images(name, pixels, subjects=subjects)
    return take_prints(taken, taken.subjects)


def of(count, seed, values=("a", "b")):
    return list(np.random.default_rng(seed).permutation(np.resize(values, count)))


MEMBERS = prints("t", TRAIN, [f"t{i // 2}" for i in range(80)])
OTHERS = prints("e", TEST, [f"e{i // 2}" for i in range(60)])
KNOWN = {"training_labels": of(80, 4), "test_labels": of(60, 5)}


def noisy(pixels, scale=10.0):
    return pixels + np.random.default_rng(9).normal(scale=scale, size=pixels.shape).astype(np.float32)


def inferred(synthetic, labels, members=MEMBERS, others=OTHERS, known=KNOWN, **more):
    found = attribute_inference(
        synthetic, members, others, 500, np.random.default_rng(0), synthetic_labels=labels, **known, **more
    )
    return {row.stratum: row for row in found}


def test_copies_give_the_class_of_training_patients_away_and_of_nobody_else():
    row = inferred(prints("s", noisy(TRAIN)), KNOWN["training_labels"])["attribute=class"]
    assert row.settings["on_members"] == 1.0
    assert row.settings["on_non_members"] == pytest.approx(0.5, abs=0.15)
    assert row.interval.low > 0.25 and row.subjects == 30


def test_images_of_nobody_give_nothing_away():
    rows = [inferred(prints("s", fields(80, seed)), of(80, seed))["attribute=class"] for seed in range(20, 40)]
    assert np.mean([row.interval.low <= 0 <= row.interval.high for row in rows]) >= 0.85
    assert abs(np.mean([row.value for row in rows])) < 0.04


def test_an_attribute_that_images_show_is_no_leak():
    """A stripe tells the class of everybody: the attacker is right of members and of others alike."""

    def striped(pixels, labels):
        shown = pixels.copy()
        shown[np.array(labels) == "a", :, :, :8] += 2000
        shown[np.array(labels) == "b", :, :, -8:] += 2000
        return shown

    members = prints("t", striped(TRAIN, KNOWN["training_labels"]), MEMBERS.subjects)
    others = prints("e", striped(TEST, KNOWN["test_labels"]), OTHERS.subjects)
    labels = of(80, 6)
    row = inferred(prints("s", striped(NOBODY, labels)), labels, members, others)["attribute=class"]
    assert row.settings["on_members"] > 0.95 and row.settings["on_non_members"] > 0.95
    assert row.interval.low <= 0 <= row.interval.high


def test_the_accuracies_equal_their_definition():
    labels = of(80, 7)
    synthetic = prints("s", NOBODY)
    row = inferred(synthetic, labels)["attribute=class"]
    for side, truth, told in (
        (MEMBERS, KNOWN["training_labels"], "on_members"),
        (OTHERS, KNOWN["test_labels"], "on_non_members"),
    ):
        distance = ((side.rows[:, None].astype(float) - synthetic.rows[None]) ** 2).sum(2)
        assert row.settings[told] == pytest.approx(
            balanced_accuracy_score(truth, np.array(labels)[distance.argmin(1)]), abs=1e-12
        )
    assert row.value == row.settings["on_members"] - row.settings["on_non_members"]


def test_what_is_recorded_of_the_source_patient_leaks_through_copies_and_is_told_by_attribute():
    sex = {f"t{i}": "F" if i % 3 else "M" for i in range(40)}
    groups = {
        "training_groups": [{"sex": sex[subject], "site": "A"} for subject in MEMBERS.subjects],
        "test_groups": [{"sex": value} for value in of(60, 8, ("F", "M", "F"))],
    }
    found = inferred(prints("s", noisy(TRAIN), MEMBERS.subjects), None, known={}, **groups)
    assert set(found) == {"", "attribute=sex"}  # one site only tells nothing
    assert found[""].value == found["attribute=sex"].value > 0.25
    assert found[""].settings["of"] == "attribute=sex"


def test_images_made_of_held_out_patients_do_not_count_and_labels_are_needed():
    with pytest.raises(NotMeasured, match="no attribute with two values"):
        inferred(prints("s", NOBODY), None, known={})
    with pytest.raises(NotMeasured, match="no attribute with two values"):
        inferred(prints("s", NOBODY), ["a"] * 80)
    with pytest.raises(NotMeasured, match="fewer than two values"):
        inferred(prints("s", noisy(TEST), OTHERS.subjects), of(60, 3))


def test_few_patients_are_too_few():
    few = prints("e", TEST[:30], [f"e{i // 2}" for i in range(30)])
    with pytest.raises(NotMeasured, match="15 patients"):
        inferred(prints("s", NOBODY), of(80, 3), others=few, known={**KNOWN, "test_labels": of(30, 5)})


def test_other_sizes_are_refused():
    with pytest.raises(NotMeasured, match="size"):
        inferred(prints("s", fields(80, 3, size=30)), of(80, 3))
