"""What a DICOM header says about where, when and of whom an image was taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from synthassay.errors import SynthassayError
from synthassay.images.dicom_values import dataset_of, pseudonym
from synthassay.images.formats import format_of
from synthassay.records.base import inside
from synthassay.records.cohort import Locator


@dataclass(frozen=True)
class HeaderFacts:
    """Facts of one header; empty where it does not say.

    Attributes:
        patient: PatientID.
        alias: What stands for the PatientID elsewhere in synthassay.
        study: StudyInstanceUID; ``series``: SeriesInstanceUID.
        date: Acquisition date and time, ``YYYYMMDD`` or ``YYYYMMDDhhmmss``.
    """

    patient: str = ""
    alias: str = ""
    study: str = ""
    series: str = ""
    site: str = ""
    scanner: str = ""
    date: str = ""


def header_facts(root: Path, where: Locator) -> HeaderFacts:
    """Return what the header of an image says; nothing for other formats and for files that cannot be read."""
    try:
        path = inside(root, where.path)
        if not path.exists() or path.suffix.lower() == ".npz" or format_of(path) != "dicom":
            return HeaderFacts()
        header = _first_of_series(path, where.key) if path.is_dir() else dataset_of(path, pixels=False)
    except SynthassayError:
        return HeaderFacts()
    return HeaderFacts() if header is None else _facts(header)


def _first_of_series(folder: Path, series: str) -> Dataset | None:
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        try:
            header = dataset_of(file, pixels=False)
        except SynthassayError:
            continue
        if not series or str(header.get("SeriesInstanceUID") or "") == series:
            return header
    return None


def _facts(header: Dataset) -> HeaderFacts:
    def said(*names: str) -> str:
        return next((text for name in names if (text := str(header.get(name) or "").strip())), "")

    date = said("AcquisitionDate", "SeriesDate", "StudyDate", "AcquisitionDateTime")[:8]
    time = said("AcquisitionTime", "SeriesTime", "StudyTime")[:6] if date else ""
    maker = " ".join(text for text in (said("Manufacturer"), said("ManufacturerModelName")) if text)
    serial = said("DeviceSerialNumber", "StationName")
    return HeaderFacts(
        patient=said("PatientID"),
        alias=pseudonym(header),
        study=said("StudyInstanceUID"),
        series=said("SeriesInstanceUID"),
        site=said("InstitutionName"),
        scanner=", ".join(text for text in (maker, serial) if text),
        date=date + time,
    )
