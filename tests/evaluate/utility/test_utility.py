"""Utility on real patients: what training on synthetic images is worth, and when there is no honest number.

Covers synthassay.evaluate.utility.tstr_auc, synthassay.evaluate.utility.tstr_balanced_accuracy,
synthassay.evaluate.utility.tstr_auc_external and synthassay.evaluate.utility.augmentation_gain on one small
synthassay.evaluate.utility.trial.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluate.sets import images
from networks.test_classifier import striped
from synthassay.data.image_set import ImageSet
from synthassay.evaluate.evidence import Evidence, Options
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.run import measure_sets
from synthassay.evaluate.utility.scoring import score
from synthassay.protocols import PROTOCOLS
from synthassay.stats.roc import auc, mean_auc

NAMES = np.array(["healthy", "ill"])
OPTIONS = Options(bootstrap=200, utility_repeats=2, utility_steps=25)


def pictures(name, count, seed, *, swap=False, per_subject=1):
    pixels, labels = striped(count, seed)
    shown = 1 - labels if swap else labels
    subjects = [f"{name}{i // per_subject}" for i in range(count)]
    return images(name, pixels * 20 + 128, labels=NAMES[shown].tolist(), subjects=subjects)


def evidence(**changes):
    facts = {
        "of": "g",
        "protocol": PROTOCOLS.get("xray"),
        "task": "augment",
        "synthetic": pictures("synthetic", 60, 1),
        "training": pictures("training", 60, 2),
        "test": pictures("test", 60, 3),
        "data_range": (0.0, 255.0),
        "options": OPTIONS,
    }
    return Evidence(**{**facts, **changes})


def measured(name, found):
    return measure_sets(found, METRICS.get(name))[0]


@pytest.fixture(scope="module")
def memo():
    return {}


def test_useful_synthetic_images_come_near_real_ones(memo):
    found = evidence(real_memo=memo)
    row = measured("tstr_auc", found)
    assert row.value > 0.9
    assert row.floor > 0.9
    assert row.interval.low < row.value <= row.interval.high
    assert (row.n, row.subjects) == (60, 60)
    assert row.settings["trained_on"] == "30 healthy, 30 ill"
    assert measured("tstr_balanced_accuracy", found).value > 0.75


def test_wrong_labels_are_worse_than_chance_and_cost_the_real_classifier(memo):
    wrong = evidence(real_memo=memo, synthetic=pictures("synthetic", 60, 1, swap=True))
    assert measured("tstr_auc", wrong).value < 0.1
    assert measured("tstr_balanced_accuracy", wrong).value < 0.35
    gain = measured("augmentation_gain", wrong)
    assert gain.value < -0.02
    assert gain.interval.high < 0
    assert gain.value == pytest.approx(gain.settings["auc_augmented"] - gain.settings["auc_real"])


def test_utility_falls_with_growing_label_damage(memo):
    values = []
    for wrong in (0, 15, 45):
        clean = pictures("synthetic", 60, 1)
        entries = tuple(
            replace(entry, label=NAMES[1 - (entry.label == "ill")]) if i < wrong else entry
            for i, entry in enumerate(clean.entries)
        )
        values.append(measured("tstr_auc", evidence(real_memo=memo, synthetic=ImageSet("synthetic", entries))).value)
    assert values[0] > values[1] > values[2]


def test_resuming_after_the_first_utility_measure_changes_nothing(memo):
    together = evidence(real_memo=memo)
    measured("tstr_auc", together)
    assert measured("augmentation_gain", together) == measured("augmentation_gain", evidence())


def test_augmentation_adds_per_class_what_the_ratio_says_or_all_there_is(memo):
    found = evidence(real_memo=memo, options=replace(OPTIONS, augmentation_ratio=0.5))
    trial = found.set_fixture("classifier_trial", "m")
    assert trial.added() == {"healthy": 0.5, "ill": 0.5}
    assert trial.settings("augmented")["trained_on"] == "45 healthy, 45 ill"
    few = evidence(real_memo=memo, synthetic=pictures("synthetic", 20, 1))
    assert few.set_fixture("classifier_trial", "m").added() == {"healthy": 1 / 3, "ill": 1 / 3}


def test_external_images_are_their_own_measure(memo):
    assert (
        measured("tstr_auc_external", evidence(real_memo=memo)).not_measured
        == "no real images from elsewhere were given"
    )
    row = measured("tstr_auc_external", evidence(real_memo=memo, external=pictures("external", 40, 8)))
    assert row.value > 0.85
    assert row.n == 40


def test_images_without_labels_have_no_utility_and_say_why():
    unlabelled = images("synthetic", striped(6, 1)[0])
    assert (
        measured("tstr_auc", evidence(synthetic=unlabelled)).not_measured == "the synthetic images carry no class label"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"training": "healthy"}, "needs two classes"),
        ({"synthetic": "healthy"}, "fewer than 2 synthetic images of class ill"),
        ({"test": "healthy"}, "not every class occurs"),
        ({"synthetic": "strange"}, "class strange does not occur"),
    ],
)
def test_a_lacking_class_is_named(changes, reason):
    sets = {}
    for name, label in changes.items():
        full = pictures(name, 12, 1)
        if label == "strange":
            entries = (replace(full.entries[0], label="strange"), *full.entries[1:])
        else:
            entries = tuple(entry for entry in full.entries if entry.label == label)
        sets[name] = ImageSet(name, entries)
    assert reason in measured("tstr_auc", evidence(**sets)).not_measured


def test_images_of_another_size_are_not_measured():
    labels = NAMES[np.arange(12) % 2].tolist()
    small = images("synthetic", np.zeros((12, 1, 20, 20), np.float32), labels=labels)
    assert "differ in size" in measured("tstr_auc", evidence(synthetic=small)).not_measured


def test_intervals_resample_patients_and_not_their_images():
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.integers(0, 2, 30), 8)
    signal = np.repeat(rng.normal(size=30), 8) + truth
    scores = np.stack([-signal, signal], axis=1)[None]
    patients, alone = np.repeat(np.arange(30), 8).astype(str).tolist(), np.arange(240).astype(str).tolist()
    _, by_patient = score(mean_auc, scores, truth, patients, draws=800, rng=np.random.default_rng(1))
    _, by_image = score(mean_auc, scores, truth, alone, draws=800, rng=np.random.default_rng(1))
    assert by_patient.high - by_patient.low > 2 * (by_image.high - by_image.low)


def test_disagreement_between_trainings_widens_the_interval():
    rng = np.random.default_rng(0)
    truth = np.arange(300) % 2
    good = np.stack([-truth, truth], 1) + rng.normal(scale=0.3, size=(300, 2))
    bad = rng.normal(size=(300, 2))
    subjects = [str(i) for i in range(300)]
    same = score(mean_auc, np.stack([good, good]), truth, subjects, draws=400, rng=np.random.default_rng(1))
    apart = score(mean_auc, np.stack([good, bad]), truth, subjects, draws=400, rng=np.random.default_rng(1))
    assert apart[1].high - apart[1].low > 5 * (same[1].high - same[1].low)
    assert apart[0] == pytest.approx(np.mean([mean_auc(s, truth)[0] for s in (good, bad)]))


def test_an_auc_interval_agrees_with_delongs_variance():
    rng = np.random.default_rng(4)
    truth = np.arange(200) % 2
    line = rng.normal(size=200) + truth
    estimate, interval = score(
        mean_auc, np.stack([-line, line], 1)[None], truth, [str(i) for i in range(200)], draws=3000, rng=rng
    )
    wins = (line[truth == 1][:, None] > line[truth == 0][None]).astype(float)
    delong = wins.mean(1).var(ddof=1) / 100 + wins.mean(0).var(ddof=1) / 100
    assert estimate == pytest.approx(auc(line, truth == 1)[0])
    assert (interval.high - interval.low) / (2 * 1.96) == pytest.approx(np.sqrt(delong), rel=0.08)


def test_few_patients_or_a_vanishing_class_have_no_interval():
    truth = np.array([0] * 30 + [1])
    scores = np.stack([1 - truth, truth], 1)[None].astype(float)
    subjects = [str(i) for i in range(31)]
    assert score(mean_auc, scores, truth, subjects, draws=300, rng=np.random.default_rng(0)) == (1.0, None)
    few = [str(i % 8) for i in range(31)]
    assert score(mean_auc, scores, truth, few, draws=300, rng=np.random.default_rng(0))[1] is None
