"""NIfTI: voxels lie where another reader says they lie, values are what the header's scale says, marks hold."""

from __future__ import annotations

import gzip
import itertools
import json

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from images.examination import CT_LABEL, LABEL, ct_volume, grey_picture, oblique_affine, same
from synthassay.errors import ImageError
from synthassay.images.formats import is_marked, mark_of, read_image, write_image
from synthassay.images.image import Geometry, Image
from synthassay.images.nifti import sidecar_of
from synthassay.records.vocabulary import Unit


def saved(path, array, affine=None, **header):
    file = nib.Nifti1Image(array, affine)
    for name, value in header.items():
        file.header[name] = value
    nib.save(file, path)
    return path


def world_of_brightest(image: Image) -> np.ndarray:
    voxel = np.unravel_index(int(image.pixels[0].argmax()), image.space)
    return (image.geometry.affine @ [*voxel, 1])[:3]


ORIENTATIONS = [
    "".join(code) for axes in itertools.permutations(["RL", "AP", "SI"]) for code in itertools.product(*axes)
]


@pytest.mark.parametrize("code", ORIENTATIONS)
def test_every_orientation_is_brought_to_ras_with_voxels_in_their_place(tmp_path, code):
    values = np.zeros((4, 5, 6), np.int16)
    values[1, 3, 2] = 9
    orientation = nib.orientations.axcodes2ornt(code)
    affine = np.linalg.inv(nib.orientations.inv_ornt_aff(orientation, (4, 5, 6))) @ np.diag([2, 3, 4, 1.0])
    stored = nib.Nifti1Image(values, oblique_affine() @ affine)
    nib.save(stored, tmp_path / "a.nii")
    found = read_image(tmp_path / "a.nii")
    assert nib.aff2axcodes(found.geometry.affine) == ("R", "A", "S")
    np.testing.assert_allclose(world_of_brightest(found), (stored.affine @ [1, 3, 2, 1])[:3], atol=1e-4)


def test_simpleitk_finds_written_voxels_in_the_same_places(tmp_path):
    image = ct_volume()
    seen = sitk.ReadImage(str(write_image(tmp_path / "a.nii.gz", image, CT_LABEL)))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(seen).transpose(2, 1, 0), image.pixels[0])
    for voxel in [(0, 0, 0), (6, 0, 0), (0, 5, 0), (0, 0, 4), (3, 2, 1)]:
        lps = np.array(seen.TransformIndexToPhysicalPoint(voxel))
        np.testing.assert_allclose(lps * [-1, -1, 1], (image.geometry.affine @ [*voxel, 1])[:3], atol=1e-4)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from([np.uint8, np.int16, np.uint16, np.int32, np.float32]),
    space=st.tuples(*[st.integers(1, 5)] * 3),
    seed=st.integers(0, 99),
)
def test_volumes_of_any_size_and_type_come_back(tmp_path, kind, space, seed):
    values = (np.random.default_rng(seed).normal(size=(1, *space)) * 100).astype(kind)
    image = Image(values, Geometry.from_affine(oblique_affine()))
    same(read_image(write_image(tmp_path / "a.nii.gz", image, LABEL)), image)


def test_slope_and_intercept_are_applied(tmp_path):
    saved(tmp_path / "a.nii", np.array([[[0, 10, 20]]], np.int16), np.eye(4))
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[112:120] = np.array([0.5, -1024], "<f4").tobytes()  # scl_slope and scl_inter of the NIfTI-1 header
    (tmp_path / "a.nii").write_bytes(raw)
    assert read_image(tmp_path / "a.nii").pixels.ravel().tolist() == [-1024, -1019, -1014]


def test_metres_and_microns_become_millimetres(tmp_path):
    for name, code, factor in (("m", 1, 1000.0), ("um", 3, 0.001)):
        path = saved(tmp_path / f"{name}.nii", np.zeros((2, 2, 2), np.int16), np.diag([1, 2, 3, 1.0]), xyzt_units=code)
        np.testing.assert_allclose(read_image(path).geometry.spacing_mm, np.array([1, 2, 3]) * factor)


