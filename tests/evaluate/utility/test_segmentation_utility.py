"""Planted truths of segmentation utility: images that add nothing, that help where there is little, and that harm.

Covers synthassay.evaluate.utility.tstr_dice, synthassay.evaluate.utility.dice_gain,
synthassay.evaluate.utility.distance_gain, synthassay.evaluate.utility.dice_without_real and
synthassay.evaluate.utility.segmentation_worth on synthassay.evaluate.utility.outlining and
synthassay.evaluate.utility.outlined.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluate.sets import images
from synthassay.data.image_set import Entry, ImageSet
from synthassay.evaluate.evidence import Evidence, Options
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.run import measure_sets, plan
from synthassay.evaluate.utility.arms import Arm, regimes
from synthassay.protocols import PROTOCOLS
from synthassay.records.spec import SegmentationSpec
from synthassay.records.vocabulary import Unit

ASKED = SegmentationSpec(fractions=(0.05, 1.0), ratios=(1.0, 8.0), repeats=2, steps=40, classical=False, pretrain=False)
NAMES = {1: "core", 2: "shell"}
ALL = ("tstr_dice", "dice_gain", "distance_gain", "dice_without_real", "segmentation_worth")


def organs(count: int, seed: int, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """A core in a shell at a random place; how bright each is differs between patients, and so does the ground."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    pixels, labels = np.zeros((count, 1, size, size), np.float32), np.zeros((count, 1, size, size), np.int32)
    for i in range(count):
        centre, radius = rng.uniform(11, size - 11, 2), rng.uniform(5, 8)
        away = np.hypot(rows - centre[0], columns - centre[1])
        labels[i, 0][away < radius] = 2
        labels[i, 0][away < 0.6 * radius] = 1
        ground = rng.uniform(0.2, 0.5) + rng.uniform(-0.2, 0.2) * (rows + columns) / size
        levels = np.array([0.0, rng.uniform(0.3, 1.2), rng.uniform(-0.9, -0.2)])
        pixels[i, 0] = 100 * (ground + levels[labels[i, 0]] + rng.normal(0, 0.12, (size, size)))
    return pixels, labels


def drawn(of: ImageSet, labels: np.ndarray) -> ImageSet:
    maps = images("structures", labels, unit=Unit.LABEL)
    entries = [replace(m, case=e.case, subject=e.subject) for m, e in zip(maps.entries, of.entries, strict=True)]
    return ImageSet("structures", tuple(entries))


def evidence(made_of: tuple[np.ndarray, np.ndarray], asked: SegmentationSpec | None = ASKED, **changes) -> Evidence:
    real = {
        name: organs(count, seed) for name, count, seed in (("training", 40, 1), ("test", 24, 2), ("holdout", 6, 3))
    }
    sets = {name: images(name, pixels) for name, (pixels, _) in real.items()}
    made = images("synthetic", made_of[0], subjects=[f"training{i % 40:03d}" for i in range(len(made_of[0]))])
    facts = {
        "of": "g",
        "protocol": PROTOCOLS.get("mri"),
        "task": "mask_to_image",
        "synthetic": made,
        "synthetic_structures": drawn(made, made_of[1]),
        "drawn": {name: {"structures": drawn(sets[name], labels)} for name, (_, labels) in real.items()},
        "structure_names": NAMES,
        "data_range": (-100.0, 250.0),
        "options": Options(bootstrap=200, segmentation=asked),
        "seed": 3,
        **sets,
    }
    return Evidence(**{**facts, **changes})


def rows(name: str, found: Evidence) -> dict[str, object]:
    return {row.stratum: row for row in measure_sets(found, METRICS.get(name))}


LITTLE, SAME, MUCH = "real=5%, ratio=8", "real=100%, ratio=1", "real=100%, ratio=8"


@pytest.fixture(scope="module")
def memo():
    return {}


@pytest.fixture(scope="module")
def informative(memo):
    return evidence(organs(40, 11), real_memo=memo)


