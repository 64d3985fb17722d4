"""DICOM in: which files are one volume, in which order, and where it lies, against SimpleITK."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from images.dicom_files import save, scanner_series, scanner_slice
from images.test_dicom_values import BUNDLED, STORED
from synthassay.errors import ImageError
from synthassay.images.formats import read_image
from synthassay.images.geometry import LPS_TO_RAS
from synthassay.records.vocabulary import Unit

EVEN = [(-10.0, -20.0, z) for z in (-7.5, -5.0, -2.5, 0.0, 2.5)]


def assert_as_in_simpleitk(image, seen: sitk.Image) -> None:
    values = sitk.GetArrayFromImage(seen)
    inverse = np.linalg.inv(image.geometry.affine)
    for index in np.ndindex(seen.GetSize()):
        voxel = inverse @ LPS_TO_RAS @ [*seen.TransformIndexToPhysicalPoint(index), 1]
        np.testing.assert_allclose(voxel[:3], np.rint(voxel[:3]), atol=1e-3)
        assert values[index[::-1]] == image.pixels[(0, *np.rint(voxel[:3]).astype(int))]


def simpleitk_series(folder) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


ORIENTATIONS = {
    "axial": [1, 0, 0, 0, 1, 0],
    "coronal": [1, 0, 0, 0, 0, -1],
    "sagittal": [0, 1, 0, 0, 0, -1],
    "axial, feet first": [-1, 0, 0, 0, 1, 0],
    "oblique": [0.8, 0.6, 0, -0.48, 0.64, 0.6],
}


@pytest.mark.parametrize("axes", ORIENTATIONS.values(), ids=ORIENTATIONS.keys())
def test_slices_are_sorted_by_their_place_and_lie_where_simpleitk_finds_them(tmp_path, axes):
    normal = np.cross(axes[:3], axes[3:])
    positions = [np.array([5.0, -6.0, 7.0]) + 2.5 * k * normal for k in range(5)]
    scanner_series(tmp_path, positions, ImageOrientationPatient=axes)
    found = read_image(tmp_path)
    assert found.unit is Unit.HU
    assert_as_in_simpleitk(found, simpleitk_series(tmp_path))


def test_axial_slices_become_ras(tmp_path):
    stored = scanner_series(tmp_path, EVEN)
    found = read_image(tmp_path)
    assert found.space == (3, 4, 5)
    assert found.geometry.spacing_mm == (0.75, 0.5, 2.5)
    # LPS -> RAS: x and y are flipped, slices go up
    expected = np.stack(stored).astype(np.int16).transpose(2, 1, 0)[::-1, ::-1] - 1024
    np.testing.assert_array_equal(found.pixels[0], expected)
    # first voxel: rightmost-left corner: x = -(-10 + 2 * 0.75), y = -(-20 + 3 * 0.5)
    np.testing.assert_allclose(found.geometry.affine[:3, 3], [8.5, 18.5, -7.5])


def test_rescale_may_differ_from_slice_to_slice(tmp_path):
    for k, intercept in enumerate((-1024, -1000, -24)):
        save(scanner_slice(STORED, (0, 0, k), number=k, RescaleIntercept=intercept), tmp_path / f"{k}.dcm")
    assert read_image(tmp_path).pixels[0, -1, -1].tolist() == [-1024, -1000, -24]


def test_bundled_series_equals_simpleitk():
    folder = BUNDLED / "dicomdirtests" / "98892001" / "CT5N"
    found = read_image(folder)
    assert found.space == (16, 16, 5)
    assert_as_in_simpleitk(found, simpleitk_series(folder))


def test_mixed_series_are_listed_with_their_counts_and_chosen_by_key(tmp_path):
    scanner_series(tmp_path / "a", EVEN, series="1.2.3.1")
    scanner_series(tmp_path / "b", EVEN[:3], series="1.2.3.2", Modality="MR")
    with pytest.raises(
        ImageError, match=r"mixes 2 DICOM series.*1\.2\.3\.1 \(CT, 5 images\), 1\.2\.3\.2 \(MR, 3 images\)"
    ):
        read_image(tmp_path)
    assert read_image(tmp_path, key="1.2.3.1").space == (3, 4, 5)
    assert read_image(tmp_path, key="1.2.3.2").space == (3, 4, 3)
    with pytest.raises(ImageError, match=r"has no series 9.*It holds: 1\.2\.3\.1"):
        read_image(tmp_path, key="9")


@pytest.mark.parametrize(
    ("depths", "message"),
    [
        ((0, 2.5, 7.5, 10), r"lacks 1 slice, the first between 2\.50 and 7\.50 mm \(slice distance 2\.5 mm\)"),
        ((0, 2.5, 10, 12.5, 17.5), r"lacks 3 slices, the first between 2\.50 and 10\.00 mm"),
        ((0, 2.5, 5, 8.1, 10.6), r"uneven distances, 2\.5 to 3\.1 mm, the first odd one between 5\.00 and 8\.10"),
        ((0, 2.5, 5, 5.5, 8), r"uneven distances, 0\.5 to 2\.5 mm"),
        ((0, 2.5, 2.5, 5), "1 slices in places that are already taken, so it holds several volumes"),
    ],
)
def test_missing_uneven_and_doubled_slices_are_refused(tmp_path, depths, message):
    scanner_series(tmp_path, [(0, 0, depth) for depth in depths])
    with pytest.raises(ImageError, match=message):
        read_image(tmp_path)


def test_small_play_of_the_table_is_no_fault(tmp_path):
    scanner_series(tmp_path, [(0, 0, depth) for depth in (0, 2.51, 5.0, 7.49, 10.0)])
    assert read_image(tmp_path).geometry.spacing_mm[2] == pytest.approx(2.5)


def test_two_echoes_in_one_series_are_named_by_what_tells_them_apart(tmp_path):
    for k in range(4):
        dataset = scanner_slice(STORED, (0, 0, k // 2), number=k, Modality="MR", EchoTime=(10, 80)[k % 2])
        save(dataset, tmp_path / f"{k}.dcm")
    with pytest.raises(ImageError, match="several volumes; they differ in EchoTime"):
        read_image(tmp_path)


def test_a_localizer_inside_the_series_is_refused_with_counts(tmp_path):
    scanner_series(tmp_path, EVEN)
    save(
        scanner_slice(STORED[:, :3].repeat(2, 0), number=9, ImageOrientationPatient=[0, 1, 0, 0, 0, -1]),
        tmp_path / "scout.dcm",
    )
    with pytest.raises(ImageError, match="mixes orientations in one series.*5 with.*1 with"):
        read_image(tmp_path)


def test_mixed_spacings_and_sizes_are_refused(tmp_path):
    scanner_series(tmp_path / "a", EVEN)
    save(
        scanner_slice(np.zeros((4, 3), np.uint16), (-10, -20, 5), number=9, PixelSpacing=[1, 1]),
        tmp_path / "a" / "x.dcm",
    )
    with pytest.raises(ImageError, match=r"mixes pixel spacings.*5 with \(0\.5, 0\.75\); 1 with \(1\.0, 1\.0\)"):
        read_image(tmp_path / "a")
    scanner_series(tmp_path / "b", EVEN)
    save(scanner_slice(np.zeros((5, 3), np.uint16), (-10, -20, 5), number=9), tmp_path / "b" / "x.dcm")
    with pytest.raises(ImageError, match="mixes sizes or units"):
        read_image(tmp_path / "b")


def test_a_tilted_gantry_is_noted_and_voxels_stay_in_place(tmp_path):
    tilt = np.radians(20)
    axes = [1, 0, 0, 0, np.cos(tilt), -np.sin(tilt)]
    positions = [(0.0, 0.0, 3.0 * k) for k in range(4)]
    scanner_series(tmp_path, positions, ImageOrientationPatient=axes)
    found = read_image(tmp_path)
    assert found.meta["gantry_tilt_degrees"] == "20.00"
    # the third column of a sheared affine is the table's way, not the slices' normal
    np.testing.assert_allclose(np.abs(found.geometry.affine[:3, 2]), [0, 0, 3], atol=1e-6)


def test_a_table_that_moves_sideways_is_refused(tmp_path):
    scanner_series(tmp_path, [(0, 0, 0), (0, 0, 3), (4, 0, 6), (0, 0, 9)])
    with pytest.raises(ImageError, match="from evenly spaced places on one line"):
        read_image(tmp_path)


def test_one_slice_is_a_picture_that_knows_its_place(tmp_path):
    for path in (save(scanner_slice(STORED, (-10, -20, 30)), tmp_path / "one" / "a.dcm"), tmp_path / "one"):
        found = read_image(path)
        assert found.space == (2, 3)
        assert found.geometry.spacing_mm == (0.5, 0.75)
        # row 1, column 2 lies 0.5 mm further back and 1.5 mm further left: RAS x = -(-10 + 1.5), y = -(-20 + 0.5)
        np.testing.assert_allclose(found.geometry.affine @ [1, 2, 0, 1], [8.5, 19.5, 30, 1])


def enhanced(stored: np.ndarray, depths, **attributes) -> Dataset:
    """An enhanced CT of ``frames rows columns``: places per frame, the rest shared, as PS3.3 A.38 has it."""
    none = dict.fromkeys(
        [
            "ImagePositionPatient",
            "ImageOrientationPatient",
            "PixelSpacing",
            "SliceThickness",
            "RescaleIntercept",
            "RescaleSlope",
        ]
    )
    dataset = scanner_slice(stored, NumberOfFrames=len(stored), **(none | attributes))
    shared, orientation, measures, values = Dataset(), Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.75], 2
    values.RescaleIntercept, values.RescaleSlope, values.RescaleType = -1000, 1, "HU"
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    shared.PixelValueTransformationSequence = [values]
    frames = []
    for depth in depths:
        frame, place = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, float(depth)]
        frame.PlanePositionSequence = [place]
        frames.append(frame)
    dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence = [shared], frames
    return dataset


def test_enhanced_multi_frame_is_a_volume_in_hu_whatever_its_frame_order(tmp_path):
    stored = np.arange(24, dtype=np.uint16).reshape(4, 2, 3)
    path = save(enhanced(stored, (6, 0, 4, 2)), tmp_path / "a.dcm")
    found = read_image(path)
    assert found.unit is Unit.HU
    assert found.geometry.spacing_mm == (0.75, 0.5, 2.0)
    expected = stored[[1, 3, 2, 0]].astype(np.int16).transpose(2, 1, 0)[::-1, ::-1] - 1000
    np.testing.assert_array_equal(found.pixels[0], expected)
    assert read_image(path, index=2).pixels[0].tolist() == (stored[2].astype(int) - 1000).tolist()
    with pytest.raises(ImageError, match="frames 0 to 3"):
        read_image(path, index=4)


def test_rescale_values_of_a_frame_win_over_shared_ones(tmp_path):
    dataset = enhanced(np.ones((2, 2, 3), np.uint16), (0, 1))
    own = Dataset()
    own.RescaleIntercept, own.RescaleSlope, own.RescaleType = -500, 2, "HU"
    dataset.PerFrameFunctionalGroupsSequence[1].PixelValueTransformationSequence = [own]
    assert read_image(save(dataset, tmp_path / "a.dcm")).pixels[0, 0, 0].tolist() == [-999, -498]


def test_classic_multi_frame_with_a_slice_distance_is_a_volume(tmp_path):
    stored = np.arange(24, dtype=np.uint16).reshape(4, 2, 3)
    found = read_image(
        save(scanner_slice(stored, (0, 0, 5), NumberOfFrames=4, SpacingBetweenSlices=2.5), tmp_path / "a.dcm")
    )
    assert found.geometry.spacing_mm == (0.75, 0.5, 2.5)
    assert found.geometry.affine[2, 3] == 5
    assert found.pixels[0, -1, -1].tolist() == [-1024, -1018, -1012, -1006]


def test_multi_frame_without_places_needs_an_index():
    with pytest.raises(ImageError, match="holds 30 frames without their places"):
        read_image(BUNDLED / "examples_ybr_color.dcm")
    assert read_image(BUNDLED / "examples_ybr_color.dcm", index=3).pixels.shape == (3, 240, 320)
    assert read_image(BUNDLED / "SC_rgb_rle_2frame.dcm", index=1).pixels.shape == (3, 100, 100)


def test_radiographs_in_one_folder_are_no_volume(tmp_path):
    none = {"ImagePositionPatient": None, "ImageOrientationPatient": None, "Modality": "CR"}
    for k in range(2):
        save(scanner_slice(STORED, number=k, **none), tmp_path / f"{k}.dcm")
    with pytest.raises(ImageError, match="has no place in the body.*read each by its own path"):
        read_image(tmp_path)


def test_spacing_at_the_detector_is_noted():
    found = read_image(BUNDLED / "dicomdirtests" / "77654033" / "CR1" / "6154")
    assert found.geometry.spacing_mm == (0.1, 0.1)
    assert "magnified" in found.meta["spacing_at"]
    assert found.unit is Unit.ARBITRARY


def test_reports_licences_and_hidden_files_beside_images_are_passed_over(tmp_path):
    scanner_series(tmp_path, EVEN)
    (tmp_path / "LICENSE").write_text("CC BY 4.0")
    (tmp_path / "._IM0001.dcm").write_bytes(b"resource fork")
    (tmp_path / "report.dcm").write_bytes((BUNDLED / "test-SR.dcm").read_bytes())
    (tmp_path / "DICOMDIR").write_bytes((BUNDLED / "dicomdirtests" / "DICOMDIR").read_bytes())
    assert read_image(tmp_path).space == (3, 4, 5)


def test_a_folder_without_dicom_is_a_message(tmp_path):
    with pytest.raises(ImageError, match="holds no DICOM image"):
        read_image(tmp_path)


def test_one_truncated_slice_names_its_file(tmp_path):
    scanner_series(tmp_path, EVEN, shuffled=False)
    broken = tmp_path / "IM0002.dcm"
    broken.write_bytes(broken.read_bytes()[:-9])
    with pytest.raises(ImageError, match=r"IM0002\.dcm: cannot be decoded as DICOM"):
        read_image(tmp_path)
    broken.write_bytes(broken.read_bytes()[:150])
    with pytest.raises(ImageError, match=r"IM0002\.dcm: (is no DICOM|cannot be decoded)"):
        read_image(tmp_path)


@pytest.mark.parametrize("attributes", [{"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, {"PixelSpacing": [0, 1]}])
def test_impossible_geometry_is_refused(tmp_path, attributes):
    scanner_series(tmp_path, EVEN, **attributes)
    with pytest.raises(ImageError, match=r"not two perpendicular unit vectors|not positive"):
        read_image(tmp_path)


def test_index_and_wrong_key_select_nothing(tmp_path):
    scanner_series(tmp_path, EVEN)
    with pytest.raises(ImageError, match="index selects nothing"):
        read_image(tmp_path, index=0)
    with pytest.raises(ImageError, match="is not of series 9"):
        read_image(next(tmp_path.glob("*.dcm")), key="9")
