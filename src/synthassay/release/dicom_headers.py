"""What a released DICOM header may hold: what synthassay writes and nothing else; every attribute of Table E.1-1 told.

Source: DICOM PS3.15 (edition 2026c), Table E.1-1, whose attributes and actions of the basic profile are in
``confidentiality.csv``: X remove, Z empty, D replace, U new UID.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from synthassay.images.dicom_values import dataset_of, decoding
from synthassay.images.dicom_writing import CLASS, MODALITY, mark_dataset
from synthassay.images.labelling import BANNER, SyntheticLabel

EMPTY = {
    "AccessionNumber", "AcquisitionNumber", "BodyPartExamined", "EchoTime", "EchoTrainLength", "KVP", "Laterality",
    "MRAcquisitionType", "PatientBirthDate", "PatientOrientation", "PatientPosition", "PatientSex",
    "PositionReferenceIndicator", "ReferringPhysicianName", "RepetitionTime", "ScanOptions", "StudyDate", "StudyID",
    "StudyTime", "ViewPosition",
}  # fmt: skip
NUMBERS = {
    "BitsAllocated", "BitsStored", "Columns", "HighBit", "ImageOrientationPatient", "ImagePositionPatient",
    "InstanceNumber", "PixelData", "PixelRepresentation", "PixelSpacing", "PlanarConfiguration", "RescaleIntercept",
    "RescaleSlope", "Rows", "SamplesPerPixel", "SeriesNumber", "SliceThickness", "WindowCenter", "WindowWidth",
}  # fmt: skip
CODED = {
    "ConversionType": {"SYN"},
    "ImageType": {"DERIVED", "SECONDARY", "AXIAL", "OTHER"},
    "LossyImageCompression": {"00"},
    "Modality": set(MODALITY.values()),
    "PhotometricInterpretation": {"MONOCHROME2", "RGB"},
    "RescaleType": {"HU", "US"},
    "ScanningSequence": {"RM"},
    "SequenceVariant": {"NONE"},
    "SOPClassUID": set(CLASS.values()),
    "SpecificCharacterSet": {"ISO_IR 192"},
}
UIDS = {"FrameOfReferenceUID", "SeriesInstanceUID", "SOPInstanceUID", "StudyInstanceUID"}
META = {
    "FileMetaInformationGroupLength", "FileMetaInformationVersion", "MediaStorageSOPClassUID",
    "MediaStorageSOPInstanceUID", "TransferSyntaxUID", "ImplementationClassUID", "ImplementationVersionName",
}  # fmt: skip
IN_WORDS = {"X": "remove", "Z": "empty", "D": "replace", "U": "replace by a new UID"}


@cache
def confidentiality_table() -> dict[tuple[str, str], str]:
    """Return (group, element) in hexadecimal digits to the basic profile's action; ``x`` stands for any digit."""
    text = (files("synthassay.release") / "confidentiality.csv").read_text(encoding="utf-8")
    return {(row["group"], row["element"]): row["action"] for row in csv.DictReader(text.splitlines())}


def action_of(tag: BaseTag) -> str:
    """Return the basic profile's action for an attribute; empty where the table does not name it.

    >>> action_of(BaseTag(0x00100010)), action_of(BaseTag(0x60023000)), action_of(BaseTag(0x00280010))
    ('Z', 'X', '')
    """
    group, element = f"{tag.group:04X}", f"{tag.element:04X}"
    table = confidentiality_table()
    places = ((group, element), (f"{group[:2]}xx", element), (f"{group[:2]}xx", "xxxx"))
    return next((table[place] for place in places if place in table), "")


def header_faults(path: Path, label: SyntheticLabel) -> Iterator[str]:
    """Yield what a DICOM file holds that a released synthetic image must not, nested sequences and preamble included.

    Args:
        path: One file.
        label: What the image was labelled with; every word in the header follows from it.

    Raises:
        ImageError: The file cannot be decoded.
    """
    dataset = dataset_of(path)
    with decoding(path):  # values are decoded when they are looked at
        found = list(dataset_faults(dataset, label))
    yield from found


def dataset_faults(dataset: Dataset, label: SyntheticLabel) -> Iterator[str]:
    """Yield the same of a data set that was read already, with its file meta information."""
    if any(getattr(dataset, "preamble", None) or b""):
        yield "its preamble is not empty"
    for element in dataset.file_meta:
        if element.keyword not in META:
            yield f"{_name(element)} of its file meta information is nothing that a release needs"
    yield from _faults(dataset, _expected(label), "")


def _faults(dataset: Dataset, expected: Dataset, place: str) -> Iterator[str]:
    for element in dataset:
        where = f"{place}{_name(element)}"
        if element.VR == "SQ" and element.keyword in expected and len(element.value) == 1:
            yield from _faults(element.value[0], expected[element.keyword].value[0], f"{where} > ")
        elif fault := _fault(element, expected):
            yield f"{where} {fault}"
    for wanted in expected:
        if wanted.tag not in dataset:
            yield f"{place}{_name(wanted)} is gone"


def _fault(element: DataElement, expected: Dataset) -> str:
    """Why an attribute must not be there with its value; empty where it may. Values are not repeated: they tell."""
    keyword, action = element.keyword, action_of(element.tag)
    if element.tag.is_private:
        return "is a private attribute, which a release never has"
    told = f"; Table E.1-1 of DICOM PS3.15 says to {_in_words(action)}" if action else ""
    if keyword in expected:
        same = element.value == expected[keyword].value
        return "" if same else f"does not say what the label of this image says{told}"
    if keyword in UIDS:
        wrong = "" if str(element.value).startswith("2.25.") else "is a UID that is not new"
    elif keyword in EMPTY:
        wrong = "" if element.is_empty else "is not empty"
    elif keyword in CODED:
        values = element.value if element.VM > 1 else [element.value]
        wrong = "" if {str(value) for value in values} <= CODED[keyword] else "has an unknown code"
    else:
        number = keyword in NUMBERS and element.VR in ("US", "DS", "IS", "OW", "OB")
        wrong = "" if number else "is an attribute that no release has"
    return f"{wrong}{told}" if wrong else ""


def _expected(label: SyntheticLabel) -> Dataset:
    """All words that a header of this label holds."""
    dataset = Dataset()
    mark_dataset(dataset, label)
    equipment = dataset.ContributingEquipmentSequence[0]
    dataset.PatientID, dataset.PatientName = label.identifier, f"Synthetic^{label.identifier}"
    dataset.ImageComments = BANNER
    dataset.SeriesDescription = f"SYNTHETIC {equipment.ManufacturerModelName}"[:64]
    for keyword in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions"):
        setattr(dataset, keyword, equipment[keyword].value)
    dataset.StudyInstanceUID = label.uid("study")
    del dataset.ImageType
    return dataset


def _in_words(action: str) -> str:
    return " or ".join(IN_WORDS[letter] for letter in action.replace("*", "").split("/"))


def _name(element: DataElement) -> str:
    name = "" if element.tag.is_private or not element.keyword else f"{element.name} "
    return f"{name}({element.tag.group:04X},{element.tag.element:04X})"
