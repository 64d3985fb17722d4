"""A released DICOM header holds what its label says; what else PS3.15 Table E.1-1 names is told, one by one."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.tag import Tag
from pydicom.uid import generate_uid

from images.examination import CT_LABEL, LABEL, MR_LABEL, XRAY_LABEL, ct_volume, grey_picture, rgb_picture
from synthassay.images.formats import write_image
from synthassay.release.dicom_headers import action_of, confidentiality_table, dataset_faults, header_faults
from synthassay.release.label_texts import label_faults

EXAMPLES = {
    "ct": (ct_volume, CT_LABEL),
    "radiograph": (grey_picture, XRAY_LABEL),
    "mr picture": (grey_picture, MR_LABEL),
    "tile": (rgb_picture, LABEL),
}
VALUES = {
    "DA": "20200101", "TM": "120000", "DT": "20200101120000", "AS": "040Y", "UI": "1.2.3", "IS": "1", "DS": "1.5",
    "US": 1, "SS": 1, "UL": 1, "SL": 1, "FL": 1.0, "FD": 1.0, "OB": b"ab", "OW": b"ab", "UN": b"ab", "AT": 0x00100010,
    "UR": "http://somebody", "OL": b"abcd", "OF": b"abcd", "OD": b"abcdefgh",
}  # fmt: skip


@pytest.fixture
def ct_slice(tmp_path):
    return sorted(write_image(tmp_path / "ct", ct_volume(), CT_LABEL).iterdir())[0]


def faults(path, label=CT_LABEL) -> list[str]:
    return list(header_faults(path, label))


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_synthassay_writes_has_no_fault(example, tmp_path):
    image, label = EXAMPLES[example]
    path = write_image(tmp_path / "image", image(), label, file_format="dicom")
    assert list(label_faults(path, label)) == []


def test_the_table_is_whole():
    table = confidentiality_table()
    assert len(table) == 655
    assert set("".join(table.values())) <= set("XZDU/*")
    assert action_of(Tag("PatientName")) == "Z"
    assert action_of(Tag("PatientID")) == "Z/D"
    assert action_of(Tag("StudyInstanceUID")) == "U"
    assert action_of(Tag("InstitutionAddress")) == "X"
    assert action_of(Tag(0x6004, 0x4000)) == action_of(Tag(0x5002, 0x0010)) == "X"
    assert action_of(Tag("Rows")) == ""


def test_every_attribute_of_the_table_is_found_with_a_value(ct_slice):
    """Each on the top level, with a value of its kind; those of files' heads and of sequences have their own tests."""
    dataset = pydicom.dcmread(ct_slice)
    planted = 0
    for group, element in confidentiality_table():
        if "x" in group + element or group == "0000" or group == "0002" or group == "FFFA":
            continue
        tag = Tag(int(group, 16), int(element, 16))
        try:
            kind = dictionary_VR(tag)
        except KeyError:
            kind = "UN"
        if kind == "SQ" or tag == Tag("PixelData"):
            continue
        before = dataset.get(tag)
        dataset.add_new(tag, kind, VALUES.get(kind, "SOMEBODY"))
        told = list(dataset_faults(dataset, CT_LABEL))
        assert len(told) == 1, (tag, told)
        assert f"({group},{element})" in told[0], (tag, told)
        assert "Table E.1-1 of DICOM PS3.15 says to" in told[0]
        planted += 1
        if before is None:
            del dataset[tag]
        else:
            dataset[tag] = before
    assert planted > 500


def test_nested_and_private_attributes_are_found(ct_slice):
    dataset = pydicom.dcmread(ct_slice)
    equipment = dataset.ContributingEquipmentSequence[0]
    equipment.InstitutionName = "Somewhere"
    equipment.private_block(0x0099, "SOMEBODY", create=True).add_new(1, "LO", "x")
    dataset.RequestAttributesSequence = [pydicom.Dataset()]
    dataset.save_as(ct_slice)
    told = "\n".join(faults(ct_slice))
    nested = "Contributing Equipment Sequence (0018,A001) > "
    assert f"{nested}Institution Name (0008,0080) is an attribute that no release has" in told
    assert f"{nested}(0099,1001) is a private attribute" in told
    assert "Request Attributes Sequence (0040,0275) is an attribute that no release has" in told


def test_values_that_are_not_the_labels_are_found_and_not_repeated(ct_slice):
    dataset = pydicom.dcmread(ct_slice)
    dataset.PatientID, dataset.BodyPartExamined = "SMITH", "SMITHS HEAD"
    dataset.Manufacturer, dataset.RescaleType = "SMITH", "SMITH"
    dataset.SOPInstanceUID = generate_uid()
    dataset.save_as(ct_slice)
    told = faults(ct_slice)
    assert [text.partition(")")[0][-9:] for text in told] == [
        "0008,0018", "0008,0070", "0010,0020", "0018,0015", "0028,1054",
    ]  # fmt: skip
    assert "SMITH" not in "".join(told)


def test_a_second_contributing_equipment_is_found(ct_slice):
    dataset = pydicom.dcmread(ct_slice)
    dataset.ContributingEquipmentSequence.append(pydicom.Dataset())
    dataset.save_as(ct_slice)
    assert "(0018,A001) does not say what the label of this image says" in faults(ct_slice)[0]


def test_the_head_of_the_file_is_looked_at(ct_slice):
    dataset = pydicom.dcmread(ct_slice)
    dataset.preamble = b"SMITH".ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = "HOSPITAL"
    dataset.save_as(ct_slice)
    told = faults(ct_slice)
    assert told[0] == "its preamble is not empty"
    assert "(0002,0016) of its file meta information" in told[1]


def test_what_is_gone_is_told(ct_slice):
    dataset = pydicom.dcmread(ct_slice)
    del dataset.SyntheticData, dataset.DerivationDescription
    dataset.save_as(ct_slice)
    assert faults(ct_slice) == [
        "Synthetic Data (0008,001C) is gone",
        "Derivation Description (0008,2111) is gone",
    ]
