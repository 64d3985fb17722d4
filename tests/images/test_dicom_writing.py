"""DICOM out: other readers find the same HU in the same places, and every instance says what it is."""

from __future__ import annotations

import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.sr.codedict import codes

from images.examination import (
    CT_LABEL,
    LABEL,
    MR_LABEL,
    XRAY_LABEL,
    ct_volume,
    grey_picture,
    oblique_affine,
    rgb_picture,
    same,
)
from synthassay.errors import ImageError
from synthassay.images.dicom_writing import restore_mark
from synthassay.images.formats import is_marked, mark_of, read_image, uids_of, write_image
from synthassay.images.image import Geometry, Image
from synthassay.records.vocabulary import Unit


def in_simpleitk(folder) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def test_simpleitk_finds_the_same_hu_in_the_same_places(tmp_path):
    image = ct_volume()
    seen = in_simpleitk(write_image(tmp_path / "ct", image, CT_LABEL))
    values = sitk.GetArrayFromImage(seen)  # slices rows columns, LPS
    assert seen.GetSize() == (7, 6, 5)
    inverse = np.linalg.inv(image.geometry.affine)
    for index in np.ndindex(7, 6, 5):
        ras = np.array(seen.TransformIndexToPhysicalPoint(index)) * [-1, -1, 1]
        voxel = inverse @ [*ras, 1]
        np.testing.assert_allclose(voxel[:3], np.rint(voxel[:3]), atol=1e-4)
        assert values[index[::-1]] == image.pixels[(0, *np.rint(voxel[:3]).astype(int))]
    np.testing.assert_allclose(seen.GetSpacing(), (0.8, 1.25, 3.0), rtol=1e-6)


def test_a_tilted_gantry_survives(tmp_path):
    sheared = np.diag([1.0, 1, 3, 1])
    sheared[1, 2] = 3 * np.tan(np.radians(15))
    image = Image(ct_volume().pixels, Geometry.from_affine(sheared), Unit.HU)
    found = read_image(write_image(tmp_path / "ct", image, CT_LABEL))
    same(found, image)
    assert found.meta["gantry_tilt_degrees"] == "15.00"


def test_volumes_that_are_not_in_ras_lie_in_the_same_places(tmp_path):
    pixels = ct_volume().pixels
    flipped = Image(
        pixels[:, ::-1, :, ::-1],
        Geometry.from_affine(oblique_affine() @ np.array([[-1, 0, 0, 6], [0, 1, 0, 0], [0, 0, -1, 4], [0, 0, 0, 1.0]])),
        Unit.HU,
    )
    same(read_image(write_image(tmp_path / "ct", flipped, CT_LABEL)), ct_volume())


