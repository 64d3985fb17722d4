"""The paired tasks on real images: Hounsfield units and contrasts survive the way through the model's scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from synthassay.data.cohorts import load_cohort
from synthassay.records.vocabulary import Split, Unit
from synthassay.tasks.base import TASKS
from synthassay.tasks.paired import PairedTask
from tasks.small_cohorts import spec


def real(task: str, modality: str, source: str, **data: object) -> PairedTask:
    study = spec(task, modality, data={"path": "", "source": source, **data})
    made = TASKS.get(task)(study, load_cohort(study.data, study.modality, study.seed, folder=Path()))
    assert isinstance(made, PairedTask)
    return made


def test_low_dose_ct_keeps_its_hounsfield_units(real_data):
    task = real("denoise", "ct", "ct-openkbp-headneck", split="given", window=(-1150, 3095), subjects=12)
    asked = task.requests()[0]
    pair, mask = task.pairs(asked.reference_case), task.mask(task.cases(Split.TEST)[0])
    image = task.image(asked, task.condition(asked, 3).source[:, 1:2])
    assert image.unit == Unit.HU
    assert image.geometry.spacing_mm == (4.0, 4.0, 4.0)
    np.testing.assert_allclose(image.pixels, pair.source.pixels.clip(-1150, 3095), atol=0.01)
    soft = mask & (abs(pair.reference.pixels[0] - 40) < 60)
    noise = (pair.source.pixels - pair.reference.pixels)[0][soft]
    assert 20 < noise.std() < 80  # HU; the dose is effective at 4 mm voxels
    assert abs(noise.mean()) < 3
    air = pair.reference.pixels[0] == -1000
    assert abs(image.pixels[0][air].mean() + 1000) < 2  # the window leaves room below air, so clipping moves nothing


def test_contrasts_of_a_brain_are_relative_and_aligned(real_data):
    task = real("translate", "mri", "mri-ljubljana-ms-multicontrast", input="t1", image="t2", fractions=(0.6, 0.1, 0.3))
    asked = task.requests()[0]
    case = task.cases(Split.TEST)[0]
    pair, mask = task.pairs(case.case), task.mask(case)
    for image in (pair.source, pair.reference):
        assert np.percentile(image.pixels[0][mask], 99.5) == pytest.approx(1, abs=1e-4)
    # fluid is dark in T1 and bright in T2: inside one brain (its dark rim apart), one falls as the other rises
    deep = ndimage.binary_erosion(mask, iterations=4)
    assert np.corrcoef(pair.source.pixels[0][deep], pair.reference.pixels[0][deep])[0, 1] < -0.5
    back = task.image(asked, torch.from_numpy(np.moveaxis(task.scale.to_model(pair.reference.pixels), -1, 0)))
    np.testing.assert_allclose(back.pixels, pair.reference.pixels.clip(0, 1.5), atol=1e-6)
    np.testing.assert_array_equal(back.geometry.affine, pair.reference.geometry.affine)
    assert float((pair.reference.pixels > 1.5).mean()) < 1e-3  # what the window clips
