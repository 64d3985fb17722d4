"""mask_to_image: label maps in, images with their label maps out, in volumes and in pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.errors import DataError, ImageError
from synthassay.generators.stored import build_generator
from synthassay.images.formats import read_image
from synthassay.images.verify import verify_folder
from synthassay.records.manifest import Manifest
from synthassay.records.vocabulary import Modality, Split, Unit
from synthassay.synthesise import Origin, synthesise
from synthassay.tasks.base import TASKS
from synthassay.tasks.mask_to_image import MaskToImage
from tasks.small_cohorts import cohort, spec

ORIGIN = Origin("Study", "painted", "linear_regression", "0" * 64, "1" * 64, Modality.MRI)


def write(folder, space, spacing=True):
    """Six subjects: a head with two organs, brighter inside; a gain of its own each; nothing outside the head."""
    rng = np.random.default_rng(0)
    at = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in space], indexing="ij"))
    head = np.linalg.norm(at, axis=0) < 0.9
    images, labels = np.zeros((2, 6, *space), np.int16)
    for i in range(6):
        first = np.linalg.norm(at - 0.05 * i, axis=0) < 0.4
        second = first & (at[0] > 0.05 * i)
        labels[i] = first + 2 * second  # 1 and 3
        images[i] = np.where(head, (1 + 0.3 * i) * (200 + 150 * first + 100 * second + rng.normal(0, 8, space)), 0)
    arrays = {"image": images, "structures": labels.astype(np.uint8), "subject": np.array(list("abcdef"))}
    if len(space) == 2:
        arrays["image"] = (images // 8).astype(np.uint8)
    if spacing:
        arrays["spacing_mm"] = np.array([2.0] * len(space))
    np.savez(folder / "small.npz", **arrays)
    return folder / "small.npz"


def task_of(folder, space=(20, 24, 12), modality="mri", spacing=True, **sampling) -> MaskToImage:
    asked = spec("mask_to_image", modality, sampling=sampling)
    return MaskToImage(asked, cohort(write(folder, space, spacing), "arbitrary"))


@pytest.fixture
def task(tmp_path) -> MaskToImage:
    return task_of(tmp_path, per_case=2, deformation_mm=4.0)


def test_it_is_known_by_name():
    assert TASKS.get("mask_to_image") is MaskToImage


def test_a_source_slice_shows_the_subject_and_each_structure(task):
    facts = task.facts(3)
    assert facts.drawn == ("subject", "label 1", "label 3")
    assert (facts.channels, facts.source_channels, facts.space) == (1, 9, (20, 24))
    examples = task.examples(Split.TRAIN, 3)
    batch = examples.batch([5])
    case, z = task.cases(Split.TRAIN)[0], 5 + int(np.flatnonzero(task.mask(task.cases(Split.TRAIN)[0]).any((0, 1)))[0])
    drawn = task.store.image(case, "structures").pixels[0]
    for k, label in ((4, 1), (5, 3)):  # channels of the middle one of three slices
        np.testing.assert_array_equal(batch.source[0, k].numpy() > 0, drawn[..., z] == label)
    assert set(np.unique(batch.source.numpy())) == {-1.0, 1.0}
    assert batch.deformed is None


def test_requests_are_bent_label_maps_of_training_patients_alone(task):
    asked = task.requests()
    training = task.cases(Split.TRAIN)
    assert [r.condition["structures"] for r in asked] == [c.case for c in training for _ in range(2)]
    assert {s for r in asked for s in r.source_subjects} == set(task.cohort.subjects(Split.TRAIN))
    assert {r.reference_case for r in asked} == {""}
    assert len({r.seed for r in asked}) == len({r.case for r in asked}) == len(asked)
    assert asked[0].condition["deformation_mm"] == "4"


def test_bent_label_maps_differ_from_the_patients_and_from_each_other(task):
    first, second = (task.drawing(r).pixels[0] for r in task.requests()[:2])
    case = task.cases(Split.TRAIN)[0]
    own = task.store.image(case, "structures").pixels[0]
    assert (first != own).any() and (first != second).any()
    assert set(np.unique(first)) == {0, 1, 3}
    assert 2 * ((first > 0) & (own > 0)).sum() / ((first > 0).sum() + (own > 0).sum()) > 0.6
    assert not first[~task.mask(case)].any()
    again = MaskToImage(task.spec, task.cohort)
    np.testing.assert_array_equal(again.drawing(task.requests()[0]).pixels[0], first)


def test_the_condition_is_the_drawing_and_the_bent_image_lies_on_it(task):
    asked = task.requests()[0]
    drawn, condition = task.drawing(asked).pixels[0], task.condition(asked, 1)
    np.testing.assert_array_equal(np.moveaxis(condition.source[:, 1].numpy() > 0, 0, -1), drawn == 1)
    bent = np.moveaxis(condition.deformed[:, 0].numpy(), 0, -1)
    within = task.mask(task.cases(Split.TRAIN)[0])
    # the organ is brighter than the rest: the bent image must be brighter inside the bent drawing
    assert bent[drawn == 3].mean() > bent[drawn == 1].mean() > bent[(drawn == 0) & within].mean()
    own = task.store.image(task.cases(Split.TRAIN)[0], "structures").pixels[0]
    assert bent[drawn == 3].std() < bent[own == 3].std()


def test_no_deformation_gives_the_patients_own_map(tmp_path):
    task = task_of(tmp_path, deformation_mm=0.0, spacing=False)
    own = task.store.image(task.cases(Split.TRAIN)[0], "structures").pixels
    np.testing.assert_array_equal(task.drawing(task.requests()[0]).pixels, own)


def test_without_spacing_nothing_is_bent_by_millimetres(tmp_path):
    task = task_of(tmp_path, spacing=False)
    with pytest.raises(ImageError, match="no known spacing"):
        task.drawing(task.requests()[0])


def test_real_images_are_given_as_generators_see_them(task):
    images = list(task.real("image", Split.TEST))
    inside = task.mask(task.cases(Split.TEST)[0])
    assert np.percentile(images[0].pixels[0][inside], 99.5) == pytest.approx(1.0, abs=1e-5)
    assert task.real("structures", Split.TEST).cases == task.real("image", Split.TEST).cases


def test_outside_the_subject_is_what_real_images_hold_there(task):
    asked = task.requests()[0]
    within = task.mask(task.cases(Split.TRAIN)[0])
    made = task.image(asked, torch.full((12, 1, 20, 24), 0.3)).pixels[0]
    assert task.outside == 0.0
    assert (made[~within] == 0).all()
    np.testing.assert_allclose(made[within], 1.5 * 0.65, atol=1e-6)


def test_empty_label_maps_are_refused(tmp_path):
    path = write(tmp_path, (20, 24, 12))
    arrays = dict(np.load(path))
    arrays["structures"][:] = 0
    np.savez(path, **arrays)
    with pytest.raises(DataError, match="no structure drawn"):
        MaskToImage(spec("mask_to_image", "mri"), cohort(path, "arbitrary")).facts()


@pytest.mark.parametrize(("space", "modality"), [((20, 24, 12), "mri"), ((24, 30), "xray")])
def test_images_come_out_with_their_label_maps_and_both_are_verified(tmp_path, space, modality):
    task = task_of(tmp_path, space, modality, deformation_mm=3.0)
    model = build_generator("linear_regression", {}, task.facts(), seed=0).eval()
    model.prepare(task.examples(Split.TRAIN), torch.Generator().manual_seed(0))
    place = tmp_path / "synthetic"
    manifest = synthesise(task, model, ORIGIN, place)
    assert len(manifest.images) == len(task.cases(Split.TRAIN))
    for asked, entry in zip(task.requests(), manifest.images, strict=True):
        drawn = read_image(place / entry.structures.path, unit=Unit.LABEL).pixels[0]
        np.testing.assert_array_equal(drawn, task.drawing(asked).pixels[0])
        image = read_image(place / entry.path).pixels[0]
        levels = [image[drawn == label].mean() for label in (1, 3)]
        assert levels[1] > levels[0] > image[drawn == 0].mean()
    assert verify_folder(place).ok
    broken = place / manifest.images[0].structures.path
    broken.write_bytes(broken.read_bytes()[:-1] + b"x")
    assert {problem.kind for problem in verify_folder(place).problems} & {"changed", "unreadable"}
    broken.unlink()
    assert [problem.kind for problem in verify_folder(place).problems] == ["missing"]


@pytest.mark.parametrize(
    ("family", "settings"),
    [
        ("pgan", {"width": 4, "blocks": 1, "patch_width": 4, "patch_layers": 1, "neighbours": 3}),
        ("rectified_flow", {"widths": (8, 8), "blocks": 1, "steps": 1}),
        ("linear_regression", {}),
        ("deformed_real", {}),
    ],
)
def test_every_family_that_serves_the_task_makes_a_volume(task, family, settings):
    neighbours = settings.get("neighbours", 1)
    model = build_generator(family, settings, task.facts(neighbours), seed=0).eval()
    assert "mask_to_image" in model.serves
    asked = task.requests()[1]
    condition = task.condition(asked, neighbours)
    rngs = [torch.Generator().manual_seed(i) for i in range(len(condition))]
    with torch.no_grad():
        image = task.image(asked, model.sample(condition, rngs))
    assert image.pixels.shape == (1, 20, 24, 12)
    assert image.geometry.spacing_mm == (2.0, 2.0, 2.0)
    if model.phases():
        batch = task.examples(Split.TRAIN, neighbours).batch([0, 3])
        losses = model.loss(next(iter(model.phases())), batch, torch.Generator().manual_seed(0))
        assert all(bool(torch.isfinite(value)) for value in losses.values())


def test_a_lost_label_map_is_made_again(tmp_path):
    task = task_of(tmp_path)
    model = build_generator("deformed_real", {}, task.facts(), seed=0).eval()
    stopped = RuntimeError("killed")

    def stop(done, total):
        if done == 1:
            raise stopped

    with pytest.raises(RuntimeError, match="killed"):
        synthesise(task, model, ORIGIN, tmp_path / "cut", progress=stop)
    next((tmp_path / "cut/structures").glob("*.nii.gz")).unlink()
    synthesise(task, model, ORIGIN, tmp_path / "cut")
    synthesise(task, model, ORIGIN, tmp_path / "whole")
    assert verify_folder(tmp_path / "cut").ok
    assert Manifest.read(tmp_path / "cut/manifest.json") == Manifest.read(tmp_path / "whole/manifest.json")