def test_every_instance_says_what_it_is_and_names_no_patient(tmp_path):
    folder = write_image(tmp_path / "ct", ct_volume(), CT_LABEL)
    instances = [pydicom.dcmread(file) for file in sorted(folder.iterdir())]
    assert [int(d.InstanceNumber) for d in instances] == [1, 2, 3, 4, 5]
    for d in instances:
        assert d[0x0008, 0x001C].value == "YES"
        assert list(d.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
        equipment = d.ContributingEquipmentSequence[0]
        assert equipment.PurposeOfReferenceCodeSequence[0].CodeValue == codes.DCM.SynthesizingEquipment.value
        assert equipment.PurposeOfReferenceCodeSequence[0].CodeMeaning == codes.DCM.SynthesizingEquipment.meaning
        assert equipment.SoftwareVersions == "synthassay 0.1.0"
        assert d.BurnedInAnnotation == "NO"
        assert d.PatientIdentityRemoved == "YES"
        assert d.PatientID == CT_LABEL.identifier
        assert d.PatientName == f"Synthetic^{CT_LABEL.identifier}"
        assert d.PatientBirthDate is None or d.PatientBirthDate == ""
        assert (d.RescaleIntercept, d.RescaleSlope, d.RescaleType) == (-1024, 1, "HU")
        assert d.file_meta.MediaStorageSOPInstanceUID == d.SOPInstanceUID
        assert all(pydicom.uid.UID(uid).is_valid for uid in (d.SOPInstanceUID, d.SeriesInstanceUID, d.StudyInstanceUID))
    assert len({d.SOPInstanceUID for d in instances}) == 5
    assert len({(d.SeriesInstanceUID, d.StudyInstanceUID, d.FrameOfReferenceUID) for d in instances}) == 1
    assert len(uids_of(folder)) == 6


@pytest.mark.parametrize(
    ("image", "label", "sop_class", "modality"),
    [
        (ct_volume(), CT_LABEL, "CT Image Storage", "CT"),
        (ct_volume(), LABEL, "CT Image Storage", "CT"),
        (Image(ct_volume().pixels, ct_volume().geometry), MR_LABEL, "MR Image Storage", "MR"),
        (grey_picture(), XRAY_LABEL, "Computed Radiography Image Storage", "CR"),
        (grey_picture(), LABEL, "Secondary Capture Image Storage", "OT"),
        (Image(ct_volume().pixels[..., 0], unit=Unit.HU), CT_LABEL, "Secondary Capture Image Storage", "CT"),
        (rgb_picture(), LABEL, "Secondary Capture Image Storage", "OT"),
    ],
)
def test_the_object_is_of_the_class_that_it_imitates(tmp_path, image, label, sop_class, modality):
    folder = write_image(tmp_path / "a", image, label)
    d = pydicom.dcmread(folder / "0001.dcm")
    assert (d.SOPClassUID.name, d.Modality) == (sop_class, modality)
    found = read_image(folder)
    np.testing.assert_array_equal(found.pixels, image.pixels)
    assert found.unit is image.unit


def test_attributes_that_the_classes_demand_are_there(tmp_path):
    # PS3.3 A.3, A.4, A.2, A.8: types 1 and 2 of the mandatory modules, as far as they are not conditional
    common = "PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID StudyDate StudyTime AccessionNumber " \
        "ReferringPhysicianName StudyID Modality SeriesInstanceUID SeriesNumber Manufacturer InstanceNumber " \
        "SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation " \
        "PixelData SOPClassUID SOPInstanceUID"  # fmt: skip
    plane = "FrameOfReferenceUID PositionReferenceIndicator PixelSpacing ImageOrientationPatient " \
        "ImagePositionPatient SliceThickness"  # fmt: skip
    demanded = {
        "ct": (ct_volume(), CT_LABEL, f"{plane} KVP AcquisitionNumber RescaleIntercept RescaleSlope ImageType"),
        "mr": (
            Image(ct_volume().pixels, ct_volume().geometry),
            MR_LABEL,
            f"{plane} ScanningSequence SequenceVariant ScanOptions MRAcquisitionType EchoTime EchoTrainLength",
        ),
        "cr": (grey_picture(), XRAY_LABEL, "BodyPartExamined ViewPosition"),
        "sc": (grey_picture(), LABEL, "ConversionType"),
    }
    for name, (image, label, own) in demanded.items():
        d = pydicom.dcmread(write_image(tmp_path / name, image, label) / "0001.dcm")
        missing = [keyword for keyword in f"{common} {own}".split() if keyword not in d]
        assert missing == [], name


def test_hu_are_kept_to_half_a_unit_even_below_minus_1024(tmp_path):
    values = np.random.default_rng(0).uniform(-2000, 4000, (1, 4, 4, 4)).astype(np.float32)
    image = Image(values, Geometry.from_affine(oblique_affine()), Unit.HU)
    found = read_image(write_image(tmp_path / "ct", image, CT_LABEL)).pixels
    np.testing.assert_array_equal(found, np.rint(values))


@pytest.mark.parametrize("scale", [1e-6, 0.013, 1.0, 4e5])
def test_floats_are_kept_to_the_stated_share_of_their_range(tmp_path, scale):
    values = (np.random.default_rng(0).normal(size=(1, 5, 4, 3)) * scale).astype(np.float32)
    image = Image(values, Geometry.from_affine(oblique_affine()))
    found = read_image(write_image(tmp_path / "mr", image, MR_LABEL)).pixels
    assert np.abs(found - values).max() <= 0.51 * np.ptp(values) / 65535 + np.abs(values).max() * 1e-6


def test_a_constant_float_volume_comes_back(tmp_path):
    image = Image(np.full((1, 2, 2, 2), 0.3, np.float32), Geometry.from_affine(oblique_affine()))
    np.testing.assert_allclose(read_image(write_image(tmp_path / "mr", image, MR_LABEL)).pixels, 0.3, rtol=1e-6)


def test_rgb_of_odd_length_and_a_placed_picture_come_back(tmp_path):
    tile = Image(rgb_picture().pixels, unit=Unit.RGB)
    same(read_image(write_image(tmp_path / "a.dcm", tile, LABEL)), tile)
    affine = oblique_affine((0.25, 0.5, 1.0))
    affine[:3, 2] = np.cross(affine[:3, 1] / 0.5, affine[:3, 0] / 0.25)
    placed = Image(ct_volume().pixels[..., 0], Geometry(affine, (0.25, 0.5)), Unit.HU)
    found = read_image(write_image(tmp_path / "b.dcm", placed, CT_LABEL))
    np.testing.assert_allclose(found.geometry.affine, affine, atol=1e-5)
    np.testing.assert_array_equal(found.pixels, placed.pixels)


def test_text_that_dicom_forbids_is_made_to_fit(tmp_path):
    from dataclasses import replace

    label = replace(CT_LABEL, generator="a\\b\n" + "x" * 100, study="Ü" * 2000)
    folder = write_image(tmp_path / "ct", ct_volume(), label)
    d = pydicom.dcmread(folder / "0001.dcm")
    assert d.ManufacturerModelName == ("a/b " + "x" * 100)[:64]
    assert len(d.DerivationDescription) == 1024


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (Image(np.zeros((1, 3, 3, 3), np.int16), unit=Unit.LABEL, geometry=ct_volume().geometry), "label map"),
        (Image(np.zeros((1, 3, 3, 3), np.int16), unit=Unit.HU), "volume with an affine"),
        (Image(np.zeros((2, 3, 3), np.int16)), "grey volumes"),
        (Image(np.full((3, 3, 3), 256.0), unit=Unit.RGB), "outside 0 to 255"),
        (Image(np.array([[[-1e5, 1e5]]]), unit=Unit.HU), "more HU than 16 bits"),
        (Image(np.array([[[np.nan]]]), unit=Unit.HU), "NaN"),
    ],
)
def test_what_dicom_cannot_keep_is_refused_and_leaves_nothing(tmp_path, image, message):
    with pytest.raises(ImageError, match=message):
        write_image(tmp_path / "a", image, LABEL)
    assert list(tmp_path.iterdir()) == []


