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
    """With as many patients of each class on both sides nobody is drawn away."""
    members = prints("t", TRAIN[:60], MEMBERS.subjects[:60])
    known = {side: list(np.repeat(of(30, seed), 2)) for side, seed in (("training_labels", 4), ("test_labels", 5))}
    labels = of(80, 7)
    synthetic = prints("s", NOBODY)
    row = inferred(synthetic, labels, members, known=known)["attribute=class"]
    for side, truth, told in (
        (members, known["training_labels"], "on_members"),
        (OTHERS, known["test_labels"], "on_non_members"),
    ):
        distance = ((side.rows[:, None].astype(float) - synthetic.rows[None]) ** 2).sum(2)
        assert row.settings[told] == pytest.approx(
            balanced_accuracy_score(truth, np.array(labels)[distance.argmin(1)]), abs=1e-12
        )
    assert row.value == row.settings["on_members"] - row.settings["on_non_members"]
    assert row.n == 120 and row.subjects == 30


def test_each_value_has_as_many_patients_on_both_sides():
    known = {
        "training_labels": list(np.repeat(["a"] * 30 + ["b"] * 10, 2)),
        "test_labels": list(np.repeat(["a"] * 14 + ["b"] * 16, 2)),
    }
    row = inferred(prints("s", NOBODY), of(80, 7), known=known)["attribute=class"]
    assert row.n == 2 * 2 * (14 + 10) and row.subjects == 24


def test_labels_exchanged_between_copies_carry_no_signal():
    rng = np.random.default_rng(12)
    truth = list(np.repeat(of(40, 4), 2))
    known = {"training_labels": truth, "test_labels": list(np.repeat(of(30, 5), 2))}
    copies = prints("s", noisy(TRAIN))
    rows = [
        inferred(copies, list(np.repeat(rng.permutation(truth[::2]), 2)), known=known)["attribute=class"]
        for _ in range(40)
    ]
    assert abs(np.mean([row.value for row in rows])) < 0.05
    assert np.mean([row.interval.low <= 0 <= row.interval.high for row in rows]) >= 0.85


def test_the_largest_of_several_attributes_has_the_wider_interval():
    """Five attributes of nobody: the largest difference is rarely called a leak, though it is chosen as the largest."""
    names = [f"fact {i}" for i in range(5)]

    def facts(subjects, seed):
        rng = np.random.default_rng(seed)
        own = {subject: {name: str(rng.choice(["x", "y"])) for name in names} for subject in sorted(set(subjects))}
        return [own[subject] for subject in subjects]

    alarms = []
    for seed in range(30):
        groups = {"training_groups": facts(MEMBERS.subjects, seed), "test_groups": facts(OTHERS.subjects, seed + 99)}
        found = inferred(prints("s", fields(80, 300 + seed), MEMBERS.subjects), None, known={}, **groups)
        assert found[""].value == max(row.value for stratum, row in found.items() if stratum)
        own = found[found[""].settings["of"]].interval
        assert found[""].interval.low < own.low and found[""].interval.high > own.high
        alarms.append(found[""].interval.low > 0)
    assert np.mean(alarms) <= 0.1


def test_a_guess_that_never_changes_has_a_bound_and_no_false_certainty():
    labels = ["a"] * 79 + ["b"]
    far = NOBODY.copy()
    far[-1] = np.resize([0, 5000], 24 * 24).reshape(1, 24, 24)  # nobody's nearest
    row = inferred(prints("s", far), labels)["attribute=class"]
    assert row.value == 0 and row.settings["on_members"] == row.settings["on_non_members"] == 0.5
    assert row.interval.low < -0.1 and row.interval.high > 0.1 and "exact bound" in row.interval.method


def test_what_is_recorded_of_the_source_patient_leaks_through_copies_and_is_told_by_attribute():
    sex = {f"t{i}": "F" if i % 3 else "M" for i in range(40)}
    groups = {
        "training_groups": [{"sex": sex[subject], "site": "A"} for subject in MEMBERS.subjects],
        "test_groups": [{"sex": value} for value in of(60, 8, ("F", "M", "F"))],
    }
    found = inferred(prints("s", noisy(TRAIN), MEMBERS.subjects), None, known={}, **groups)
    assert set(found) == {"", "attribute=sex"}  # the site is recorded of one side only
    assert found[""].value == found["attribute=sex"].value > 0.25
    assert found[""].settings["of"] == "attribute=sex"


def test_one_value_only_and_unknown_sources_are_reasons():
    groups = {
        "training_groups": [{"site": "A"}] * 80,
        "test_groups": [{"site": "A"}] * 60,
    }
    found = inferred(prints("s", noisy(TRAIN), MEMBERS.subjects), KNOWN["training_labels"], **groups)
    assert "the same value (A)" in found["attribute=site"].not_measured
    assert found["attribute=class"].value > 0.25
    with pytest.raises(NotMeasured, match="attribute=site: no synthetic image carries it or tells a training patient"):
        inferred(prints("s", NOBODY), None, known={}, **groups)
    with pytest.raises(NotMeasured, match="the same value"):
        inferred(prints("s", NOBODY), ["a"] * 80)


def test_images_made_of_held_out_patients_do_not_count_and_labels_are_needed():
    with pytest.raises(NotMeasured, match="no class is recorded of all three sets"):
        inferred(prints("s", NOBODY), None, known={})
    with pytest.raises(NotMeasured, match="no synthetic image carries it"):
        inferred(prints("s", noisy(TEST), OTHERS.subjects), of(60, 3))
    with pytest.raises(NotMeasured, match="not finite"):
        inferred(prints("s", np.full_like(NOBODY, np.nan)), of(80, 3))


def test_few_patients_are_too_few():
    few = prints("e", TEST[:30], [f"e{i // 2}" for i in range(30)])
    with pytest.raises(NotMeasured, match="15 patients"):
        inferred(prints("s", NOBODY), of(80, 3), others=few, known={**KNOWN, "test_labels": of(30, 5)})


def test_other_sizes_are_refused():
    with pytest.raises(NotMeasured, match="size"):
        inferred(prints("s", fields(80, 3, size=30)), of(80, 3))
