"""Cohorts from a study's data section, and (``synthassay.data.listings``) how a path is laid out."""

import hashlib
import random

import nibabel as nib
import numpy as np
import pytest
from PIL import Image as Picture

from synthassay.data.cohorts import data_hashes, load_cohort, require_classes
from synthassay.data.listing import Fields
from synthassay.data.listings import list_path
from synthassay.errors import DataError, ImageError, UnknownName
from synthassay.records.spec import DataSpec
from synthassay.records.vocabulary import Modality, Split

RNG = np.random.default_rng(3)


def png(path, shape=(8, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray(RNG.integers(0, 255, shape, dtype=np.uint8)).save(path)


def load(folder, modality="xray", seed=1, **data):
    return load_cohort(DataSpec(**data), Modality(modality), seed, folder=folder)


@pytest.fixture
def classes(tmp_path):
    for label in ("ill", "normal"):
        for i in range(10):
            png(tmp_path / "im" / label / f"{label}{i:02d}.png")
    return tmp_path


@pytest.fixture
def volumes(tmp_path):
    rows = ["subject,t1,t2,mask"]
    for i in range(6):
        for role in ("t1", "t2", "mask"):
            volume = RNG.normal(size=(6, 7, 8)).astype(np.float32) if role != "mask" else np.ones((6, 7, 8), np.uint8)
            nib.save(nib.Nifti1Image(volume, np.diag([2, 2, 2, 1.0])), tmp_path / f"s{i}_{role}.nii.gz")
        rows.append(f"s{i},s{i}_t1.nii.gz,s{i}_t2.nii.gz,s{i}_mask.nii.gz")
    (tmp_path / "t.csv").write_text("\n".join(rows))
    return tmp_path


def test_class_folders_become_a_stratified_cohort_with_its_proof(classes):
    cohort = load(classes, path="im", split="stratified")
    assert cohort.classes == ("ill", "normal")
    assert [len(cohort.of(s)) for s in (Split.TRAIN, Split.VALIDATION, Split.TEST)] == [14, 2, 4]
    assert cohort.proof()["subjects in both train and test"] == 0
    assert require_classes(cohort) == ("ill", "normal")
    assert cohort.source == "folder of images"


def test_the_same_rows_in_another_order_give_the_same_cohort(volumes):
    before = load(volumes, "mri", path="t.csv", image="t2", input="t1")
    head, *rows = (volumes / "t.csv").read_text().split("\n")
    random.Random(1).shuffle(rows)
    (volumes / "t.csv").write_text("\n".join([head, *rows]))
    assert load(volumes, "mri", path="t.csv", image="t2", input="t1") == before
    assert load(volumes, "mri", seed=2, path="t.csv", image="t2", input="t1") != before


def test_hashes_are_of_the_files_that_cases_lie_in(classes):
    cohort = load(classes, path="im")
    hashes = data_hashes(cohort)
    assert len(hashes) == 20
    assert hashes["ill/ill03.png"] == hashlib.sha256((classes / "im/ill/ill03.png").read_bytes()).hexdigest()
    (classes / "im/ill/ill03.png").unlink()
    with pytest.raises(DataError, match="ill03.png: cannot be read"):
        data_hashes(cohort)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"image": "t3"}, r"\[data\] image: is a role that no case has \(t3\). Did you mean"),
        ({"image": "t2", "input": "flair"}, r"\[data\] input: is a role that no case has"),
        ({}, r"\[data\] image: is not given, and the cases have more than one picture \(t1, t2\)"),
    ],
)
def test_roles_are_named_and_present(volumes, data, said):
    with pytest.raises(DataError, match=said):
        load(volumes, "mri", path="t.csv", **data)


def test_the_only_picture_takes_the_role_image(volumes):
    text = (volumes / "t.csv").read_text().replace(",t2,", ",note,").replace("_t2.nii.gz", "")
    (volumes / "t.csv").write_text(text)
    cohort = load(volumes, "mri", path="t.csv")
    assert cohort.cases[0].images["image"] == cohort.cases[0].images["t1"]


