import shutil

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture
from pydicom.data import get_testdata_file

from synthassay.data.folders import list_folder
from synthassay.data.listing import Fields
from synthassay.data.store import ImageStore
from synthassay.errors import DataError, ImageError


def png(path, value=7):
    path.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray(np.random.default_rng(value).integers(0, 255, (8, 8), dtype=np.uint8)).save(path)


def ct_series(folder, uid, patient, count=3):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        dataset.SeriesInstanceUID, dataset.PatientID = uid, patient
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{uid}.{i}"
        dataset.ImagePositionPatient = [0, 0, 5.0 * i]
        dataset.SliceThickness, dataset.InstanceNumber = 5.0, i
        dataset.save_as(folder / f"{uid}-{i}.dcm")


def facts(listing):
    return [(c.case, c.subject, c.label) for c in listing.cases]


def test_a_flat_folder_has_no_classes_and_each_image_is_a_subject_with_a_note(tmp_path):
    png(tmp_path / "b.png")
    png(tmp_path / "a.png")
    (tmp_path / "readme.md").write_text("x")
    (tmp_path / ".hidden.png").write_text("x")
    listing = list_folder(tmp_path, Fields())
    assert facts(listing) == [("a", "a", ""), ("b", "b", "")]
    assert "2 of 2 images name no subject" in listing.notes[0]
    assert "1 file(s) that are no images were passed over: readme.md" in listing.notes[1]


def test_class_subfolders_give_labels_and_equal_stems_stay_apart(tmp_path):
    for label in ("ill", "normal"):
        for i in range(2):
            png(tmp_path / label / f"{i}.png")
    listing = list_folder(tmp_path, Fields())
    assert facts(listing) == [
        ("ill-0", "ill-0", "ill"),
        ("ill-1", "ill-1", "ill"),
        ("normal-0", "normal-0", "normal"),
        ("normal-1", "normal-1", "normal"),
    ]
    assert "Subfolders were read as classes: ill (2), normal (2)." in listing.notes


def test_split_folders_outside_class_folders_give_the_split(tmp_path):
    for side in ("train", "test"):
        for label in ("NORMAL", "PNEUMONIA"):
            for i in range(2):
                png(tmp_path / side / label / f"{side}{label}{i}.png")
    listing = list_folder(tmp_path, Fields())
    assert {c.label for c in listing.cases} == {"NORMAL", "PNEUMONIA"}
    assert {str(listing.given[c.case]) for c in listing.cases if c.case.startswith("test")} == {"test"}


def test_a_folder_below_the_class_is_the_subject(tmp_path):
    for path in ("ill/p1/a", "ill/p1/b", "normal/p2/c", "normal/p3/d"):
        png(tmp_path / f"{path}.png")
    assert [(c.subject, c.label) for c in list_folder(tmp_path, Fields()).cases] == [
        ("p1", "ill"),
        ("p1", "ill"),
        ("p2", "normal"),
        ("p3", "normal"),
    ]


def test_folders_of_one_image_each_are_subjects_and_not_classes(tmp_path):
    for who in ("p1", "p2", "p3"):
        png(tmp_path / who / "scan.png")
    assert facts(list_folder(tmp_path, Fields())) == [
        ("p1-scan", "p1", ""),
        ("p2-scan", "p2", ""),
        ("p3-scan", "p3", ""),
    ]


def test_a_sub_entity_is_the_subject(tmp_path):
    for name in ("sub-01_run-1", "sub-01_run-2", "sub-02"):
        png(tmp_path / f"{name}.png")
    assert [c.subject for c in list_folder(tmp_path, Fields()).cases] == ["sub-01", "sub-01", "sub-02"]


def test_a_regular_expression_finds_the_subject_in_the_path(tmp_path):
    for name in ("person1_virus_3", "person1_bacteria_4", "person22_virus_9"):
        png(tmp_path / f"{name}.png")
    listing = list_folder(tmp_path, Fields(subject=r"(person\d+)_"))
    assert [c.subject for c in listing.cases] == ["person1", "person1", "person22"]
    assert not listing.notes


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "not a regular expression"),
        ("person", "has 0 groups instead of 1"),
        (r"(man\d)", "no part that .data. subject"),
    ],
)
def test_a_regular_expression_that_does_not_fit_is_refused(tmp_path, pattern, said):
    png(tmp_path / "person1.png")
    with pytest.raises(DataError, match=said):
        list_folder(tmp_path, Fields(subject=pattern))


def test_dicom_series_are_volumes_whose_patient_is_a_pseudonym(tmp_path):
    ct_series(tmp_path / "x", "1.2.3", "DOE^JANE 19600101")
    ct_series(tmp_path / "y", "1.2.4", "DOE^JANE 19600101")
    ct_series(tmp_path / "z", "1.2.5", "ROE")
    listing = list_folder(tmp_path, Fields())
    first, second, third = listing.cases
    assert first.subject == second.subject != third.subject
    assert "DOE" not in listing.cases[0].model_dump_json()
    image = ImageStore(tmp_path).image(first, "image")
    assert image.space == (128, 128, 3)
    assert image.unit == "HU"


def test_two_series_in_one_folder_are_two_cases(tmp_path):
    ct_series(tmp_path, "1.2.3", "A")
    ct_series(tmp_path, "1.2.4", "B", count=4)
    cases = list_folder(tmp_path, Fields()).cases
    assert sorted(ImageStore(tmp_path).image(c, "image").space[2] for c in cases) == [3, 4]


def test_a_broken_image_is_listed_and_says_so_when_it_is_read(tmp_path):
    png(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes((tmp_path / "good.png").read_bytes()[:60])
    shutil.copy(get_testdata_file("CT_small.dcm"), tmp_path / "cut.dcm")
    (tmp_path / "cut.dcm").write_bytes((tmp_path / "cut.dcm").read_bytes()[:900])
    listing = list_folder(tmp_path, Fields())
    assert {c.case for c in listing.cases} == {"bad", "cut", "good"}
    for case in listing.cases:
        if case.case != "good":
            with pytest.raises(ImageError, match=case.case):
                ImageStore(tmp_path).image(case, "image")


def test_a_dicom_report_beside_images_is_passed_over_with_a_note(tmp_path):
    ct_series(tmp_path / "x", "1.2.3", "A")
    shutil.copy(get_testdata_file("rtstruct.dcm"), tmp_path / "x" / "structures.dcm")
    listing = list_folder(tmp_path, Fields())
    assert len(listing.cases) == 1
    assert any("x/structures.dcm" in note for note in listing.notes)


def test_an_empty_folder_and_a_named_column_are_refused(tmp_path):
    with pytest.raises(DataError, match="holds no images"):
        list_folder(tmp_path, Fields())
    with pytest.raises(DataError, match=r"\[data\] label: names a column, but a folder has none"):
        list_folder(tmp_path, Fields(label="x"))
