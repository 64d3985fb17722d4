from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.data.holes import ellipsoid_hole
from synthassay.errors import DataError, ImageError
from synthassay.records.vocabulary import Split
from synthassay.tasks.inpaint import Inpaint
from tasks.small_cohorts import SPACE, ball, cohort, spec, write_ct, write_mr


@pytest.fixture
def task(tmp_path) -> Inpaint:
    return Inpaint(spec("inpaint", "ct", inpaint={"per_case": 2}), cohort(write_ct(tmp_path), "HU"))


def test_known_pixels_stay_bit_by_bit_whatever_the_generator_says(task):
    for asked in task.requests():
        real = task.pairs(asked.reference_case).reference.pixels
        hole = task.hole(task._cases[asked.reference_case])
        said = torch.rand((SPACE[2], 1, *SPACE[:2]), generator=torch.Generator().manual_seed(1)) * 2 - 1
        made = task.image(asked, said).pixels
        np.testing.assert_array_equal(made[:, ~hole], real[:, ~hole])
        assert (made[:, hole] != real[:, hole]).all()
        assert (made[:, hole] == np.rint(made[:, hole])).all()


def test_the_source_tells_the_hole_and_nothing_of_what_was_in_it(task):
    asked = task.requests()[0]
    source, hole = task.condition(asked).source, task.hole(task._cases[asked.reference_case])
    shown, told = source[:, 0].movedim(0, -1).numpy(), source[:, 1].movedim(0, -1).numpy()
    assert (shown[hole] == -1).all()
    np.testing.assert_array_equal(told > 0, hole)
    assert task.facts(3).drawn == ("image", "hole") and task.facts(3).source_channels == 6


def test_holes_lie_in_the_subject_and_measures_look_inside_them(task):
    for case in task.cases(Split.TEST):
        hole = task.hole(case)
        assert hole.any() and not (hole & ~ball()).any()
        np.testing.assert_array_equal(
            next(iter(task.real("mask", Split.TEST))).pixels[0], task.hole(task.cases(Split.TEST)[0])
        )
        np.testing.assert_array_equal(hole, task.hole(case))


def test_training_sees_several_holes_per_case_and_every_slice_of_them(task):
    examples = task.examples(Split.TRAIN)
    batch = examples.batch(range(len(examples)))
    assert bool((batch.source[:, 1] > 0).flatten(1).any(1).all())
    holes = [task._learnt_hole(case, n) for case in task.cases(Split.TRAIN) for n in range(2)]
    assert len({h.tobytes() for h in holes}) == 4
    assert len(examples) == sum(h.any(axis=(0, 1)).sum() for h in holes)


def test_lesions_are_filled_without_a_reference_and_never_learnt_from(tmp_path):
    lesion = np.zeros((6, *SPACE), np.uint8)
    lesion[:, 6:8, 8:10, 4:6] = 1
    path = write_mr(tmp_path, lesion=lesion)
    task = Inpaint(spec("inpaint", "mri", data={"image": "t1"}, inpaint={"hole": "lesion"}), cohort(path, "arbitrary"))
    assert not task.paired
    asked = task.requests()
    assert all(r.reference_case == "" and r.condition["hole"] == "lesion" for r in asked)
    np.testing.assert_array_equal(task.hole(task._cases[asked[0].condition["source"]]), lesion[0] > 0)
    for case in task.cases(Split.TRAIN):
        assert not (task._learnt_hole(case, 0) & (lesion[0] > 0)).any()


def test_what_cannot_be_done_is_said(tmp_path):
    with pytest.raises(DataError, match="no lesion to fill"):
        Inpaint(spec("inpaint", "ct", inpaint={"hole": "lesion"}), cohort(write_ct(tmp_path), "HU"))
    everywhere = np.ones((8, 8), bool)
    with pytest.raises(ImageError, match="no room"):
        ellipsoid_hole(everywhere, 0.5, np.random.default_rng(0), spared=everywhere)