def test_mixed_spacings_stop_the_cohort(volumes):
    nib.save(nib.Nifti1Image(np.ones((6, 7, 8), np.float32), np.diag([2, 2, 3, 1.0])), volumes / "s0_t2.nii.gz")
    with pytest.raises(DataError, match=r"case s0: t2 and t1: differ in spacing: 2 x 2 x 3 mm against 2 x 2 x 2 mm"):
        load(volumes, "mri", path="t.csv", image="t2", input="t1")
    with pytest.raises(DataError, match=r"2 different spacings \(2 x 2 x 2 mm: 5.*2 x 2 x 3 mm: 1 \(s0\)"):
        (volumes / "t.csv").write_text(
            (volumes / "t.csv").read_text().replace(",mask", ",note").replace("_mask.nii.gz", "")
        )
        load(volumes, "mri", path="t.csv", image="t2")


def test_different_sizes_stop_the_cohort_unless_a_size_is_set(classes):
    png(classes / "im" / "ill" / "wide.png", (8, 12))
    with pytest.raises(DataError, match=r"2 different sizes \(8 x 8: 20.*8 x 12: 1 \(wide\).*Set \[data\] size"):
        load(classes, path="im")
    assert len(load(classes, path="im", size=(8, 8)).cases) == 21


def test_an_unreadable_image_is_reported_and_not_skipped(classes):
    (classes / "im" / "ill" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataError, match=r"(?s)1 image\(s\) of 21 case\(s\) cannot be used.*case broken: .*broken.png"):
        load(classes, path="im")


def test_nan_in_a_volume_and_an_empty_mask_are_both_listed(volumes):
    bad = np.ones((6, 7, 8), np.float32)
    bad[0, 0, 0] = np.nan
    nib.save(nib.Nifti1Image(bad, np.diag([2, 2, 2, 1.0])), volumes / "s1_t2.nii.gz")
    nib.save(nib.Nifti1Image(np.zeros((6, 7, 8), np.uint8), np.diag([2, 2, 2, 1.0])), volumes / "s2_mask.nii.gz")
    with pytest.raises(DataError) as problem:
        load(volumes, "mri", path="t.csv", image="t2", input="t1")
    text = str(problem.value)
    assert "2 image(s) of 6 case(s) cannot be used" in text
    assert "case s1: " in text
    assert "NaN" in text
    assert "case s2: s2_mask.nii.gz: is an empty mask" in text


def test_arbitrary_units_are_refused_in_a_ct_study(volumes):
    with pytest.raises(ImageError, match="case s0: holds values in arbitrary units"):
        load(volumes, "ct", path="t.csv", image="t2")


def test_one_class_only_says_what_to_do(classes):
    cohort = load(classes, path="im/ill")
    with pytest.raises(DataError, match=r"fewer than 2 classes \(none\).*one subfolder per class.*translate"):
        require_classes(cohort)


def test_a_class_that_is_never_trained_on_is_refused(classes):
    cohort = load(classes, path="im")
    split = {c.subject: Split.TEST if c.label == "ill" else Split.TRAIN for c in cohort.cases}
    with pytest.raises(DataError, match=r"a class has no training subject \(ill\)"):
        require_classes(cohort.model_copy(update={"split": split}))


def test_subjects_that_share_an_image_are_kept_on_one_side(tmp_path):
    pixels = RNG.integers(0, 255, (12, 8, 8), dtype=np.uint8)
    pixels[7] = pixels[2]
    np.savez(tmp_path / "x.npz", image=pixels, subject=np.array([f"p{i:02d}" for i in range(12)]))
    sides = set()
    for seed in range(12):
        cohort = load(tmp_path, seed=seed, path="x.npz", fractions=(0.5, 0.0, 0.5))
        assert cohort.split["p02"] == cohort.split["p07"]
        sides.add(cohort.split["p02"])
        assert "1 group(s) of exactly equal images, 0 of them within one subject." in cohort.notes
    assert sides == {Split.TRAIN, Split.TEST}


def test_a_duplicate_over_a_given_split_is_flagged_with_the_subjects(tmp_path):
    pixels = RNG.integers(0, 255, (4, 8, 8), dtype=np.uint8)
    pixels[3] = pixels[0]
    subjects, split = np.array(["a", "b", "c", "d"]), np.array(["train", "train", "test", "test"])
    np.savez(tmp_path / "x.npz", image=pixels, subject=subjects, split=split)
    cohort = load(tmp_path, path="x.npz", split="given")
    assert any("WARNING" in note and "a (train), d (test)" in note for note in cohort.notes)


