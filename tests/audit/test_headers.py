"""DICOM: patients, studies, series, sites and days across splits; equal HU are equal pixels whatever is stored."""

from __future__ import annotations

import numpy as np

from images.dicom_files import save, scanner_slice
from synthassay.audit import audit_data
from synthassay.audit.headers import HeaderFacts, header_facts
from synthassay.records.cohort import Locator


def slices(folder, stored, *, offset=-1024, **attributes):
    for i, pixels in enumerate(stored):
        about = {"RescaleIntercept": offset, "StudyInstanceUID": "1.2.9", **attributes}
        save(scanner_slice(pixels, (0, 0, 3.0 * i), number=i + 1, **about), folder / f"{i}.dcm")


def volume(seed):
    return np.random.default_rng(seed).integers(1000, 3000, (3, 6, 5)).astype(np.uint16)


def test_a_patient_a_study_and_equal_values_in_two_splits(tmp_path):
    common = {"PatientID": "MRN 1", "InstitutionName": "North", "AcquisitionDate": "20200131", "series": "1.2.3.1"}
    slices(tmp_path / "train" / "a", volume(0), **common)
    moved = common | {"series": "1.2.3.2", "AcquisitionDate": "20200201"}
    slices(tmp_path / "val" / "b", volume(0) + 24, offset=-1048, **moved)
    other = common | {"series": "1.2.3.3", "PatientID": "MRN 2", "StudyInstanceUID": "1.2.10"}
    slices(tmp_path / "val" / "c", volume(1), **other)
    found = audit_data(tmp_path)
    assert found.leaks
    assert found.subjects_crossing == ("MRN 1",)
    assert found.studies_crossing == ("1.2.9",)
    assert found.series_crossing == ()
    assert found.sites_crossing == ("North",)
    assert found.days_crossing == ("20200131",)
    assert found.exact_duplicates == (("train/a", "val/b"),)
    assert found.cross_split_exact == {"train|val": ("val/b",)}
    assert found.splits["val"].last_date == "20200201"


def test_a_series_in_two_splits_is_a_leak(tmp_path):
    about = {"PatientID": "", "StudyInstanceUID": ""}
    slices(tmp_path / "train" / "a", volume(0), **about)
    slices(tmp_path / "test" / "b", volume(1), **about)
    found = audit_data(tmp_path)
    assert found.series_crossing == ("1.2.3.1",)
    assert found.subjects_crossing == ()
    assert found.without_subject == 2
    assert found.leaks


def test_other_files_and_torn_ones_say_nothing(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "b.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"torn")
    for name in ("a.png", "b.dcm", "absent.dcm"):
        assert header_facts(tmp_path, Locator(path=name)) == HeaderFacts()
