"""Volumes whole and in patches: what tasks from pairs give, and what comes out of synthesis."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.errors import ImageError, SpecError
from synthassay.generators.stored import build_generator
from synthassay.images.formats import read_image
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Modality, Split
from synthassay.synthesise import Origin, sample_image, synthesise
from synthassay.tasks.mask_to_image import MaskToImage
from synthassay.tasks.patches import random_starts
from synthassay.tasks.super_resolve import SuperResolve
from synthassay.tasks.translate import Translate
from tasks.small_cohorts import SPACE, ball, cohort, spec, write_mr

ORIGIN = Origin("Study", "whole", "rectified_flow", "0" * 64, "1" * 64, Modality.MRI)
FLOW = {"neighbours": 0, "widths": (8,), "steps": 2, "attention": False, "unshuffle": 1}


def translate(folder, **sampling) -> Translate:
    whole = ({"family": "rectified_flow", "neighbours": 0},)
    asked = spec("translate", "mri", data={"input": "t1", "image": "t2"}, sampling=sampling, generators=whole)
    return Translate(asked, cohort(write_mr(folder), "arbitrary"))


def test_a_whole_volume_is_one_example_with_the_values_of_its_slices(tmp_path):
    task = translate(tmp_path)
    assert task.facts(0).space == SPACE and task.facts(0).source_channels == 1
    whole, slices = task.examples(Split.TRAIN, 0), task.examples(Split.TRAIN, 1)
    assert len(whole) == len(task.cases(Split.TRAIN)) < len(slices)
    batch, mask = whole.batch([1]), task.mask(task.cases(Split.TRAIN)[1])
    assert batch.target.shape == batch.source.shape == (1, 1, *SPACE)
    of_second = [i for i in range(len(slices)) if slices.subject(i) == whole.subject(1)]
    assert torch.equal(batch.target[0, ..., np.flatnonzero(mask.any((0, 1)))[0]], slices.batch(of_second[:1]).target[0])
    request = task.requests()[0]
    assert torch.equal(task.condition(request, 0).source[0].movedim(-1, 0), task.condition(request, 1).source)


def test_a_volume_made_whole_is_the_image_that_its_slices_would_be(tmp_path):
    task = translate(tmp_path)
    request = task.requests()[0]
    slices = torch.rand(SPACE[2], 1, *SPACE[:2]) * 2 - 1
    whole = task.image(request, slices.movedim(0, -1)[None])
    np.testing.assert_array_equal(whole.pixels, task.image(request, slices).pixels)


def test_a_volume_of_another_size_is_refused_with_what_to_do(tmp_path):
    task = translate(tmp_path)
    image = task.pairs(task.cases(Split.TRAIN)[0].case).source
    with pytest.raises(ImageError, match=r"whole volumes are of one size.*neighbours = 1"):
        task.shown(image.with_pixels(image.pixels[:, 1:]), "ses-9", 0)


def test_through_plane_volumes_are_not_turned_when_seen_whole(tmp_path):
    asked = spec("super_resolve", "mri", data={"image": "t1"}, super_resolve={"direction": "through-plane"})
    task = SuperResolve(asked, cohort(write_mr(tmp_path), "arbitrary"))
    request = task.requests()[0]
    whole, turned = task.condition(request, 0).source, task.condition(request, 1).source
    assert task.facts(0).space == SPACE and whole.shape == (1, 1, *SPACE)
    assert torch.equal(whole[0].movedim(1, 0).transpose(-1, -2), turned)  # slices across x
    np.testing.assert_array_equal(task.image(request, whole).pixels, task.image(request, turned).pixels)


def test_patches_are_blocks_of_their_volumes_about_the_subject_and_always_the_same(tmp_path):
    task = translate(tmp_path, patch=(6, 8, 4))
    assert task.facts(0).space == (6, 8, 4)
    examples, again = task.examples(Split.TRAIN, 0), task.examples(Split.TRAIN, 0)
    assert len(examples) == 4 * 3 * 3 * 3 * len(task.cases(Split.TRAIN))
    batch = examples.batch([0, 40])
    assert torch.equal(batch.target, again.batch([0, 40]).target)
    whole = translate(tmp_path).examples(Split.TRAIN, 0).batch([0])
    blocks = whole.target[0, 0].unfold(0, 6, 1).unfold(1, 8, 1).unfold(2, 4, 1).reshape(-1, 6, 8, 4)
    found = [i for i, block in enumerate(blocks) if torch.equal(block, batch.target[0, 0])]
    assert len(found) == 1
    sources = whole.source[0, 0].unfold(0, 6, 1).unfold(1, 8, 1).unfold(2, 4, 1).reshape(-1, 6, 8, 4)
    assert torch.equal(sources[found[0]], batch.source[0, 0])  # the source is cut at the same place


def test_random_patches_show_the_subject_and_stay_inside():
    mask = np.zeros((20, 20, 20), bool)
    mask[0, 19, 10] = True
    assert set(random_starts(mask, (6, 6, 6), 1, "case")) == {(0, 14, 7)}
    starts = np.array(random_starts(np.ones((20, 20, 20), bool), (6, 6, 6), 1, "case"))
    assert starts.min() == 0 and starts.max() == 14 and len(np.unique(starts, axis=0)) > 200
    assert random_starts(np.zeros((8, 8, 8), bool), (4, 4, 4), 1, "case") == []


def test_a_patch_larger_than_a_volume_is_refused(tmp_path):
    task = translate(tmp_path, patch=(6, 8, 40))
    with pytest.raises(ImageError, match="does not fit into it"):
        task.examples(Split.TRAIN, 0)
    with pytest.raises(ImageError, match="does not fit into it"):
        task.condition(task.requests()[0], 0)


def test_a_patch_that_no_generator_takes_is_a_fault():
    table = spec("translate", "mri").model_dump()
    table |= {"generators": [{"family": "pgan"}], "sampling": {"patch": [8, 8, 8]}}
    with pytest.raises(ValueError, match="neighbours = 0, and there is none"):
        StudySpec.model_validate(table)


@pytest.mark.parametrize("family", ["rectified_flow", "palette", "bridge"])
def test_large_volumes_are_synthesised_from_patches(tmp_path, family):
    task = translate(tmp_path, patch=(6, 8, 4), overlap=0.25)
    settings = {**FLOW, "noise": False} if family == "bridge" else FLOW
    model = build_generator(family, settings, task.facts(0), seed=1).eval()
    manifest = synthesise(task, model, ORIGIN, tmp_path / "out", requests=task.requests()[:1])
    image = read_image(tmp_path / "out" / manifest.images[0].path)
    assert image.space == SPACE and bool(np.isfinite(image.pixels).all())


def test_patches_that_would_be_padded_or_averaged_are_refused(tmp_path):
    task = translate(tmp_path, patch=(6, 8, 4))
    condition, rngs = task.condition(task.requests()[0], 0), [torch.Generator().manual_seed(1)]
    padding = build_generator("palette", {**FLOW, "widths": (8, 8, 8)}, task.facts(0), seed=1)
    with pytest.raises(SpecError, match=r"multiples of 4.*patch = \[8, 8, 4\]"):
        sample_image(padding, condition, rngs, 0.5)
    noisy = build_generator("bridge", FLOW, task.facts(0), seed=1)
    with pytest.raises(SpecError, match="noise = false"):
        sample_image(noisy, condition, rngs, 0.5)


def test_label_maps_and_images_come_out_of_whole_volumes(tmp_path):
    rng = np.random.default_rng(0)
    drawn = np.stack([np.roll(ball(), i, 0) for i in range(5)]).astype(np.uint8)
    arrays = {"image": (100 + 80 * drawn + rng.normal(0, 5, drawn.shape)).astype(np.int16), "structures": drawn}
    np.savez(tmp_path / "small.npz", **arrays, subject=np.array(list("abcde")), spacing_mm=np.array([2.0] * 3))
    task = MaskToImage(spec("mask_to_image", "mri"), cohort(tmp_path / "small.npz", "arbitrary"))
    settings = {
        "neighbours": 0,
        "codec_widths": (8,),
        "widths": (8,),
        "patch_layers": 1,
        "steps": 2,
        "attention": False,
    }
    model = build_generator("latent_diffusion", settings, task.facts(0), seed=1).eval()
    manifest = synthesise(task, model, ORIGIN, tmp_path / "out")
    for entry, request in zip(manifest.images, task.requests(), strict=True):
        image, label = (read_image(tmp_path / "out" / path) for path in (entry.path, entry.structures.path))
        assert image.space == label.space == SPACE
        np.testing.assert_array_equal(label.pixels, task.drawing(request).pixels)
