from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.errors import DataError, ImageError, SpecError
from synthassay.randomness import derive
from synthassay.records.vocabulary import Split
from synthassay.tasks.augment import Augment, _safe
from synthassay.tasks.base import TASKS
from tasks.small_cohorts import cohort, spec, write_ct, write_pictures

CLASSES = ("normal", "opacity")


def augment(path, **fields) -> Augment:
    return Augment(spec("augment", "xray", **fields), cohort(path, "arbitrary", CLASSES))


def test_the_task_is_known_by_name():
    assert TASKS.get("augment") is Augment
    assert (Augment.paired, Augment.conditioned_on) == (False, "label")


def test_facts_know_classes_and_size(tmp_path):
    facts = augment(write_pictures(tmp_path)).facts()
    assert (facts.channels, facts.source_channels, facts.classes, facts.space) == (1, 0, CLASSES, (8, 10))


def test_examples_are_pictures_with_their_class(tmp_path):
    path = write_pictures(tmp_path)
    task, stored = augment(path), np.load(path)
    examples = task.examples(Split.TRAIN)
    names = [name for name, split in sorted(task.cohort.split.items()) if split == Split.TRAIN]
    rows = [i for i in range(20) if stored["subject"][i] in names]
    assert len(examples) == len(rows) == 8
    batch = examples.batch([5, 0])
    np.testing.assert_allclose(batch.target[:, 0].numpy(), stored["image"][[rows[5], rows[0]]] / 127.5 - 1, atol=1e-6)
    assert batch.label.tolist() == [rows[5] % 2, rows[0] % 2]
    assert examples.subject(5) == stored["subject"][rows[5]]


def test_requests_are_per_class_with_seeds_of_their_own(tmp_path):
    task = augment(write_pictures(tmp_path), sampling={"per_class": 3})
    asked = task.requests()
    assert [r.label for r in asked] == ["normal"] * 3 + ["opacity"] * 3
    assert [r.case for r in asked][2:4] == ["syn-normal-00002", "syn-opacity-00000"]
    assert asked[4].seed == derive(5, "synthesise", "opacity", 1)
    assert len({r.seed for r in asked}) == 6
    assert [int(task.condition(r).label) for r in asked] == [0, 0, 0, 1, 1, 1]
    longer = augment(write_pictures(tmp_path), sampling={"per_class": 5}).requests()
    assert longer[0] == asked[0]
    assert longer[5] == asked[3]


def test_a_picture_sent_through_the_model_scale_comes_back_exactly(tmp_path):
    task = augment(write_pictures(tmp_path))
    example = task.examples(Split.TEST).batch([1]).target
    real = list(task.real("image", Split.TEST))[1]
    image = task.image(task.requests()[0], example + 0.002)  # less than half a grey level
    np.testing.assert_array_equal(image.pixels, real.pixels)
    assert image.geometry.spacing_mm == (0.5, 0.7)
    assert image.unit == real.unit
    assert image.subject == ""


def test_real_pictures_have_labels_and_subjects(tmp_path):
    images = augment(write_pictures(tmp_path)).real("image", Split.VALIDATION)
    assert images.labels == ["normal", "opacity"] * 2
    assert images.subjects == ["s02", "s02", "s07", "s07"]
    assert images.array().shape == (4, 1, 8, 10)


def test_a_range_that_nothing_declares_is_never_guessed(tmp_path):
    path = write_pictures(tmp_path, np.float32)
    with pytest.raises(SpecError, match=r"data.window.*float32"):
        augment(path).examples(Split.TRAIN)
    assert augment(path, data={"window": (0, 300)}).data_range == (0, 300)


def test_float_pictures_are_not_rounded(tmp_path):
    task = augment(write_pictures(tmp_path, np.float32), data={"window": (0, 300)})
    image = task.image(task.requests()[0], torch.full((1, 1, 8, 10), 0.001))
    assert float(image.pixels[0, 0, 0]) == pytest.approx(150.15)


def test_pictures_are_resampled_only_where_the_study_says_so(tmp_path):
    task = augment(write_pictures(tmp_path), data={"size": (4, 5)})
    assert task.facts().space == (4, 5)
    assert task.examples(Split.TRAIN).batch([0]).target.shape == (1, 1, 4, 5)
    assert task.data_range == (0, 255)


def test_one_class_and_volumes_are_refused(tmp_path):
    path = write_pictures(tmp_path)
    with pytest.raises(DataError, match="two classes"):
        Augment(spec("augment", "xray"), cohort(path, "arbitrary", ("normal",))).facts()
    with pytest.raises(ImageError, match="volume of 14x18x9"):
        Augment(spec("augment", "ct"), cohort(write_ct(tmp_path), "HU", CLASSES)).facts()


def test_class_names_become_safe_case_names():
    assert _safe("../etc passwd") == "etc-passwd"
    assert _safe("\u00e9\u00e8") == "class"