def test_a_subject_in_two_given_splits_is_refused_by_name(tmp_path):
    subjects, split = np.array(["a", "b", "a"]), np.array(["train", "train", "test"])
    np.savez(tmp_path / "x.npz", image=RNG.normal(size=(3, 8, 8)), subject=subjects, split=split)
    with pytest.raises(DataError, match=r"1 subject\(s\) stand in more than one split \(a \(test, train\)\)"):
        load(tmp_path, path="x.npz", split="given")


def test_a_limit_is_noted_and_only_kept_subjects_are_read(tmp_path):
    pixels = RNG.normal(size=(30, 8, 8))
    np.savez(tmp_path / "x.npz", image=pixels, subject=np.array([f"p{i:02d}" for i in range(30)]))
    cohort = load(tmp_path, path="x.npz", subjects=10)
    assert len(cohort.cases) == 10
    assert "10 of 30 subjects are used ([data] subjects = 10)." in cohort.notes
    assert set(cohort.split) == {case.subject for case in cohort.cases}
    left = next(i for i in range(30) if f"p{i:02d}" not in cohort.split)
    pixels[left] = np.nan  # a broken image that the study does not use stops nothing
    np.savez(tmp_path / "x.npz", image=pixels, subject=np.array([f"p{i:02d}" for i in range(30)]))
    assert load(tmp_path, path="x.npz", subjects=10) == cohort


def test_a_share_of_zero_leaves_a_split_empty_and_a_given_split_needs_a_test(tmp_path):
    np.savez(tmp_path / "x.npz", image=RNG.normal(size=(3, 8, 8)), subject=np.array(list("abc")), split=["train"] * 3)
    assert len(load(tmp_path, path="x.npz", fractions=(0, 0, 1)).of(Split.TEST)) == 3
    with pytest.raises(DataError, match=r"leaves a split without subjects \(test\)"):
        load(tmp_path, path="x.npz", split="given")


def test_an_unknown_source_and_the_wrong_modality_are_refused():
    with pytest.raises(UnknownName, match="Did you mean: xray-kermany-pneumonia"):
        load(None, source="xray-kermany")
    with pytest.raises(DataError, match="is ct, but the source xray-kermany-pneumonia is xray"):
        load(None, "ct", source="xray-kermany-pneumonia")


def test_a_whole_slide_is_no_cohort():
    with pytest.raises(DataError, match="one whole-slide file.*Cut tiles"):
        load(None, "pathology", source="path-openslide-cmu1-small")


@pytest.mark.parametrize(
    ("layout", "path", "found"),
    [
        ("auto", "t.csv", "table t.csv"),
        ("auto", ".", "folder of images"),
        ("table", ".", "table t.csv"),
        ("folder", ".", "folder of images"),
    ],
)
def test_a_path_is_taken_as_what_it_is_or_is_said_to_be(volumes, layout, path, found):
    assert list_path(volumes / path, layout, Fields()).found_as == found


def test_a_folder_that_holds_one_npz_and_words_is_that_npz(tmp_path):
    np.savez(tmp_path / "x.npz", image=np.zeros((2, 4, 4)))
    (tmp_path / "SOURCE.md").write_text("where it comes from")
    assert list_path(tmp_path, "auto", Fields()).found_as == "npz (plain)"


@pytest.mark.parametrize(
    ("layout", "path", "said"),
    [
        ("auto", "nowhere", "does not exist. Paths in a study file are relative"),
        ("auto", "x.xlsx", r"neither an .npz nor a table \(.xlsx\)"),
        ("bids", "x.xlsx", "is a file, not a BIDS folder"),
        ("npz", ".", "holds 0 files ending in .npz"),
    ],
)
def test_a_path_that_is_not_what_was_asked_is_refused(tmp_path, layout, path, said):
    (tmp_path / "x.xlsx").write_text("")
    with pytest.raises(DataError, match=said):
        list_path(tmp_path / path, layout, Fields())
