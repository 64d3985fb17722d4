"""What translate and denoise share: slices in, whole volumes out, on the same grid and in the same unit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.errors import DataError, ImageError, SpecError
from synthassay.images.image import Image
from synthassay.randomness import derive
from synthassay.records.vocabulary import Role, Split, Unit
from synthassay.tasks.base import TASKS
from synthassay.tasks.denoise import Denoise
from synthassay.tasks.slices import Pair, PairMemory, stacked
from synthassay.tasks.translate import Translate
from tasks.small_cohorts import SPACE, ball, cohort, spec, write_ct, write_mr

T1_TO_T2 = {"input": "t1", "image": "t2"}


@pytest.fixture
def translate(tmp_path) -> Translate:
    return Translate(spec("translate", "mri", data=T1_TO_T2), cohort(write_mr(tmp_path), "arbitrary"))


@pytest.fixture
def denoise(tmp_path) -> Denoise:
    return Denoise(spec("denoise", "ct", data={"window": (-1200, 1800)}), cohort(write_ct(tmp_path), "HU"))


def test_tasks_are_known_by_name():
    assert TASKS.get("translate") is Translate
    assert TASKS.get("denoise") is Denoise


def test_facts_count_neighbours_as_source_channels(translate):
    facts = translate.facts(5)
    assert (facts.channels, facts.source_channels, facts.classes, facts.space) == (1, 5, (), SPACE[:2])


@pytest.mark.parametrize("task", ["translate", "denoise"])
def test_the_reference_sent_through_the_model_scale_comes_back(task, request):
    task = request.getfixturevalue(task)
    for asked in task.requests():
        reference = task.pairs(asked.reference_case).reference
        slices = np.moveaxis(task.scale.to_model(reference.pixels), -1, 0)
        image = task.image(asked, torch.from_numpy(slices))
        low, high = task.data_range
        np.testing.assert_allclose(image.pixels, reference.pixels.clip(low, high), atol=(high - low) * 1e-6)
        assert image.unit == reference.unit
        assert image.pixels.dtype == np.float32
        np.testing.assert_array_equal(image.geometry.affine, reference.geometry.affine)
        assert image.geometry.spacing_mm == (2.0, 2.0, 3.0)


@pytest.mark.parametrize("neighbours", [1, 3, 5])
def test_a_condition_is_every_slice_with_its_neighbours(translate, neighbours):
    asked = translate.requests()[0]
    source = translate.condition(asked, neighbours).source
    volume = translate.scale.to_model(translate.pairs(asked.reference_case).source.pixels)[0]
    assert source.shape == (SPACE[2], neighbours, *SPACE[:2])
    for z in range(SPACE[2]):
        for k in range(neighbours):
            at = min(max(z + k - neighbours // 2, 0), SPACE[2] - 1)  # beyond the ends the last slice stands in
            np.testing.assert_array_equal(source[z, k].numpy(), volume[..., at])


def test_examples_are_the_slices_that_show_the_subject(translate):
    examples = translate.examples(Split.TRAIN, 3)
    shown = np.flatnonzero(ball().any(axis=(0, 1)))
    assert 0 < len(shown) < SPACE[2]
    assert len(examples) == 2 * len(shown)
    assert [examples.subject(i) for i in range(len(examples))] == ["a"] * len(shown) + ["b"] * len(shown)
    batch = examples.batch([0, len(shown) + 2])
    for row, (case, z) in enumerate([("ses-0", shown[0]), ("ses-1", shown[2])]):
        pair = translate.pairs(case)
        np.testing.assert_array_equal(
            batch.target[row, 0].numpy(), translate.scale.to_model(pair.reference.pixels)[0, ..., z]
        )
        wanted = translate.scale.to_model(pair.source.pixels)[0][..., z - 1 : z + 2]
        np.testing.assert_array_equal(batch.source[row].numpy(), np.moveaxis(wanted, -1, 0))
    assert float(batch.source.abs().max()) <= 1


def test_requests_are_one_per_case_of_the_split_with_their_own_seed(translate):
    asked = translate.requests()
    assert [r.reference_case for r in asked] == ["ses-3", "ses-4", "ses-5"]
    assert [r.case for r in asked] == ["syn-ses-3", "syn-ses-4", "syn-ses-5"]
    assert [r.source_subjects for r in asked] == [("d",), ("e",), ("e",)]
    assert [r.seed for r in asked] == [derive(5, "synthesise", r.reference_case) for r in asked]
    assert asked[0].condition == {"source": "ses-3", "from": "t1", "to": "t2"}


def test_real_images_stand_in_the_order_of_the_requests(translate):
    for role in (Role.SOURCE, Role.REFERENCE, Role.MASK):
        images = translate.real(role, Split.TEST)
        assert images.cases == [r.reference_case for r in translate.requests()]
        assert images.subjects == ["d", "e", "e"]
        assert all(image.space == SPACE for image in images)
    masks = list(translate.real("mask", Split.TEST))
    assert all(mask.pixels.dtype == bool and mask.unit == Unit.LABEL for mask in masks)
    np.testing.assert_array_equal(masks[0].pixels[0], ball())


def test_further_roles_are_given_as_they_are_and_unknown_ones_refused(denoise):
    structures = list(denoise.real("structures", Split.TEST))
    assert [int((s.pixels == 1).sum()) for s in structures] == [2 * 2 * 3] * 2
    with pytest.raises(DataError, match=r"no image of role 'flair'.*image, structures"):
        denoise.real("flair", Split.TEST)


def test_mr_is_given_relative_to_the_bright_end_of_its_own_brain(translate):
    for role in ("source", "reference"):
        for image in translate.real(role, Split.TEST):
            assert np.percentile(image.pixels[0][ball()], 99.5) == pytest.approx(1, abs=1e-5)
            assert image.pixels.min() == 0
    assert translate.data_range == (0.0, 1.5)


def test_the_cohorts_mask_is_used_where_it_has_one(tmp_path):
    mask = np.zeros((6, *SPACE), np.uint8)
    mask[:, 4:8, 5:9, 2:4] = 1
    task = Translate(spec("translate", "mri", data=T1_TO_T2), cohort(write_mr(tmp_path, mask=mask), "arbitrary"))
    np.testing.assert_array_equal(next(iter(task.real("mask", Split.TEST))).pixels[0], mask[0] > 0)
    assert len(task.examples(Split.TRAIN)) == 2 * 2


def test_the_mask_never_looks_at_the_image_to_be_predicted(tmp_path):
    t2 = np.zeros((6, *SPACE), np.int16)
    t2[:, 0, 0, :] = 500
    task = Translate(spec("translate", "mri", data=T1_TO_T2), cohort(write_mr(tmp_path, t2=t2), "arbitrary"))
    np.testing.assert_array_equal(task.mask(task.cases(Split.TEST)[0]), ball())


def test_a_gain_of_the_scanner_changes_nothing(tmp_path):
    def sources(gain: int) -> torch.Tensor:
        folder = tmp_path / str(gain)
        folder.mkdir()
        path = write_mr(folder)
        arrays = dict(np.load(path))
        np.savez(path, **{**arrays, "t1": arrays["t1"] * gain})
        task = Translate(spec("translate", "mri", data=T1_TO_T2), cohort(path, "arbitrary"))
        return task.condition(task.requests()[0]).source

    torch.testing.assert_close(sources(1), sources(7))


def test_denoising_gives_hounsfield_units_and_a_seeded_source_of_its_own_per_case(denoise, tmp_path):
    (tmp_path / "again").mkdir()
    again = Denoise(denoise.spec, cohort(write_ct(tmp_path / "again"), "HU"))
    noise = []
    for case in denoise.cases(Split.TEST):
        pair, same = denoise.pairs(case.case), again.pairs(case.case)
        assert pair.reference.unit == pair.source.unit == Unit.HU
        np.testing.assert_array_equal(pair.source.pixels, same.source.pixels)
        np.testing.assert_array_equal(pair.reference.pixels, denoise.store.image(case, "image").pixels)
        noise.append(pair.source.pixels - pair.reference.pixels)
    assert not np.array_equal(noise[0], noise[1])
    assert abs(noise[0].mean()) < 0.2 * noise[0].std()
    assert noise[0].std() > 5
    assert denoise.requests()[0].condition["dose_fraction"] == "0.25"


def test_less_dose_is_more_noise(tmp_path):
    path = write_ct(tmp_path)
    deviations = []
    for fraction in (0.5, 0.25, 0.1):
        task = Denoise(spec("denoise", "ct", denoise={"dose_fraction": fraction}), cohort(path, "HU"))
        pair = task.pairs(task.cases(Split.TEST)[0].case)
        deviations.append((pair.source.pixels - pair.reference.pixels).std())
    # variance grows as 1/f - 1: 1, 3, 9; the tolerance is the sampling error of a deviation from 2,268 voxels
    np.testing.assert_allclose(np.array(deviations) / deviations[0], np.sqrt([1, 3, 9]), rtol=0.08)


def test_denoising_refuses_arbitrary_units(tmp_path):
    task = Denoise(spec("denoise", "ct"), cohort(write_ct(tmp_path, unit="arbitrary"), "arbitrary"))
    with pytest.raises(ImageError, match="not in HU"):
        task.facts()


def test_the_window_of_ct_is_a_scanners_where_the_study_gives_none(tmp_path):
    task = Denoise(spec("denoise", "ct"), cohort(write_ct(tmp_path), "HU"))
    assert task.data_range == (-1024.0, 3071.0)


@pytest.mark.parametrize(
    ("data", "place"),
    [({"image": "t2"}, "data.input"), ({"input": "t1"}, "data.image"), ({"input": "t2", "image": "t2"}, "itself")],
)
def test_translation_needs_two_different_roles(tmp_path, data, place):
    with pytest.raises(SpecError, match=place):
        Translate(spec("translate", "mri", data=data), cohort(write_mr(tmp_path), "arbitrary"))


def test_a_role_that_nobody_has_is_named_with_those_there_are(tmp_path):
    task = Translate(spec("translate", "mri", data={"input": "t1", "image": "pd"}), cohort(write_mr(tmp_path), "x"))
    with pytest.raises(DataError, match=r"t1 and pd.*t1, t2"):
        task.facts()


def test_a_split_without_cases_cannot_be_synthesised(tmp_path):
    study = spec("translate", "mri", data=T1_TO_T2, sampling={"split": "external"})
    with pytest.raises(DataError, match="external"):
        Translate(study, cohort(write_mr(tmp_path), "arbitrary")).requests()


def test_source_and_reference_of_different_size_are_refused(tmp_path):
    t2 = np.ones((6, 14, 18, 8), np.int16)
    task = Translate(spec("translate", "mri", data=T1_TO_T2), cohort(write_mr(tmp_path, t2=t2), "arbitrary"))
    with pytest.raises(ImageError, match=r"ses-3.*grids|size"):
        task.pairs("ses-3")


@pytest.mark.parametrize("neighbours", [2, 4])
def test_an_even_number_of_neighbours_is_refused(translate, neighbours):
    with pytest.raises(SpecError, match="odd"):
        translate.facts(neighbours)


def test_pictures_are_translated_whole_and_have_no_neighbours(tmp_path):
    rng = np.random.default_rng(0)
    stained = rng.integers(0, 255, (5, 12, 16), dtype=np.uint8)
    path = tmp_path / "small.npz"
    np.savez(path, low=stained, high=255 - stained, subject=np.array(list("abcde")), spacing_mm=np.array([0.5, 0.5]))
    task = Translate(spec("translate", "xray", data={"input": "low", "image": "high"}), cohort(path, "arbitrary"))
    assert task.data_range == (0.0, 255.0)
    assert task.facts(1).space == (12, 16)
    with pytest.raises(SpecError, match="must be 1"):
        task.facts(3)
    asked = task.requests()[0]
    condition = task.condition(asked)
    assert condition.source.shape == (1, 1, 12, 16)
    image = task.image(asked, -condition.source)
    np.testing.assert_allclose(image.pixels, task.pairs(asked.reference_case).reference.pixels, atol=1e-4)
    assert len(task.examples(Split.TRAIN)) == 2


def test_colour_neighbours_stay_in_the_order_slice_then_channel():
    volume = Image(np.arange(2 * 1 * 1 * 3.0).reshape(2, 1, 1, 3))
    assert stacked(volume, [1], 3)[0, :, 0, 0].tolist() == [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]


def test_memory_keeps_what_was_used_last_and_is_bounded():
    read = []

    def pair(case: str) -> Pair:
        read.append(case)
        return Pair(Image(np.zeros((1, 10, 10))), Image(np.zeros((1, 10, 10))))

    memory = PairMemory(pair, most_bytes=2 * 1600)
    for case in ("a", "b", "a", "c", "a", "b"):
        memory(case)
    assert read == ["a", "b", "c", "b"]