def test_informative_images_help_where_there_are_few_patients(informative):
    found = rows("dice_gain", informative)
    assert found[LITTLE].value > 0.05
    assert found[LITTLE].interval.low > 0
    assert found[LITTLE].settings["p_corrected"] < 0.05
    assert found[LITTLE].settings["p_corrected"] >= found[LITTLE].settings["p"]
    assert found[MUCH].value is None
    assert found[MUCH].not_measured == "it adds 320 synthetic images and there are 40"
    assert abs(found[SAME].value) < found[LITTLE].value / 2
    assert found[""].value == found[SAME].value
    assert {f"{LITTLE}, structure=core", f"{LITTLE}, structure=shell"} <= set(found)
    mean = np.mean([found[f"{LITTLE}, structure={name}"].value for name in NAMES.values()])
    assert mean == pytest.approx(found[LITTLE].value)
    assert found[LITTLE].settings["real_patients"] == 2
    assert found[LITTLE].settings["synthetic_images"] == 16


def test_surfaces_come_nearer_too(informative):
    found = rows("distance_gain", informative)
    assert found[LITTLE].unit == "mm"
    assert found[LITTLE].value < -0.5
    assert found[LITTLE].interval.high < 0


def test_informative_images_can_stand_for_real_ones(informative):
    alone = rows("tstr_dice", informative)
    assert alone[""].value > 0.75
    assert alone[""].floor == pytest.approx(alone[""].value, abs=0.08)
    assert set(alone) == {"", "structure=core", "structure=shell"}
    lost = rows("dice_without_real", informative)[""]
    assert lost.value == pytest.approx(alone[""].value - alone[""].floor)
    assert lost.settings["margin"] == 0.02
    assert lost.settings["non_inferior"] == (lost.settings["p"] <= 0.05)


def test_they_are_worth_many_patients(informative):
    found = rows("segmentation_worth", informative)[""]
    assert found.unit == "patients"
    assert found.value > 10
    assert 0 <= found.interval.low <= found.value <= found.interval.high <= 40


def test_copies_of_the_real_training_images_add_nothing_to_all_of_them(memo):
    asked = ASKED.model_copy(update={"ratios": (1.0,), "fractions": (1.0,), "repeats": 3})
    found = rows("dice_gain", evidence(organs(40, 1), asked, real_memo={}))
    gain = found["real=100%, ratio=1"]
    assert gain.interval.low <= 0 <= gain.interval.high
    assert abs(gain.value) < 0.04
    assert gain.settings["correction"] == "none, one regime"


def test_label_maps_that_lie_beside_their_images_harm(memo):
    pixels, labels = organs(40, 11)
    found = evidence((pixels, np.roll(labels, (5, 5), (2, 3))), real_memo=memo)
    gain = rows("dice_gain", found)[SAME]
    assert gain.value < -0.1
    assert gain.interval.high < 0
    assert rows("distance_gain", found)[SAME].value > 0
    alone = rows("tstr_dice", found)[""]
    assert alone.value < alone.floor - 0.2
    lost = rows("dice_without_real", found)[""]
    assert lost.settings["non_inferior"] is False
    worth = rows("segmentation_worth", found)[""]
    assert worth.value < 10


@pytest.mark.parametrize("kept", ["test", "holdout"])
def test_images_made_from_kept_patients_are_refused(kept):
    pixels, labels = organs(4, 11)
    made = images("synthetic", pixels, subjects=[f"{kept}000", "training001", "training002", "training003"])
    found = evidence((pixels, labels), synthetic=made, synthetic_structures=drawn(made, labels))
    for name in ALL:
        row = rows(name, found)[""]
        assert row.value is None
        assert "patients" in row.not_measured and f"{kept}000" in row.not_measured


def test_nothing_is_trained_unless_the_study_asks(monkeypatch):
    import synthassay.networks.outlining as networks

    monkeypatch.setattr(networks, "fit_outliner", lambda *args, **more: pytest.fail("trained"))
    found = evidence(organs(4, 11), None)
    planned = [step.name for step, requirement in plan(found) if not isinstance(step, str) and requirement is None]
    assert not set(ALL) & set(planned)
    assert "[segmentation]" in rows("tstr_dice", found)[""].not_measured