def test_a_singular_affine_is_refused_by_name(tmp_path):
    file = nib.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4))
    file.header["srow_z"] = 0
    nib.save(file, tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[312:328] = np.zeros(4, "<f4").tobytes()
    (tmp_path / "a.nii").write_bytes(raw)
    with pytest.raises(ImageError, match=r"a\.nii: affine: is singular.*sform/qform"):
        read_image(tmp_path / "a.nii")


def test_nan_is_refused_with_file_and_count(tmp_path):
    values = np.zeros((3, 3, 3), np.float32)
    values[0, 0, :2] = np.nan, np.inf
    saved(tmp_path / "a.nii.gz", values, np.eye(4))
    with pytest.raises(ImageError, match=r"a\.nii\.gz: has 2 voxels that are NaN or infinite \(7\.41 % of 27\)"):
        read_image(tmp_path / "a.nii.gz")


def test_series_need_an_index(tmp_path):
    values = np.arange(24, dtype=np.int16).reshape(2, 2, 2, 3)
    saved(tmp_path / "a.nii", values, np.eye(4))
    with pytest.raises(ImageError, match="several volumes along its fourth axis"):
        read_image(tmp_path / "a.nii")
    np.testing.assert_array_equal(read_image(tmp_path / "a.nii", index=2).pixels[0], values[..., 2])
    with pytest.raises(ImageError, match="volumes 0 to 2"):
        read_image(tmp_path / "a.nii", index=3)


def test_five_axes_are_refused(tmp_path):
    saved(tmp_path / "a.nii", np.zeros((2, 2, 2, 1, 3), np.int16), np.eye(4))
    with pytest.raises(ImageError, match="neither a picture nor a volume"):
        read_image(tmp_path / "a.nii")


def test_without_sform_and_qform_nothing_is_invented(tmp_path):
    saved(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16), None)
    found = read_image(tmp_path / "a.nii")
    assert found.geometry.affine is None
    assert found.space == (2, 3, 4)
    assert "unknown" in found.meta["orientation"]
    plain = Image(np.zeros((1, 2, 3, 4), np.int16))
    assert read_image(write_image(tmp_path / "b.nii", plain, LABEL)).geometry.spacing_mm == ()
    spaced = Image(plain.pixels, Geometry(spacing_mm=(1.0, 1.0, 1.0)))
    assert read_image(write_image(tmp_path / "c.nii", spaced, LABEL)).geometry.spacing_mm == (1.0, 1.0, 1.0)


def test_a_picture_stays_upright_and_keeps_its_frame(tmp_path):
    for affine in (None, oblique_affine()):
        geometry = Geometry(affine=affine, spacing_mm=(0.8, 1.25))
        image = Image(grey_picture().pixels, geometry)
        same(read_image(write_image(tmp_path / "a.nii", image, LABEL)), image)
    stored = nib.load(write_image(tmp_path / "b.nii", grey_picture(), LABEL))
    # NIfTI's second axis points up: the picture's first row is the array's last
    np.testing.assert_array_equal(np.asarray(stored.dataobj)[:, -1], grey_picture().pixels[0, 0])
    assert stored.header.get_zooms() == (0.5, 0.25)


def test_the_frame_of_a_picture_puts_pixels_where_nibabel_does(tmp_path):
    values = np.zeros((5, 7), np.uint8)
    values[1, 4] = 9
    saved(tmp_path / "a.nii", values, oblique_affine())
    found = read_image(tmp_path / "a.nii")
    row, column = np.unravel_index(int(found.pixels[0].argmax()), found.space)
    assert (row, column) == (2, 1)  # j points up: row 7 - 1 - 4
    expected = nib.affines.apply_affine(nib.load(tmp_path / "a.nii").affine, [1, 4, 0])
    np.testing.assert_allclose(found.geometry.affine @ [row, column, 0, 1], [*expected, 1], atol=1e-4)


