"""Planted truths of classification utility: images that add nothing, that help where there is little, that harm, leak.

Covers synthassay.evaluate.utility.auc_gain, synthassay.evaluate.utility.auc_without_real,
synthassay.evaluate.utility.trts_auc, synthassay.evaluate.utility.external_auc_gain,
synthassay.evaluate.utility.operating_point_gain, synthassay.evaluate.utility.class_gain,
synthassay.evaluate.utility.calibration_error, synthassay.evaluate.utility.brier_error,
synthassay.evaluate.utility.calibration_slope, synthassay.evaluate.utility.classification_worth,
synthassay.evaluate.utility.selection_gain and synthassay.evaluate.utility.subgroup_gain on
synthassay.evaluate.utility.classifying, synthassay.evaluate.utility.classified and
synthassay.evaluate.utility.calibrated.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluate.sets import images
from networks.test_classifier import striped
from synthassay.data.image_set import ImageSet
from synthassay.errors import NotMeasured
from synthassay.evaluate.evidence import Evidence, Options
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.run import measure_sets, plan
from synthassay.evaluate.utility import classifying
from synthassay.evaluate.utility.arms import Arm
from synthassay.evaluate.utility.operating_point_gain import threshold_for
from synthassay.protocols import PROTOCOLS
from synthassay.records.spec import ClassificationSpec

NAMES = np.array(["healthy", "ill"])
ASKED = ClassificationSpec(
    fractions=(0.05, 1.0),
    ratios=(1.0, 12.0),
    repeats=1,
    steps=25,
    classical=False,
    pretrain=False,
    choose=False,
    rare=False,
)
ALL = (
    "auc_gain", "auc_without_real", "trts_auc", "external_auc_gain", "operating_point_gain", "class_gain",
    "calibration_error", "brier_error", "calibration_slope", "classification_worth", "selection_gain", "subgroup_gain",
)  # fmt: skip


def pictures(name, count, seed, *, swap=False, noise=False, keep=None, owners=()) -> ImageSet:
    pixels, labels = striped(count, seed)
    if noise:
        pixels = np.random.default_rng(seed).normal(size=pixels.shape).astype(np.float32)
    shown = 1 - labels if swap else labels
    at = np.arange(count) if keep is None else np.array(keep)
    made = images(name, pixels[at] * 20 + 128, labels=NAMES[shown[at]].tolist(), subjects=owners)
    groups = [{"site": "A" if i % 3 else "B"} for i in range(len(at))]
    return ImageSet(name, tuple(replace(e, groups=g) for e, g in zip(made.entries, groups, strict=True)))


REAL = {"training": pictures("training", 80, 1), "holdout": pictures("holdout", 40, 2), "test": pictures("test", 80, 3)}


def evidence(synthetic, asked=ASKED, **changes) -> Evidence:
    facts = {
        "of": "g",
        "protocol": PROTOCOLS.get("xray"),
        "task": "augment",
        "synthetic": synthetic,
        **REAL,
        "data_range": (0.0, 255.0),
        "options": Options(bootstrap=200, classification=asked),
    }
    return Evidence(**{**facts, **changes})


def rows(name, found):
    return {row.stratum: row for row in measure_sets(found, METRICS.get(name))}


@pytest.fixture(scope="module")
def informative():
    return evidence(pictures("synthetic", 240, 4))


def test_informative_images_help_where_there_is_little(informative):
    found = rows("auc_gain", informative)
    little, plenty = found["real=5%, ratio=12"], found[""]
    assert little.value > 0.02 and little.interval.low > 0
    assert little.settings["p"] < 0.05
    assert little.value > plenty.value
    assert plenty.stratum == "" and plenty.value == found["real=100%, ratio=1"].value
    assert little.settings["with_synthetic"] - little.settings["without_synthetic"] == pytest.approx(little.value)
    assert (little.settings["real_patients"], little.settings["synthetic_images"]) == (4, 48)
    assert (little.n, little.subjects) == (80, 80)
    assert "Holm over" in little.settings["correction"] and little.settings["p_corrected"] >= little.settings["p"]
    assert little.settings["delong_low"] < little.settings["delong_high"]


def test_a_ratio_that_adds_nothing_more_is_said_and_not_counted_twice(informative):
    asked = ASKED.model_copy(update={"ratios": (1.0, 4.0, 12.0), "fractions": (1.0,)})
    found = rows("auc_gain", evidence(pictures("synthetic", 60, 4), asked))
    assert found["real=100%, ratio=1"].value is not None
    assert "adds all synthetic images already" in found["real=100%, ratio=4"].not_measured
    assert found["real=100%, ratio=1"].settings["correction"] == "none, one regime"


def test_synthetic_alone_nearly_does_and_is_worth_many_patients(informative):
    lost = rows("auc_without_real", informative)[""]
    assert abs(lost.value) < 0.05
    assert set(lost.settings) >= {"margin", "p", "non_inferior"}
    worth = rows("classification_worth", informative)[""]
    assert worth.value > 4 and worth.unit == "patients"
    assert worth.interval.low <= worth.value <= worth.interval.high
    trts = rows("trts_auc", informative)[""]
    assert trts.value > 0.7 and trts.floor > 0.7 and trts.n == 240


def test_useless_images_show_no_gain_and_are_worth_nobody():
    useless = evidence(pictures("synthetic", 240, 5, noise=True))
    found = rows("auc_gain", useless)
    assert found[""].interval.low <= 0.01
    assert found["real=5%, ratio=12"].value < 0.05
    assert abs(rows("trts_auc", useless)[""].value - 0.5) < 0.1
    assert rows("auc_without_real", useless)[""].settings["non_inferior"] is False
    worth = rows("classification_worth", useless)[""]
    assert worth.value == 0 and worth.settings["bound"] == "fewer than 4"


def test_wrong_labels_harm_and_more_of_them_harm_more():
    gains = []
    for share in (0, 60, 240):
        right, wrong = pictures("synthetic", 240, 6), pictures("synthetic", 240, 6, swap=True)
        mixed = ImageSet("synthetic", (*wrong.entries[:share], *right.entries[share:]))
        gains.append(rows("auc_gain", evidence(mixed))["real=5%, ratio=12"].value)
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] < -0.1


def test_a_leaked_set_is_refused_and_would_have_faked_a_gain(monkeypatch):
    meaningless = {
        name: ImageSet(one.name, tuple(replace(e, label=NAMES[(i // 2) % 2]) for i, e in enumerate(one.entries)))
        for name, one in ((n, pictures(n, c, s, noise=True)) for n, c, s in (
            ("training", 80, 11), ("holdout", 40, 12), ("test", 80, 13)))
    }  # fmt: skip
    leaked = ImageSet(
        "synthetic", tuple(replace(e, subject="", case=f"s{e.case}") for e in meaningless["test"].entries)
    )
    asked = ASKED.model_copy(update={"steps": 120, "repeats": 1})
    spoilt = evidence(leaked, asked, **meaningless)
    reason = rows("auc_gain", spoilt)[""].not_measured
    assert reason.startswith("refused: 80 of 80 synthetic images, stest-000 first, are copies of real test images")
    monkeypatch.setattr(classifying, "refuse_copies", lambda evidence, model: None)
    assert rows("auc_gain", evidence(leaked, asked, **meaningless))["real=5%, ratio=12"].value > 0.2


def test_images_made_from_test_patients_are_refused():
    owners = [f"test{i:03d}" for i in range(60)]
    row = rows("auc_gain", evidence(pictures("synthetic", 60, 7, owners=owners)))[""]
    assert "60 of the test patients" in row.not_measured
    owners = [f"holdout{i:03d}" for i in range(20)]
    row = rows("auc_gain", evidence(pictures("synthetic", 20, 7, owners=owners)))[""]
    assert "20 of the validation patients, holdout000 first" in row.not_measured


def test_nothing_is_trained_unless_the_study_asks():
    ordinary = evidence(pictures("synthetic", 60, 8), asked=None)
    assert not {step.name for step, _ in plan(ordinary) if not isinstance(step, str)} & set(ALL)
    assert "[classification]" in rows("auc_gain", ordinary)[""].not_measured


def test_patients_are_nested_the_same_for_everybody_and_of_each_class(informative):
    trial = informative.set_fixture("classification_trial", "m")
    few, many = (set(trial.patients(share, 0)) for share in (0.05, 0.5))
    assert few < many and len(few) == 4
    labels = trial.set_of("training").labels
    assert sorted(labels[sorted(few)].tolist()) == [0, 0, 1, 1]
    other = evidence(pictures("synthetic", 60, 9)).set_fixture("classification_trial", "m")
    assert other.patients(0.05, 0) == sorted(few) and other.patients(0.05, 1) != sorted(few)
    rare = trial.added(Arm(0.05, 4.0, only="ill"), 0)
    assert set(trial.set_of("synthetic").labels[rare].tolist()) == {1} and len(rare) == 8


def test_the_operating_point_is_set_on_validation_patients(informative):
    found = rows("operating_point_gain", informative)
    assert set(found) == {
        "",
        *(f"real={share}%, ratio=1, quantity={q}" for share in (100, 5) for q in ("specificity", "sensitivity")),
    }
    assert found[""].settings["sensitivity_asked"] == 0.95
    one_sided = evidence(pictures("synthetic", 60, 4), holdout=pictures("holdout", 40, 2, keep=range(0, 40, 2)))
    assert "one class only" in rows("operating_point_gain", one_sided)[""].not_measured


@pytest.mark.parametrize("asked", [0.1, 0.5, 0.9, 1.0])
def test_a_threshold_reaches_the_sensitivity_and_no_higher_one_does(asked):
    rng = np.random.default_rng(0)
    scores, positive = rng.random(200), rng.random(200) < 0.3
    cut = threshold_for(scores, positive, asked)
    assert (scores[positive] >= cut).mean() >= asked - 1e-12
    assert (scores[positive] > cut).mean() < asked


def test_classes_probabilities_and_subgroups_have_their_rows(informative):
    rare = evidence(pictures("synthetic", 60, 4), ASKED.model_copy(update={"rare": True, "ratios": (1.0,)}))
    by_class = rows("class_gain", rare)
    assert by_class[""].settings["class"] in NAMES
    assert "class=ill, real=5%, ratio=1" in by_class and any("only" in stratum for stratum in by_class)
    for name in ("calibration_error", "brier_error", "calibration_slope"):
        found = rows(name, informative)
        assert {"", "synthetic alone", "real=5%, ratio=1"} <= set(found)
        assert all(row.not_measured or row.floor is not None for row in found.values())
    assert rows("brier_error", informative)[""].value < 0.25
    groups = rows("subgroup_gain", informative)
    assert {"", "site=A", "site=B"} == set(groups)
    assert groups[""].value == min(groups["site=A"].value, groups["site=B"].value)
    anonymous = ImageSet("test", tuple(replace(e, groups={}) for e in REAL["test"].entries))
    assert "nothing is known" in rows("subgroup_gain", replace(informative, test=anonymous))[""].not_measured


def test_choosing_drops_what_is_wrongly_labelled():
    right, wrong = pictures("synthetic", 120, 6), pictures("synthetic", 120, 16, swap=True)
    renamed = tuple(replace(e, case=f"w{e.case}", subject=f"w{e.subject}") for e in wrong.entries)
    mixed = ImageSet("synthetic", (*right.entries, *renamed))
    asked = ASKED.model_copy(update={"choose": True, "ratios": (8.0,), "rare": False})
    found = rows("selection_gain", evidence(mixed, asked))
    assert found["chosen by confidence"].value > 0.05
    assert set(found) == {"", "chosen by confidence", "chosen by feature distance"}
    few = ImageSet("synthetic", mixed.entries[:30])
    assert "whoever chooses" in rows("selection_gain", evidence(few, asked))[""].not_measured


def test_patients_from_elsewhere_have_their_own_rows():
    found = rows("external_auc_gain", evidence(pictures("synthetic", 60, 4), external=pictures("external", 60, 21)))
    assert found[""].n == 60 and found[""].interval is not None


def test_one_class_and_strange_classes_are_said():
    one = pictures("training", 80, 1, keep=range(0, 80, 2))
    assert (
        "needs two classes" in rows("auc_gain", evidence(pictures("synthetic", 60, 4), training=one))[""].not_measured
    )
    strange = ImageSet("test", tuple(replace(e, label="new") for e in REAL["test"].entries))
    reason = rows("auc_gain", evidence(pictures("synthetic", 60, 4), test=strange))[""].not_measured
    assert "class new of the test images does not occur" in reason
    few = ImageSet("training", REAL["training"].entries[::2] + REAL["training"].entries[1:2])
    with pytest.raises(NotMeasured, match="fewer than 2 real training patients of class ill"):
        trial = evidence(pictures("synthetic", 60, 4), training=few).set_fixture("classification_trial", "m")
        trial.count(1.0)


def test_features_are_a_fast_arm():
    asked = ASKED.model_copy(update={"network": "features"})
    found = rows("auc_gain", evidence(pictures("synthetic", 240, 4), asked))
    assert found["real=5%, ratio=12"].value > 0
    assert found[""].settings["classifier"] == "logistic regression on features"
