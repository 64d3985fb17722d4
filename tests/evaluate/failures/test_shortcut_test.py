"""Shortcuts are found as they grow, and real images are not accused of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evaluate.examination import assert_worsens
from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.failures.shortcut_test import FOLDS, PENALTY, class_area, shortcut_test
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Better

COUNT = 120
LABELS = ["ill", "well"] * (COUNT // 2)
PEOPLE = [f"p{i // 2}" for i in range(COUNT)]


def pictures(seed, count=COUNT):
    noise = np.random.default_rng(seed).normal(size=(count, 1, 32, 32))
    return [Specimen(image) for image in ndimage.gaussian_filter(noise, (0, 0, 1.5, 1.5)) * 4]


def marked(images, strength, classes=("ill",)):
    """A bright letter in the corner of the images of some classes."""
    found = []
    for image, label in zip(images, LABELS, strict=True):
        pixels = image.pixels.copy()
        if label in classes:
            pixels[0, 1:5, 1], pixels[0, 4, 1:4] = (p + strength for p in (pixels[0, 1:5, 1], pixels[0, 4, 1:4]))
        found.append(image.replace(pixels=pixels))
    return found


def by_stratum(synthetic, real, **changes):
    given = {
        "synthetic_specimens": synthetic, "synthetic_labels": LABELS, "synthetic_subjects": PEOPLE,
        "test_specimens": real, "test_labels": LABELS, "test_subjects": PEOPLE, "seed": 0,
    }  # fmt: skip
    return {finding.stratum: finding for finding in shortcut_test(**(given | changes))}


def test_a_letter_in_one_classs_corner_is_found_as_it_grows():
    real, memo = pictures(1), {}
    found = [by_stratum(marked(pictures(2), s), real, real_memo=memo)["region=frame"] for s in (0.0, 1.5, 6.0)]
    assert_worsens([finding.value for finding in found], Better.TARGET, target=0.0)
    assert found[-1].interval.low > found[-1].floor_interval.high
    assert found[0].interval.low < found[0].floor_interval.high


def test_a_letter_on_both_classes_is_no_shortcut():
    found = by_stratum(marked(pictures(2), 6.0, ("ill", "well")), pictures(1))["region=frame"]
    assert found.interval.low < 0 < found.interval.high


def test_a_shortcut_that_real_images_have_as_well_is_not_the_generators():
    found = by_stratum(marked(pictures(2), 6.0), marked(pictures(1), 6.0))["region=frame"]
    assert abs(found.value) < 0.1
    assert found.settings["auc_real"] > 0.95
    assert found.settings["auc_fitted_to_synthetic_on_real"] > 0.95


def test_a_brightness_that_goes_with_the_class_is_seen_in_the_grey_levels():
    synthetic = [i.replace(pixels=i.pixels + 1.0 * (c == "ill")) for i, c in zip(pictures(2), LABELS, strict=True)]
    found = by_stratum(synthetic, pictures(1))["region=histogram"]
    assert found.value > 0.3
    assert found.settings["auc_fitted_to_synthetic_on_real"] == pytest.approx(0.5, abs=0.2)


def test_the_area_is_scikit_learns_on_folds_of_other_subjects():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 120)
    values = rng.normal(size=(120, 6)) + 0.6 * truth[:, None]
    subjects = np.repeat(np.arange(60), 2)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY))
    oracle = [
        roc_auc_score(truth[test], model.fit(values[fit], truth[fit]).decision_function(values[test]))
        for fit, test in GroupKFold(FOLDS).split(values, truth, subjects)
    ]
    sample = Sample(np.c_[values, truth.astype(float)], subjects)
    assert class_area(sample) == pytest.approx(np.mean(oracle), abs=1e-12)


def test_three_classes_are_told_each_from_the_rest():
    labels = ["a", "b", "c"] * 30
    people = [f"p{i}" for i in range(90)]
    lift = {"a": 0.0, "b": 1.0, "c": 2.0}
    synthetic = [i.replace(pixels=i.pixels + lift[c]) for i, c in zip(pictures(4, 90), labels, strict=True)]
    found = by_stratum(
        synthetic, pictures(5, 90), synthetic_labels=labels, test_labels=labels, synthetic_subjects=people,
        test_subjects=people,
    )["region=histogram"]  # fmt: skip
    assert found.value > 0.25
    assert found.settings["classes"] == "a, b, c"


def test_too_little_to_tell_is_said():
    images = pictures(1)
    with pytest.raises(NotMeasured, match="0 classes are in both sets"):
        by_stratum(images, images, synthetic_labels=["x", "y"] * (COUNT // 2))
    with pytest.raises(NotMeasured, match="there are 3 synthetic images of class ill; 20 are the least"):
        by_stratum(images, images, synthetic_labels=["ill"] * 3 + ["well"] * (COUNT - 3))
    with pytest.raises(NotMeasured, match="fewer than 4 subjects"):
        by_stratum(images, images, test_subjects=["one", "two"] * (COUNT // 2))
    with pytest.raises(NotMeasured, match="differ in their number of channels"):
        by_stratum([*images[:-1], Specimen(np.zeros((2, 32, 32)))], images)


def test_real_radiographs_are_within_the_floor_of_real_ones_and_a_planted_marker_is_not(real_data):
    archive = np.load(real_data / "xray-kermany-pneumonia" / "kermany_pneumonia_64.npz")
    kept = np.flatnonzero(archive["split"] != "train")[::2]
    patients, labels = archive["patient"][kept].astype(str), archive["label"][kept].astype(str)
    images = [Specimen(image[None].astype(np.float32)) for image in archive["images"][kept]]
    side = np.isin(patients, np.random.default_rng(0).permutation(np.unique(patients))[::2])
    one, other = np.flatnonzero(side), np.flatnonzero(~side)
    memo = {}

    def judged(strength):
        shown = [images[i].pixels.copy() for i in one]
        for pixels, i in zip(shown, one, strict=True):
            pixels[0, 2:6, 2:4] += strength * (labels[i] == "1")
        return by_stratum(
            [Specimen(pixels) for pixels in shown], [images[i] for i in other], synthetic_labels=list(labels[one]),
            synthetic_subjects=list(patients[one]), test_labels=list(labels[other]),
            test_subjects=list(patients[other]), real_memo=memo,
        )  # fmt: skip

    halves = judged(0.0)
    for finding in halves.values():
        assert finding.floor_interval.low <= finding.value <= finding.floor_interval.high
    planted = judged(120.0)["region=frame"]
    assert planted.value > halves["region=frame"].floor_interval.high
