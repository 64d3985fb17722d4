"""Grids: RAS+, comparison and resampling, against SimpleITK and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.transform import resize

from images.examination import ct_volume, grey_picture, oblique_affine
from synthassay.errors import ImageError
from synthassay.images.geometry import require_same_grid, resample_to_size, resample_to_spacing, to_ras
from synthassay.images.image import Geometry, Image
from synthassay.records.vocabulary import Unit


def smooth_volume(space=(12, 10, 8)) -> Image:
    noise = np.random.default_rng(0).normal(size=space)
    return Image(ndimage.gaussian_filter(noise, 1.5)[None].astype(np.float32), Geometry.from_affine(oblique_affine()))


def in_simpleitk(image: Image) -> sitk.Image:
    affine = np.diag([-1.0, -1, 1, 1]) @ image.geometry.affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    out = sitk.GetImageFromArray(image.pixels[0].transpose(2, 1, 0))
    out.SetSpacing(spacing.tolist())
    out.SetOrigin(affine[:3, 3].tolist())
    out.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    return out


def test_finer_spacing_gives_the_values_that_simpleitk_interpolates_at_the_same_places():
    image = smooth_volume()
    found = resample_to_spacing(image, (0.6, 1.0, 2.0))
    assert found.geometry.spacing_mm == pytest.approx((0.6, 1.0, 2.0))
    assert found.space == (16, 12, 12)
    expected = sitk.GetArrayFromImage(
        sitk.Resample(in_simpleitk(image), in_simpleitk(found), sitk.Transform(), sitk.sitkLinear, -9.0)
    )
    inner = (slice(2, -2),) * 3
    np.testing.assert_allclose(found.pixels[0][inner], expected.transpose(2, 1, 0)[inner], atol=2e-5)


def test_coarser_size_equals_scikit_image_with_anti_aliasing():
    image = smooth_volume()
    found = resample_to_size(image, (5, 7, 8))
    expected = resize(image.pixels[0], (5, 7, 8), order=1, mode="edge", anti_aliasing=True, preserve_range=True)
    np.testing.assert_allclose(found.pixels[0], expected, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(size=st.tuples(*[st.integers(1, 20)] * 3))
def test_the_field_of_view_keeps_its_corners_whatever_the_size(size):
    image = smooth_volume()
    found = resample_to_size(image, size)
    for corner in ((0, 0, 0), (1, 1, 1), (1, 0, 1)):
        edges = [np.array([*(c * n - 0.5 for c, n in zip(corner, i.space, strict=True)), 1]) for i in (image, found)]
        places = [i.geometry.affine @ e for i, e in zip((image, found), edges, strict=True)]
        np.testing.assert_allclose(places[0], places[1], atol=1e-9)
    assert found.geometry.spacing_mm == pytest.approx(np.linalg.norm(found.geometry.affine[:3, :3], axis=0))


def test_the_same_size_changes_nothing():
    image = ct_volume()
    found = resample_to_size(image, image.space)
    np.testing.assert_array_equal(found.pixels, image.pixels)
    np.testing.assert_allclose(found.geometry.affine, image.geometry.affine)


def test_label_maps_keep_their_labels_and_type():
    labels = Image(np.random.default_rng(0).integers(0, 5, (1, 9, 9)).astype(np.uint8) * 50, unit=Unit.LABEL)
    found = resample_to_size(labels, (4, 13), order=3)
    assert found.pixels.dtype == np.uint8
    assert set(np.unique(found.pixels)) <= {0, 50, 100, 150, 200}


def test_mpp_follows_the_size_and_cannot_say_rectangles():
    tile = Image(np.zeros((3, 10, 10), np.uint8), Geometry(mpp=0.5), Unit.RGB)
    assert resample_to_size(tile, (5, 5)).geometry.mpp == 1.0
    with pytest.raises(ImageError, match="not square"):
        resample_to_size(tile, (5, 10))


def test_unknown_spacing_is_never_assumed():
    with pytest.raises(ImageError, match="no known spacing.*never assumed to be 1 mm"):
        resample_to_spacing(Image(np.zeros((1, 4, 4))), (1.0, 1.0))


@pytest.mark.parametrize("spacing", [(1.0,), (0.0, 1.0), (np.nan, 1.0), (-1.0, 1.0)])
def test_impossible_spacings_are_refused(spacing):
    with pytest.raises(ImageError, match="one positive number per spatial axis"):
        resample_to_spacing(grey_picture(), spacing)


@pytest.mark.parametrize("size", [(4,), (0, 4), (4, 4, 4)])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(ImageError, match="one positive number per spatial axis"):
        resample_to_size(grey_picture(), size)


def test_equal_grids_pass_and_differing_ones_say_how():
    image = ct_volume()
    affine = image.geometry.affine.copy()
    require_same_grid(image, image)
    affine[0, 3] += 0.05
    require_same_grid(image, Image(image.pixels, Geometry.from_affine(affine)))
    affine[0, 3] += 1
    with pytest.raises(ImageError, match=r"t1 and t2: have the same size but lie up to 1\.05 mm apart"):
        require_same_grid(image, Image(image.pixels, Geometry.from_affine(affine)), names=("t1", "t2"))
    with pytest.raises(ImageError, match=r"differ in spacing: 0\.8 x 1\.25 x 3 mm against 1 x 1\.25 x 3 mm"):
        require_same_grid(image, Image(image.pixels, Geometry.from_affine(oblique_affine((1.0, 1.25, 3.0)))))
    with pytest.raises(ImageError, match="differ in size"):
        require_same_grid(image, ct_volume((7, 6, 4)))


def test_turning_a_volume_by_a_few_degrees_shows_at_its_far_corner():
    image = ct_volume((40, 40, 10))
    turned = image.geometry.affine.copy()
    turned[:3, :3] = turned[:3, :3] @ np.array([[1, 0.02, 0], [-0.02, 1, 0], [0, 0, 1]])
    with pytest.raises(ImageError, match="lie up to"):
        require_same_grid(image, Image(image.pixels, Geometry(turned, image.geometry.spacing_mm)))


def test_to_ras_leaves_ras_alone():
    image = ct_volume()
    pixels, affine = to_ras(image.pixels, image.geometry.affine)
    np.testing.assert_array_equal(pixels, image.pixels)
    np.testing.assert_allclose(affine, image.geometry.affine)
