"""Stored bits to physical values: HU only where proven, brightness the right way round, no bit too many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from images.dicom_files import save, scanner_slice
from synthassay.errors import ImageError
from synthassay.images.formats import read_image
from synthassay.records.vocabulary import Unit

BUNDLED = Path(pydicom.__file__).parent / "data" / "test_files"  # in the wheel; nothing is fetched
STORED = np.array([[0, 1024, 2048], [24, 1064, 4095]], np.uint16)


def read(tmp_path, stored=STORED, unit=None, **attributes):
    return read_image(save(scanner_slice(stored, **attributes), tmp_path / "a.dcm"), unit=unit)


def test_rescale_gives_hu_in_whole_numbers(tmp_path):
    found = read(tmp_path)
    assert found.unit is Unit.HU
    assert found.pixels.dtype == np.int16
    assert found.pixels.tolist() == [[[-1024, 0, 1024], [-1000, 40, 3071]]]


def test_a_broken_slope_gives_float_hu(tmp_path):
    assert read(tmp_path, RescaleSlope=0.5).pixels[0, 1].tolist() == [-1012.0, -492.0, 1023.5]


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ({"RescaleType": "HU"}, Unit.HU),
        ({"RescaleType": "US"}, Unit.ARBITRARY),
        ({"RescaleType": "HU_MOD"}, Unit.ARBITRARY),
        ({"Modality": "MR"}, Unit.ARBITRARY),
        ({"Modality": "PT"}, Unit.ARBITRARY),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, Unit.ARBITRARY),
        ({"RescaleIntercept": None}, Unit.ARBITRARY),
        ({"RescaleSlope": None}, Unit.ARBITRARY),
    ],
)
def test_hu_are_believed_of_ct_with_rescale_values_alone(tmp_path, attributes, unit):
    assert read(tmp_path, **attributes).unit is unit
    assert read(tmp_path, unit=Unit.HU, **attributes).unit is Unit.HU  # the user may know more than the file says


def test_signed_pixels_keep_their_sign(tmp_path):
    stored = np.array([[-2000, -1, 0, 3000]], np.int16)
    assert read(tmp_path, stored, RescaleIntercept=0).pixels.tolist() == [[[-2000, -1, 0, 3000]]]


@pytest.mark.parametrize(("kind", "bits"), [(np.uint16, 12), (np.int16, 12), (np.int16, 13)])
def test_bits_above_bits_stored_are_no_part_of_the_value(tmp_path, kind, bits):
    true = np.array([[0, 5, (1 << bits - 1) - 1, -3 if kind is np.int16 else 1 << bits - 1]], np.int64)
    overlay = 0b101 << bits if bits + 3 <= 16 else 1 << bits
    stored = ((true & ((1 << bits) - 1)) | overlay).astype(np.uint16).view(kind)
    found = read(tmp_path, stored, BitsStored=bits, RescaleIntercept=0)
    assert found.pixels.tolist() == [true.tolist()]


def test_values_in_unusual_bits_are_refused(tmp_path):
    dataset = scanner_slice(STORED, BitsStored=12)
    dataset.HighBit = 15
    with pytest.raises(ImageError, match="unusual bits.*HighBit 15 with 12"):
        read_image(save(dataset, tmp_path / "a.dcm"))


def test_monochrome1_is_inverted_in_the_stored_range(tmp_path):
    attributes = {
        "PhotometricInterpretation": "MONOCHROME1",
        "Modality": "CR",
        "RescaleIntercept": None,
        "RescaleSlope": None,
    }
    found = read(tmp_path, BitsStored=12, **attributes)
    assert found.pixels.tolist() == [[[4095, 3071, 2047], [4071, 3031, 0]]]
    assert "MONOCHROME1" in found.meta["photometric"]
    signed = read(tmp_path, np.array([[-2048, 0, 2047]], np.int16), BitsStored=12, **attributes)
    assert signed.pixels.tolist() == [[[2047, -1, -2048]]]


def test_monochrome1_does_not_turn_hu_upside_down(tmp_path):
    assert read(tmp_path, PhotometricInterpretation="MONOCHROME1").pixels[0, 0].tolist() == [-1024, 0, 1024]


def test_a_slope_of_zero_is_refused(tmp_path):
    with pytest.raises(ImageError, match="rescale slope of 0"):
        read(tmp_path, RescaleSlope=0)


def test_modality_lut_is_applied(tmp_path):
    table = pydicom.Dataset()
    table.LUTDescriptor, table.ModalityLUTType = [4, 0, 16], "OD"
    table.add_new("LUTData", "OW", np.array([5, 50, 500, 5000], "<u2").tobytes())
    stored = np.array([[3, 2], [1, 0]], np.uint16)
    none = {"RescaleIntercept": None, "RescaleSlope": None, "Modality": "CR"}
    found = read(tmp_path, stored, ModalityLUTSequence=[table], **none)
    assert found.pixels.tolist() == [[[5000, 500], [50, 5]]]


def test_the_patient_is_a_pseudonym_and_nothing_else_is_kept(tmp_path):
    found = read(tmp_path)
    assert found.subject == read(tmp_path).subject != read(tmp_path, PatientID="MRN 0816").subject
    assert read(tmp_path, PatientID=None).subject == ""
    assert "0815" not in repr(found)
    assert "Mustermann" not in repr(found)


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm",
     "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm",
     "dicomdirtests/77654033/CT2/17106"],
)  # fmt: skip
def test_values_of_bundled_files_equal_simpleitk(name):
    found = read_image(BUNDLED / name)
    expected = sitk.GetArrayFromImage(sitk.ReadImage(str(BUNDLED / name)))[0]
    assert found.pixels.dtype.isnative
    if name == "693_J2KI.dcm":  # lossy: decoders may differ by rounding
        assert np.abs(found.pixels[0] - expected.astype(np.int32)).max() <= 1
    else:
        np.testing.assert_array_equal(found.pixels[0], expected)


def test_uncompressed_and_compressed_copies_are_equal():
    first = read_image(BUNDLED / "MR_small.dcm").pixels
    for name in (
        "MR_small_RLE.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "MR_small_padded.dcm",
    ):
        np.testing.assert_array_equal(read_image(BUNDLED / name).pixels, first)


def test_colour_models_become_rgb():
    ybr = read_image(BUNDLED / "SC_rgb_jpeg_dcmtk.dcm")
    assert ybr.unit is Unit.RGB
    # rows of colour bars in the bundled file: red on top, white at the bottom
    red, white = ybr.pixels[:, 5, 50].astype(int), ybr.pixels[:, 95, 50].astype(int)
    assert np.abs(red - [255, 0, 0]).max() < 8
    assert np.abs(white - 255).max() < 8
    palette = read_image(BUNDLED / "examples_palette.dcm")
    assert palette.pixels.shape == (3, 350, 800)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("MR_truncated.dcm", r"MR_truncated\.dcm: cannot be decoded as DICOM.*8130 vs 8192"),
        ("rtplan.dcm", "has no pixels; its modality is RTPLAN"),
        ("rtdose.dcm", "dose grid in Gy"),
        ("test-SR.dcm", "has no pixels; its modality is SR"),
    ],
)
def test_what_is_truncated_or_no_image_is_a_message(name, message):
    with pytest.raises(ImageError, match=message):
        read_image(BUNDLED / name)


def test_an_old_file_without_preamble_is_read(tmp_path):
    dataset = scanner_slice(STORED)
    meta = dataset.file_meta
    del dataset.file_meta
    dataset.save_as(tmp_path / "a.dcm", implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert meta is not None
    assert (tmp_path / "a.dcm").read_bytes()[128:132] != b"DICM"
    assert read_image(tmp_path / "a.dcm").pixels[0, 0].tolist() == [-1024, 0, 1024]


def test_what_the_decoder_warns_of_is_kept(tmp_path):
    dataset = scanner_slice(STORED)
    dataset.PixelData = dataset.PixelData + bytes(6)
    found = read_image(save(dataset, tmp_path / "a.dcm"))
    assert "PixelData" in found.meta["reader_warnings"] or "pixel data" in found.meta["reader_warnings"]
