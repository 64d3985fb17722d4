from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.errors import ImageError
from synthassay.records.vocabulary import Split
from synthassay.tasks.generate import Generate
from tasks.small_cohorts import SPACE, ball, cohort, spec, write_mr, write_pictures


def test_pictures_come_back_as_whole_levels_with_their_size(tmp_path):
    task = Generate(spec("generate", "xray", sampling={"per_class": 3}), cohort(write_pictures(tmp_path), "arbitrary"))
    assert task.facts().classes == () and task.facts().space == (8, 10)
    asked = task.requests()
    assert [r.case for r in asked] == ["syn-00000", "syn-00001", "syn-00002"]
    assert len({r.seed for r in asked}) == 3
    image = task.image(asked[0], torch.zeros(1, 1, 8, 10))
    assert image.geometry.spacing_mm == (0.5, 0.7) and float(image.pixels[0, 0, 0]) in (127.0, 128.0)
    batch = task.examples(Split.TRAIN).batch([0, 1])
    assert batch.label.tolist() == [0, 0] and batch.source is None


def test_volumes_are_whole_and_in_relative_units(tmp_path):
    task = Generate(spec("generate", "mri", data={"image": "t1"}), cohort(write_mr(tmp_path), "arbitrary"))
    assert task.facts().space == SPACE
    for image in task.real("image", Split.TEST):
        assert np.percentile(image.pixels[0][ball()], 99.5) == pytest.approx(1, abs=1e-5)
    assert task.examples(Split.TRAIN).batch([0]).target.shape == (1, 1, *SPACE)
    assert task.condition(task.requests()[0]).label.tolist() == [0]


def test_other_sizes_are_refused(tmp_path):
    task = Generate(spec("generate", "mri", data={"image": "t1"}), cohort(write_mr(tmp_path), "arbitrary"))
    small = task.store.image(task.cases(Split.TRAIN)[1], "t1")
    task.store.image = lambda case, role: small.with_pixels(small.pixels[:, 1:]) if case.case != "ses-0" else small
    with pytest.raises(ImageError, match="resample|size"):
        task.given(task.cases(Split.TRAIN)[1])