def test_sheared_rows_are_refused(tmp_path):
    affine = np.eye(4)
    affine[0, 1] = 0.2
    with pytest.raises(ImageError, match="sheared"):
        write_image(tmp_path / "a", Image(ct_volume().pixels, Geometry.from_affine(affine), Unit.HU), CT_LABEL)


def test_hu_under_another_modality_are_refused(tmp_path):
    with pytest.raises(ImageError, match="is in HU, which mri has not"):
        write_image(tmp_path / "a", ct_volume(), MR_LABEL)


def test_a_mark_that_a_de_identifier_removed_is_missed_and_can_be_restored(tmp_path):
    folder = write_image(tmp_path / "ct", ct_volume(), CT_LABEL)
    copy = shutil.copytree(folder, tmp_path / "released")
    file = copy / "0003.dcm"
    d = pydicom.dcmread(file)
    del d.SyntheticData  # PS3.15 table E.1-1: action X
    d.save_as(file)
    assert "0003.dcm: Synthetic Data (0008,001C) is absent" in mark_of(copy).why_not
    assert restore_mark(copy, CT_LABEL) == [file]
    assert is_marked(copy)
    same(read_image(copy), ct_volume())
    assert (folder / "0003.dcm").read_bytes() == file.read_bytes()
    assert restore_mark(copy, CT_LABEL) == []


def test_a_weakened_mark_names_what_is_gone(tmp_path):
    file = write_image(tmp_path / "a.dcm", grey_picture(), XRAY_LABEL)
    d = pydicom.dcmread(file)
    del d.ContributingEquipmentSequence
    d.ImageType = ["ORIGINAL", "PRIMARY"]
    d.save_as(file)
    mark = mark_of(file)
    assert mark
    assert [part.split(" ")[0] for part in mark.weakened] == ["no", "Image"]


def test_restoring_keeps_equipment_of_others(tmp_path):
    file = write_image(tmp_path / "a.dcm", grey_picture(), XRAY_LABEL)
    d = pydicom.dcmread(file)
    other = pydicom.Dataset()
    other.Manufacturer = "De-identifier"
    d.ContributingEquipmentSequence = [other]
    d.save_as(file)
    restore_mark(file, XRAY_LABEL)
    makers = [item.Manufacturer for item in pydicom.dcmread(file).ContributingEquipmentSequence]
    assert makers == ["De-identifier", "synthassay"]


def test_restoring_in_a_folder_without_dicom_is_a_message(tmp_path):
    with pytest.raises(ImageError, match=r"holds no \.dcm file"):
        restore_mark(tmp_path, LABEL)
