"""Dose grids: RTDOSE as a planning system writes it, NIfTI, units, and the way onto an image's grid."""

import json

import nibabel as nib
import numpy as np
import pytest
from pydicom.uid import RTDoseStorage

from images.dicom_files import save, scanner_slice
from synthassay.errors import ImageError
from synthassay.images.dose_grid import on_grid_of, read_dose
from synthassay.images.formats import read_image
from synthassay.images.image import Geometry, Image
from synthassay.records.vocabulary import Unit

STORED = np.random.default_rng(0).integers(0, 60000, (3, 5, 4)).astype(np.uint16)  # frames rows columns


def rtdose(path, stored=STORED, **changes):
    attributes = {
        "SOPClassUID": RTDoseStorage, "Modality": "RTDOSE", "DoseUnits": "GY", "DoseType": "PHYSICAL",
        "DoseGridScaling": 0.001, "GridFrameOffsetVector": [0.0, 3.0, 6.0], "NumberOfFrames": stored.shape[0],
        "PixelSpacing": [2.5, 2.0], "RescaleIntercept": None, "RescaleSlope": None,
    }  # fmt: skip
    return save(scanner_slice(stored, (-10.0, 20.0, 5.0), **(attributes | changes)), path)


def test_rtdose_is_scaled_to_gray_and_lies_where_its_frames_say(tmp_path):
    dose = read_dose(rtdose(tmp_path / "a.dcm"))
    assert dose.unit is Unit.GY
    assert dose.pixels.shape == (1, 4, 5, 3)
    assert dose.geometry.spacing_mm == pytest.approx((2.0, 2.5, 3.0))
    # frame 2, row 1, column 3 lies at LPS (-10 + 3 * 2, 20 + 1 * 2.5, 5 + 6), RAS (4, -22.5, 11)
    at = np.rint(np.linalg.inv(dose.geometry.affine) @ [4.0, -22.5, 11.0, 1.0]).astype(int)[:3]
    assert dose.pixels[(0, *at)] == pytest.approx(0.001 * STORED[2, 1, 3])


def test_frame_offsets_may_run_downwards(tmp_path):
    up = read_dose(rtdose(tmp_path / "up.dcm"))
    down = read_dose(
        rtdose(tmp_path / "down.dcm", STORED[::-1], ImagePositionPatient=[-10.0, 20.0, 11.0],
               GridFrameOffsetVector=[0.0, -3.0, -6.0])
    )  # fmt: skip
    np.testing.assert_allclose(up.pixels, down.pixels)
    np.testing.assert_allclose(up.geometry.affine, down.geometry.affine)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"DoseUnits": "RELATIVE"}, "another unit than Gy"),
        ({"DoseGridScaling": None}, "no DoseGridScaling"),
        ({"GridFrameOffsetVector": [0.0, 3.0, 9.0]}, "uneven distances"),
        ({"GridFrameOffsetVector": [0.0, 3.0]}, "3 frames and 2 frame offsets"),
        ({"ImagePositionPatient": None}, "ImagePositionPatient is missing"),
        ({"DoseGridScaling": 0.1}, "Divide by 100 if the values are in cGy"),
    ],
)
def test_rtdose_that_cannot_be_trusted_is_refused(tmp_path, changes, message):
    with pytest.raises(ImageError, match=message):
        read_dose(rtdose(tmp_path / "a.dcm", **changes))


def nifti(path, values, unit=""):
    nib.save(nib.Nifti1Image(values.astype(np.float32), np.diag([2.0, 2.0, 3.0, 1.0])), path)
    if unit:
        path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps({"Units": unit}))
    return path


def test_nifti_is_gray_where_its_sidecar_says_so_or_nothing(tmp_path):
    values = np.random.default_rng(1).random((4, 5, 3)) * 60
    for unit in ("", "Gy"):
        found = read_dose(nifti(tmp_path / f"a{unit}.nii.gz", values, unit))
        assert found.unit is Unit.GY
        np.testing.assert_allclose(found.pixels[0], values, rtol=1e-6)
    with pytest.raises(ImageError, match="states another unit"):
        read_dose(nifti(tmp_path / "hu.nii.gz", values, "HU"))
    with pytest.raises(ImageError, match="negative"):
        read_dose(nifti(tmp_path / "b.nii.gz", values - 30))
    with pytest.raises(ImageError, match="Gy"):
        read_image(rtdose(tmp_path / "dose.dcm"))  # and a dose is never taken for an image


def test_a_dose_on_another_grid_is_interpolated_linearly_and_unknown_beyond_its_edge():
    grid = np.stack(np.meshgrid(*(np.arange(n) * 4.0 for n in (8, 7, 6)), indexing="ij"))
    dose = Image((grid[0] + 2 * grid[1] + 3 * grid[2])[None], Geometry.from_affine(np.diag([4.0, 4, 4, 1])), Unit.GY)
    affine = np.diag([3.0, 2.0, 2.5, 1.0])
    affine[:3, 3] = 3.0, 5.0, -5.0
    image = Image(np.zeros((1, 8, 7, 6)), Geometry.from_affine(affine), Unit.HU)
    found = on_grid_of(dose, image, "case").pixels[0]
    i, j, k = np.meshgrid(*(np.arange(n) for n in (8, 7, 6)), indexing="ij")
    expected = (3 * i + 3) + 2 * (2 * j + 5) + 3 * (2.5 * k - 5)
    inside = ~np.isnan(found)
    np.testing.assert_allclose(found[inside], expected[inside])
    assert inside.sum() > 100
    assert np.isnan(found[:, :, :2]).all()  # z from -5 to -2.5 mm, below the dose grid
    assert on_grid_of(dose, dose, "case").pixels is dose.pixels


def test_grids_without_a_place_must_be_equal():
    dose = Image(np.ones((1, 4, 4)), Geometry(), Unit.GY)
    assert on_grid_of(dose, Image(np.zeros((1, 4, 4)), Geometry(spacing_mm=(2.0, 2.0))), "case").geometry.spacing_mm
    with pytest.raises(ImageError, match="differ in size"):
        on_grid_of(dose, Image(np.zeros((1, 5, 4)), Geometry()), "case")
