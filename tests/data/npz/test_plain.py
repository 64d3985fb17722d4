"""The plain layout, and the reader that follows a declared one (``synthassay.data.npz.layout``)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from synthassay.data.listing import Fields
from synthassay.data.npz.archive import Archive, ArrayCache
from synthassay.data.npz.layout import ArrayRole, MaskRule, NpzLayout, _without_holes
from synthassay.data.npz.recognise import layout_of
from synthassay.errors import DataError, ImageError
from synthassay.records.vocabulary import Unit


def opened(tmp_path, **arrays):
    np.savez(tmp_path / "x.npz", **arrays)
    archive = Archive(tmp_path / "x.npz", ArrayCache(10**7))
    return archive, layout_of(archive)


def test_volumes_keep_affine_unit_subject_and_split(tmp_path):
    affine = np.array([[2.0, 0, 0, -9], [0, 2, 0, 5], [0, 0, 3, 1], [0, 0, 0, 1]])
    archive, layout = opened(
        tmp_path,
        image=np.arange(48, dtype=np.int16).reshape(2, 2, 3, 4),
        affine=affine,
        unit=np.array("HU"),
        subject=np.array(["p1", "p2"]),
        case=np.array(["c 1", "c2"]),
        split=np.array(["train", "val"]),
        site=np.array(["a", "b"]),
    )
    listing = layout.listing(archive, Fields())
    assert [(c.case, c.subject, c.site) for c in listing.cases] == [("c-1", "p1", "a"), ("c2", "p2", "b")]
    assert {name: str(side) for name, side in listing.given.items()} == {"c-1": "train", "c2": "validation"}
    image = layout.image(archive, "image", 1)
    assert image.unit is Unit.HU
    assert np.array_equal(image.geometry.affine, affine)
    assert image.geometry.spacing_mm == (2, 2, 3)
    assert np.array_equal(image.pixels, np.arange(24, 48).reshape(1, 2, 3, 4))


def test_a_row_that_belongs_to_another_case_takes_that_cases_affine(tmp_path):
    affines = np.stack([np.diag([s, s, s, 1.0]) for s in (1, 2, 3)])
    archive, layout = opened(
        tmp_path,
        t1=np.zeros((3, 2, 2, 2)),
        lesion=np.ones((1, 2, 2, 2), np.uint8),
        lesion_index=np.array([2]),
        affine=affines,
        subject=np.array(["a", "b", "c"]),
    )
    assert layout.image(archive, "lesion", 0).geometry.spacing_mm == (3, 3, 3)
    assert layout.image(archive, "lesion", 0).pixels.dtype == bool
    assert [sorted(c.images) for c in layout.listing(archive, Fields()).cases] == [["t1"], ["t1"], ["lesion", "t1"]]


def test_colour_pictures_have_channels_first_and_labels_by_class_name(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (2, 4, 5, 3), dtype=np.uint8)
    archive, layout = opened(
        tmp_path, images=pixels, label=np.array([1, 0]), class_names=np.array(["benign", "tumour"]), mpp=np.array(0.5)
    )
    listing = layout.listing(archive, Fields())
    assert [c.label for c in listing.cases] == ["tumour", "benign"]
    image = layout.image(archive, "images", 1)
    assert (image.unit, image.geometry.mpp) == (Unit.RGB, 0.5)
    assert np.array_equal(np.moveaxis(image.pixels, 0, -1), pixels[1])
    assert "cannot be proven" in listing.notes[-1]


def test_another_field_can_be_the_class(tmp_path):
    archive, layout = opened(
        tmp_path,
        image=np.zeros((2, 4, 4)),
        label=np.array(["a", "b"]),
        grade=np.array([3, 4]),
        subject=np.array([7, 8]),
    )
    assert [c.label for c in layout.listing(archive, Fields(label="grade")).cases] == ["3", "4"]
    assert [c.subject for c in layout.listing(archive, Fields()).cases] == ["7", "8"]
    with pytest.raises(DataError, match=r"\[data\] label: names no array of x.npz \(grad\). Did you mean: grade"):
        layout.listing(archive, Fields(label="grad"))


def test_declared_axes_flips_offsets_and_masks(tmp_path):
    stored = np.zeros((1, 2, 3, 4), np.int16)  # z y x
    stored[0, 0, 0, 0] = 1040  # most superior, most anterior, rightmost
    np.savez(tmp_path / "x.npz", ct=stored, spacing_mm=np.array([4.0, 4, 5]))
    archive = Archive(tmp_path / "x.npz", ArrayCache(0))
    role = ArrayRole("ct", "image", Unit.HU, "z y x", flipped="xyz", offset=-1000.0)
    layout = NpzLayout("test", frozenset({"ct"}), (role,), {"mask": MaskRule(("ct",))}, spacing="spacing_mm")
    image = layout.image(archive, "ct", 0)
    assert image.space == (4, 3, 2)
    assert image.pixels[0, -1, -1, -1] == 40  # RAS+: the last index is rightmost, most anterior, most superior
    assert image.pixels.min() == -1000
    world = image.geometry.affine @ [3, 2, 1, 1]
    assert np.allclose(world, [6, 4, 2.5, 1])  # half the field of view less half a voxel, to R, A and S
    mask = layout.image(archive, "derived:mask", 0)
    assert mask.pixels.sum() == 1
    assert mask.pixels[0, 3, 2, 1]


def test_airways_belong_to_the_body_and_couch_and_air_around_it_do_not(tmp_path):
    stored = np.full((1, 2, 9, 9), 120, np.int16)
    stored[0, :, 1:6, 1:6] = 1000
    stored[0, :, 3, 3] = 0  # airway
    stored[0, :, 7, :] = 900  # couch
    np.savez(tmp_path / "x.npz", ct=stored)
    archive = Archive(tmp_path / "x.npz", ArrayCache(0))
    rule = MaskRule(("ct",), above=500, solid=True)
    layout = NpzLayout("t", frozenset({"ct"}), (ArrayRole("ct", "image", Unit.HU, "z y x"),), {"mask": rule})
    expected = np.zeros((9, 9, 2), bool)
    expected[1:6, 1:6] = True
    assert np.array_equal(layout.image(archive, "derived:mask", 0).pixels[0], expected)


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_holes_are_filled_as_scipy_fills_each_slice(seed):
    mask = np.random.default_rng(seed).random((9, 8, 5)) < 0.6
    filled = [ndimage.binary_fill_holes(mask[:, :, z]) for z in range(5)]
    assert np.array_equal(_without_holes(mask), np.stack(filled, axis=-1))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"image": np.zeros((2, 4, 4)), "t1": np.zeros((3, 4, 4))}, "different numbers of cases.*image: 2, t1: 3"),
        ({"image": np.zeros((2, 4, 4)), "subject": np.array(["a"])}, "has 1 values for 2 cases"),
        ({"image": np.zeros((2, 4, 4)), "case": np.array(["a", "a"])}, r"1 case\(s\) are listed twice \(a\)"),
        (
            {"image": np.zeros((2, 4, 4)), "label": np.array([0, 2]), "class_names": np.array(["x", "y"])},
            "index 2 class",
        ),
        ({"image": np.zeros((2, 4, 4)), "unit": np.array("Hu")}, r"is not a unit \(Hu\). Did you mean: HU"),
        ({"numbers": np.zeros(5)}, r"no layout that is known here \(numbers \(5,\)\)"),
    ],
)
def test_contradictions_are_refused(tmp_path, arrays, said):
    with pytest.raises(DataError, match=said):
        archive, layout = opened(tmp_path, **arrays)
        layout.listing(archive, Fields())


def test_a_picture_of_too_many_axes_and_a_row_beyond_the_end_are_refused(tmp_path):
    with pytest.raises(ImageError, match="should be .cases, rows, columns"):
        opened(tmp_path, image=np.zeros((2, 3, 4, 5, 6)))
    archive, layout = opened(tmp_path, image=np.zeros((2, 4, 4)))
    with pytest.raises(ImageError, match=r"has rows 0 to 1 \(row 2\)"):
        layout.image(archive, "image", 2)
    with pytest.raises(ImageError, match="no images under this name"):
        layout.image(archive, "t1", 0)
