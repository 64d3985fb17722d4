"""What is drawn on real images reaches the judgement: by case, with names, and with what nobody drew."""

from __future__ import annotations

import os

import pytest

from synthassay.data.cohorts import load_cohort
from synthassay.data.phantoms.source import PHANTOMS
from synthassay.errors import NotMeasured
from synthassay.images.drawing import labels_drawn
from synthassay.records.base import Record
from synthassay.records.cohort import Cohort
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Modality, Role, Split
from synthassay.study.drawn import drawn_on, drawn_on_sets
from synthassay.tasks.base import TASKS


def task(modality, kind, source, tmp_path, subjects=10, **data):
    if not source.startswith("phantom") and "SYNTHASSAY_DATA" not in os.environ:
        pytest.skip("the real data are not at hand: set SYNTHASSAY_DATA")
    spec = StudySpec(
        title="Drawn", question="What is drawn on it?", modality=modality, task=kind,
        data={"source": source, "subjects": subjects, **data},
    )  # fmt: skip
    return TASKS.get(kind)(spec, load_cohort(spec.data, Modality(modality), 1, folder=tmp_path))


def test_organs_have_names_and_those_that_nobody_drew_are_unknown(tmp_path):
    found = task("ct", "denoise", "ct-openkbp-headneck", tmp_path, subjects=12)
    assert found.cohort.structure_names[7] == "Mandible"
    written = Cohort.model_validate_json(found.cohort.model_dump_json())
    assert written == found.cohort.model_copy(update={"structure_names": {}})
    order = [case.case for case in found.cohort.of(Split.TEST)]
    drawn = drawn_on(found, Role.STRUCTURES, Split.TEST, order[::-1])
    assert drawn.cases == order[::-1]
    for image in (entry.load() for entry in drawn.entries):
        known = labels_drawn(image)
        assert known <= set(range(1, 8))
        assert set(image.pixels.ravel().tolist()) <= known | {0}
    assert drawn_on(found, Role.LESION, Split.TEST, order) is None
    sets = drawn_on_sets(found, Split.TEST)
    assert set(sets) == {"training", "holdout", "test"}
    assert set(sets["training"]) == {"mask", "structures"}
    trained = {case.case for case in found.cohort.of(Split.TRAIN)}
    assert set(sets["training"]["structures"].cases) == trained


def test_the_judged_split_is_the_set_called_test(tmp_path):
    found = task("ct", "denoise", "ct-openkbp-headneck", tmp_path, subjects=12)
    sets = drawn_on_sets(found, Split.VALIDATION)
    judged = {case.case for case in found.cohort.of(Split.VALIDATION)}
    assert set(sets["test"]["structures"].cases) == judged
    assert "holdout" not in sets


def test_virtual_heads_name_their_structures():
    assert PHANTOMS["phantom:head-ct"].structure_names[2] == "ventricles"
    assert 0 not in PHANTOMS["phantom:brain-mri"].structure_names


def test_an_image_that_nobody_drew_on_is_not_measured(tmp_path):
    found = task("mri", "translate", "mri-ljubljana-ms-multicontrast", tmp_path, subjects=0, input="t1", image="flair",
                 fractions=(0.5, 0.0, 0.5))  # fmt: skip
    drawn = None
    for split in (Split.TRAIN, Split.TEST):
        order = [case.case for case in found.cohort.of(split)]
        drawn = drawn or drawn_on(found, Role.LESION, split, order)
    assert drawn is not None
    said = 0
    for entry in drawn.entries:
        try:
            assert entry.load().pixels.any()
        except NotMeasured as problem:
            assert "nobody drew a lesion" in problem.reason
            said += 1
    assert 0 < said < len(drawn)


def test_names_of_structures_change_nothing_that_is_learnt_and_are_not_written():
    assert issubclass(Cohort, Record)
    assert Cohort.model_fields["structure_names"].exclude
