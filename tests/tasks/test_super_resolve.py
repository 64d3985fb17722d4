from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.data.resolution import lower_resolution
from synthassay.errors import ImageError
from synthassay.records.vocabulary import Split
from synthassay.tasks.super_resolve import SuperResolve
from tasks.small_cohorts import SPACE, cohort, spec, write_ct, write_mr, write_pictures


def ct(tmp_path, **table) -> SuperResolve:
    return SuperResolve(spec("super_resolve", "ct", super_resolve=table), cohort(write_ct(tmp_path), "HU"))


def test_in_plane_each_coarse_pixel_is_the_mean_of_its_fine_ones(tmp_path):
    task = ct(tmp_path, factor=2)
    pair = task.pairs(task.requests()[0].reference_case)
    fine, coarse = pair.reference.pixels[0], pair.source.pixels[0]
    by_hand = fine.reshape(7, 2, 9, 2, 9).mean(axis=(1, 3))
    np.testing.assert_allclose(coarse[::2, ::2], by_hand, rtol=1e-5)
    np.testing.assert_array_equal(coarse[::2], coarse[1::2])
    np.testing.assert_allclose(fine.mean(), coarse.mean(), rtol=1e-5)


def test_thick_slices_are_thick_along_z_and_come_back_in_place(tmp_path):
    task = ct(tmp_path, direction="through-plane", factor=3)
    assert task.facts(3).space == (SPACE[2], SPACE[1])
    asked = task.requests()[0]
    pair = task.pairs(asked.reference_case)
    np.testing.assert_array_equal(pair.source.pixels[..., 0], pair.source.pixels[..., 2])
    condition = task.condition(asked)
    assert condition.source.shape == (SPACE[0], 1, SPACE[2], SPACE[1])
    image = task.image(asked, condition.source)
    np.testing.assert_allclose(image.pixels, pair.source.pixels, atol=1e-3)
    np.testing.assert_array_equal(image.geometry.affine, pair.reference.geometry.affine)
    examples = task.examples(Split.TRAIN)
    assert examples.batch([0]).target.shape == (1, 1, SPACE[2], SPACE[1])


def test_mr_keeps_one_scale_for_source_and_reference_told_by_the_source(tmp_path):
    task = SuperResolve(spec("super_resolve", "mri", data={"image": "t1"}), cohort(write_mr(tmp_path), "arbitrary"))
    case = task.cases(Split.TEST)[0]
    pair, raw = task.pairs(case.case), task.store.image(case, "t1").pixels
    assert np.percentile(pair.source.pixels[0][task.mask(case)], 99.5) == pytest.approx(1, abs=1e-4)
    inside = raw > 0
    assert (pair.reference.pixels[inside] / raw[inside]).std() < 1e-5
    np.testing.assert_allclose(pair.source.pixels.mean(), pair.reference.pixels.mean(), rtol=1e-4)


def test_fourier_keeps_low_frequencies_and_nothing_above():
    at = np.arange(32)
    low, high = np.cos(2 * np.pi * 3 * at / 32), np.cos(2 * np.pi * 13 * at / 32)
    made = lower_resolution((low + high)[None].repeat(4, 0), (1, 2), "fourier")
    middles = (low[::2] + low[1::2]) / 2
    np.testing.assert_allclose(made[0, ::2], middles, atol=1e-6)


def test_pictures_have_no_slices_and_tiny_images_no_coarse_pixels(tmp_path):
    task = SuperResolve(
        spec("super_resolve", "xray", super_resolve={"direction": "through-plane"}),
        cohort(write_pictures(tmp_path), ""),
    )
    with pytest.raises(ImageError, match="in-plane"):
        task.facts()
    with pytest.raises(ImageError, match="too few"):
        lower_resolution(np.ones((3, 3)), (2, 2))


def test_examples_are_float_and_in_range(tmp_path):
    batch = ct(tmp_path, factor=2).examples(Split.TRAIN, 3).batch([0, 1])
    assert batch.source.dtype == torch.float32 and batch.source.shape[1] == 3
    assert float(batch.source.abs().max()) <= 1
