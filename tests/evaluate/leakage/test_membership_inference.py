"""Planted members are told from others, real patients whom nobody learnt are not, and exposed patients are counted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from evaluate.examination import assert_worsens
from evaluate.sets import fields, images, paired
from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.exposed_patients import exposed_patients
from synthassay.evaluate.leakage.membership_inference import membership_inference
from synthassay.evaluate.leakage.prints import take_prints
from synthassay.evaluate.leakage.training_copies import copies_of_training
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.run import measure_sets
from synthassay.records.vocabulary import Better

TRAIN, HOLD, TEST = fields(90, 1), fields(60, 2), fields(50, 3)


def prints(name, pixels, subjects=()):
    taken = images(name, pixels, subjects=subjects)
    return take_prints(taken, taken.subjects)


def pairs_of(count, name):
    return [f"{name}{i // 2}" for i in range(count)]


MEMBERS, OTHERS, REAL = (
    prints(name, pixels, pairs_of(len(pixels), name)) for name, pixels in (("t", TRAIN), ("h", HOLD), ("e", TEST))
)


def inferred(synthetic, **more):
    rows = membership_inference(
        prints("s", synthetic), MEMBERS, REAL, np.random.default_rng(0), holdout_prints=OTHERS, **more
    )
    return {row.stratum: row for row in rows}


def leaking(share, noise=12.0):
    """``share`` of the images are training images with noise, one after another; the rest are nobody's."""
    count = round(share * 90)
    noisy = TRAIN[:count] + np.random.default_rng(5).normal(scale=noise, size=(count, 1, 24, 24))
    return np.concatenate([noisy, fields(90 - count, 6)]).astype(np.float32)


def test_an_attack_equals_its_definition_by_brute_force():
    synthetic = leaking(0.3)
    found, judged = inferred(synthetic), prints("s", synthetic)
    distance = [
        np.sqrt(((side.rows[:, None].astype(float) - judged.rows[None].astype(float)) ** 2).sum(2))
        for side in (MEMBERS, OTHERS)
    ]
    truth = np.r_[np.ones(90), np.zeros(60)]
    nearest = np.concatenate([d.min(1) for d in distance])
    assert found[""].settings["auc"] == pytest.approx(roc_auc_score(truth, -nearest), abs=1e-6)
    assert found[""].value == found[""].settings["auc"] - found[""].settings["control_auc"]
    nearby = np.concatenate([(d <= np.median(nearest)).sum(1) for d in distance])
    assert found["attack=count nearby"].settings["auc"] == pytest.approx(roc_auc_score(truth, nearby), abs=0.01)


def test_the_more_members_leak_the_better_they_are_recognised_by_each_attack():
    rows = [inferred(leaking(share)) for share in (0.0, 0.2, 0.5, 1.0)]
    for stratum in ("", "attack=count nearby"):
        values = [row[stratum].value for row in rows]
        assert_worsens(values, Better.LOWER)
        assert values[-1] > 0.4
        assert rows[-1][stratum].interval.low > 0.3
        assert rows[-1][stratum].settings["p"] == 1 / 500
        assert rows[0][stratum].settings["p"] > 0.05
        assert rows[0][stratum].interval.low < 0 < rows[0][stratum].interval.high


def test_the_control_finds_nothing_even_where_everything_leaks():
    settings = inferred(leaking(1.0))[""].settings
    assert settings["control_auc"] == pytest.approx(0.5, abs=0.02)
    assert settings["control_auc_low"] < 0.5 < settings["control_auc_high"]
    assert settings["control_tpr_at_1_percent_fpr"] < 0.15 < settings["tpr_at_1_percent_fpr"]


def test_groups_that_differ_in_themselves_show_in_the_floor():
    noisy = HOLD + np.random.default_rng(4).normal(scale=40, size=HOLD.shape)  # another scanner's
    other = prints("h", noisy.astype(np.float32), pairs_of(60, "h"))
    rows = membership_inference(
        prints("s", fields(90, 6)), MEMBERS, REAL, np.random.default_rng(0), holdout_prints=other
    )
    assert abs(rows[0].value) > 0.15
    assert abs(rows[0].floor) > 0.15, "the same without any generator: not leakage"
    assert abs(inferred(fields(90, 6))[""].floor) < 0.1