def test_rgb_volumes_and_pictures_come_back(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 2)).astype(np.uint8)
    for pixels, geometry in ((values, Geometry.from_affine(oblique_affine())), (values[..., 0], Geometry())):
        image = Image(pixels, geometry, Unit.RGB)
        same(read_image(write_image(tmp_path / "a.nii.gz", image, LABEL)), image)


@pytest.mark.parametrize(("stated", "unit"), [("HU", Unit.HU), ("Hounsfield", Unit.HU), ("a.u.", Unit.ARBITRARY)])
def test_hu_are_believed_from_a_sidecar_or_from_the_user_alone(tmp_path, stated, unit):
    saved(tmp_path / "a.nii.gz", np.full((2, 2, 2), -1000, np.int16), np.eye(4))
    assert read_image(tmp_path / "a.nii.gz").unit is Unit.ARBITRARY
    assert read_image(tmp_path / "a.nii.gz", unit=Unit.HU).unit is Unit.HU
    (tmp_path / "a.json").write_text(json.dumps({"Units": stated}))
    assert read_image(tmp_path / "a.nii.gz").unit is unit


def test_a_broken_sidecar_is_a_message(tmp_path):
    saved(tmp_path / "a.nii", np.zeros((2, 2, 2), np.int16), np.eye(4))
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ImageError, match=r"a\.json: is not a JSON sidecar"):
        read_image(tmp_path / "a.nii")


def test_sidecar_and_header_say_synthetic_in_words_that_others_read(tmp_path):
    path = write_image(tmp_path / "sub-01.x_T2w.nii.gz", ct_volume(), CT_LABEL)
    header = nib.load(path).header
    assert bytes(header["descrip"].tobytes()).startswith(b"SYNTHETIC; synthassay 0.1.0; SYN-")
    assert header.get_intent()[2] == "synthetic"
    sidecar = json.loads((tmp_path / "sub-01.x_T2w.json").read_text())
    assert sidecar["Synthetic"] is True
    assert sidecar["Units"] == "HU"
    assert sidecar["GeneratedBy"] == [{"Name": "synthassay", "Version": "0.1.0", "Description": "pgan"}]


def test_one_mark_suffices_and_the_lost_one_is_named(tmp_path):
    path = write_image(tmp_path / "a.nii.gz", ct_volume(), CT_LABEL)
    stripped = nib.load(path)
    stripped = nib.Nifti1Image(np.asarray(stripped.dataobj), stripped.affine)
    nib.save(stripped, path)  # as a converter does that copies voxels and affine only
    assert is_marked(path)
    assert mark_of(path).weakened == (
        "its header extension does not say synthetic",
        "its header's descrip does not say synthetic",
    )
    sidecar_of(path).unlink()
    assert "neither in its header nor in its sidecar" in mark_of(path).why_not


def test_what_is_no_real_number_or_no_nifti_is_refused(tmp_path):
    saved(tmp_path / "a.nii", np.zeros((2, 2, 2), np.complex64), np.eye(4))
    with pytest.raises(ImageError, match="no real number"):
        read_image(tmp_path / "a.nii")
    with pytest.raises(ImageError, match="int64"):
        write_image(tmp_path / "b.nii", Image(np.zeros((1, 2, 2, 2), np.int64)), LABEL)
    assert not (tmp_path / "b.nii").exists()


def test_gzip_bytes_hold_no_time_and_no_name(tmp_path):
    raw = write_image(tmp_path / "a.nii.gz", ct_volume(), CT_LABEL).read_bytes()
    assert raw[4:8] == bytes(4)
    assert not raw[3] & 0x08  # no file name
    assert len(gzip.decompress(raw)) > 352


def test_a_real_mr_volume_survives(tmp_path, real_data):
    with np.load(real_data / "mri-ixi-hh-t1" / "ixi_hh_t1_2mm.npz") as file:
        values = file["t1"][0][None]
    image = Image(values, Geometry.from_affine(np.diag([2.0, 2, 2, 1])))
    same(read_image(write_image(tmp_path / "t1.nii.gz", image, LABEL)), image)