def test_without_label_maps_it_says_so():
    found = evidence(organs(4, 11), synthetic_structures=None)
    assert "without label maps" in rows("tstr_dice", found)[""].not_measured
    found = evidence(organs(4, 11), drawn={})
    assert "no structures are drawn" in rows("tstr_dice", found)[""].not_measured


def test_small_shares_hold_the_same_patients_with_and_without_synthetic_images(informative):
    trial = informative.set_fixture("segmentation_trial", "test")
    assert set(trial.patients(0.05, 0)) < set(trial.patients(0.5, 0)) < set(trial.patients(1.0, 0))
    assert trial.patients(0.05, 0) != trial.patients(0.05, 1)
    assert trial.added(Arm(0.05, 8.0), 0) == trial.added(Arm(1.0, 1.0), 0)[:16]
    other = evidence(organs(10, 12), real_memo={}).set_fixture("segmentation_trial", "test")
    assert other.patients(0.05, 1) == trial.patients(0.05, 1)


def test_every_regime_that_is_asked_for_is_there():
    asked = SegmentationSpec(fractions=(0.1, 1.0), ratios=(1.0, 4.0))
    found = [arm.stratum for arm in regimes(asked)]
    assert found[0] == "real=100%, ratio=1"
    assert len(found) == len(set(found)) == 2 * 2 * 2 + 2
    assert "real=10%, ratio=4, over augmentation" in found and "real=10%, synthetic first" in found


def test_pretraining_and_augmentation_are_judged_in_volumes():
    rng = np.random.default_rng(0)

    def volumes(count):
        labels = np.zeros((count, 1, 12, 14, 16), np.int32)
        for i in range(count):
            at = rng.integers(1, 6, 3)
            labels[i, 0, at[0] : at[0] + 5, at[1] : at[1] + 5, at[2] : at[2] + 6] = 1
        return (50 * labels + rng.normal(0, 10, labels.shape)).astype(np.float32), labels

    sets = {name: volumes(count) for name, count in (("training", 6), ("test", 12))}
    made = {name: images(name, pixels) for name, (pixels, _) in sets.items()}
    synthetic = images("synthetic", volumes(6)[0])
    maps = drawn(synthetic, (np.stack([e.load().pixels for e in synthetic.entries]) > 25).astype(np.int32))
    asked = SegmentationSpec(fractions=(1.0,), repeats=1, steps=30)
    found = Evidence(
        of="g", protocol=PROTOCOLS.get("volume"), task="mask_to_image", synthetic=synthetic, synthetic_structures=maps,
        drawn={name: {"structures": drawn(made[name], labels)} for name, (_, labels) in sets.items()},
        options=Options(bootstrap=200, segmentation=asked), **made,
    )  # fmt: skip
    gains = rows("dice_gain", found)
    assert set(gains) == {
        "", "real=100%, ratio=1", "real=100%, ratio=1, over augmentation", "real=100%, synthetic first",
    }  # fmt: skip
    assert all(row.value is not None and row.settings["with_synthetic"] > 0.3 for row in gains.values())


def test_images_drawn_on_in_part_are_left_out(informative):
    from synthassay.images.drawing import with_labels_drawn

    pixels, labels = organs(6, 11)
    made = images("synthetic", pixels)
    maps = drawn(made, labels)
    first = maps.entries[0]
    part = Entry(first.case, first.subject, lambda: with_labels_drawn(first.load(), [1]))
    found = evidence((pixels, labels), synthetic=made, synthetic_structures=ImageSet("s", (part, *maps.entries[1:])))
    trial = found.set_fixture("segmentation_trial", "test")
    assert trial.read("synthetic").left_out == 1
    assert len(trial.read("synthetic").cases) == 5


def test_a_set_that_holds_the_test_images_is_refused():
    pixels, labels = organs(30, 3)
    test, drawn_on_them = organs(20, 2)
    leaked = np.concatenate([pixels, test[:4, :, :, ::-1]]), np.concatenate([labels, drawn_on_them[:4, :, :, ::-1]])
    found = evidence(leaked)
    for name in ALL:
        row = rows(name, found)[""]
        assert row.value is None
        assert row.not_measured.startswith("refused: 4 of 34 synthetic images")
        assert "segmenter" in row.not_measured