def test_features_are_attacked_where_there_are_any():
    rng = np.random.default_rng(0)
    members, others, real = rng.normal(size=(90, 5)), rng.normal(size=(60, 5)), rng.normal(size=(50, 5))
    features = {"training_features": members, "holdout_features": others, "test_features": real}
    learnt = inferred(fields(90, 6), synthetic_features=members + 0.05 * rng.normal(size=(90, 5)), **features)
    fresh = inferred(fields(90, 6), synthetic_features=rng.normal(size=(90, 5)), **features)
    assert learnt["attack=embedding"].value > 0.4 > 0.1 > abs(fresh["attack=embedding"].value)
    assert abs(learnt["attack=embedding"].floor) < 0.1
    assert abs(learnt[""].value) < 0.1


def test_a_translation_of_a_non_member_does_not_make_it_a_member():
    near = prints("s", HOLD + 1, pairs_of(60, "h"))
    rows = membership_inference(near, MEMBERS, REAL, np.random.default_rng(0), holdout_prints=OTHERS)
    assert abs(rows[0].value) < 0.1


def test_held_out_radiographs_are_nobodys_members(real_data):
    with np.load(real_data / "xray-kermany-pneumonia" / "kermany_pneumonia_64.npz") as archive:
        chosen = np.flatnonzero(archive["split"] == "train")
        pixels, patient = archive["images"][chosen].astype(np.float32)[:, None], archive["patient"][chosen].astype(str)
    found = []
    for seed in range(8):
        names = np.random.default_rng(seed).permutation(np.unique(patient))[:180]
        rows = [np.isin(patient, part) for part in np.split(names, 3)]
        judged, members, others = (prints(n, pixels[at], patient[at]) for n, at in zip("sth", rows, strict=True))
        found.append(membership_inference(judged, members, others, np.random.default_rng(seed))[0])
    assert sum(row.interval.low < 0 < row.interval.high for row in found) >= 7
    assert sum(row.settings["p"] < 0.05 for row in found) <= 1
    assert abs(np.mean([row.value for row in found])) < 0.03
    assert found[0].floor is None


def test_sizes_that_differ_are_not_measured():
    with pytest.raises(NotMeasured, match="differ in size"):
        membership_inference(prints("s", fields(9, 1, size=20)), MEMBERS, REAL, np.random.default_rng(0))


def test_it_is_measured_wherever_training_images_are_given():
    sets = {
        "synthetic": images("synthetic", leaking(1.0)),
        "training": images("training", TRAIN),
        "test": images("test", HOLD),
    }
    evidence = paired(90, reference=None, masks=None, **sets)
    rows = measure_sets(evidence, METRICS.get("membership_inference"))
    assert [row.stratum for row in rows] == ["", "attack=count nearby", "attack=embedding"]
    assert rows[0].value > 0.3


def test_exposed_patients_are_counted_once_each_with_the_exact_interval():
    synthetic = prints("s", np.concatenate([TRAIN[:4], TRAIN[:1, :, :, ::-1], 0.5 * TRAIN[8:9] + 9, fields(20, 9)]))
    found = exposed_patients(copies_of_training(synthetic, MEMBERS, OTHERS))
    exact = binomtest(3, 45).proportion_ci(method="exact")
    assert found.value == 3 / 45
    assert (found.interval.low, found.interval.high) == pytest.approx((exact.low, exact.high))
    assert found.settings["most_copies_of_one_patient"] == 3
    assert found.settings["images_per_patient"] == pytest.approx(26 / 45)


def test_none_exposed_still_has_an_upper_bound():
    found = exposed_patients(copies_of_training(prints("s", fields(40, 9)), MEMBERS, OTHERS))
    assert found.value == 0
    assert found.settings["at_most"] == found.interval.high == pytest.approx(binomtest(0, 45).proportion_ci().high)


def test_more_copies_expose_more_patients():
    values = [
        exposed_patients(copies_of_training(prints("s", np.concatenate([TRAIN[:n], fields(90 - n, 9)])), MEMBERS)).value
        for n in (0, 10, 30, 90)
    ]
    assert_worsens(values, Better.LOWER)
    assert values == [0, 5 / 45, 15 / 45, 1]
