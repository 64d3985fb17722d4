"""Surface distances: surface-distance (exact), MONAI (another surface, within a voxel) and closed forms."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from scipy import ndimage

from evaluate.structure.label_pairs import HIPPOCAMPUS, real_arrays, shape_mask
from synthassay.evaluate.structure.surfaces import element_areas, surface_distances

SPACINGS = {2: [(1.0, 1.0), (0.4, 2.5)], 3: [(1.0, 1.0, 1.0), (0.7, 2.0, 3.1), (5.0, 1.0, 1.0)]}


def oracle(reference, synthetic, spacing):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it calls scipy by names of before 2022
        import surface_distance

        return surface_distance.compute_surface_distances(reference, synthetic, spacing)


CASES = [(space, s) for space in [(40, 33, 29), (64, 50), (3, 30, 30)] for s in SPACINGS[len(space)]]


@pytest.mark.parametrize(("space", "spacing"), CASES)
@pytest.mark.parametrize("seeds", [(1, 1), (1, 2), (3, 5)])
def test_distances_equal_surface_distance(space, spacing, seeds):
    import surface_distance as peer

    one, two = shape_mask(space, seeds[0], 0.5), shape_mask(space, seeds[1], 0.9)
    ours, theirs = surface_distances(one, two, spacing), oracle(one, two, spacing)
    np.testing.assert_allclose(ours.from_reference, theirs["distances_gt_to_pred"], rtol=1e-12)
    np.testing.assert_allclose(ours.from_synthetic, theirs["distances_pred_to_gt"], rtol=1e-12)
    assert ours.reference_areas.sum() == pytest.approx(theirs["surfel_areas_gt"].sum(), rel=1e-9)
    for percent in (50, 95, 100):
        assert ours.percentile(percent) == pytest.approx(peer.compute_robust_hausdorff(theirs, percent), rel=1e-12)
    for tolerance in (0.5, 1.0, 2.0, 4.0):
        expected = peer.compute_surface_dice_at_tolerance(theirs, tolerance)
        assert ours.within(tolerance) == pytest.approx(expected, rel=1e-9)
    there, back = peer.compute_average_surface_distance(theirs)
    areas = theirs["surfel_areas_gt"].sum(), theirs["surfel_areas_pred"].sum()
    assert ours.mean() == pytest.approx(np.average([there, back], weights=areas), rel=1e-9)


@pytest.mark.parametrize("spacing", SPACINGS[3])
def test_distances_equal_scipys_distance_transform_at_the_corners(spacing):
    one, two = shape_mask((24, 20, 18), 1), shape_mask((24, 20, 18), 2)

    def corners(mask):
        wide = np.pad(mask, 1)
        around = ndimage.uniform_filter(wide.astype(float), 2, origin=-1)[:-1, :-1, :-1]
        return (around > 1e-9) & (around < 1 - 1e-9)

    first, second = corners(one), corners(two)
    expected = np.sort(ndimage.distance_transform_edt(~second, sampling=spacing)[first])
    np.testing.assert_allclose(surface_distances(one, two, spacing).from_reference, expected, rtol=1e-12)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # MONAI's own
def test_hausdorff_distance_is_monais_within_a_voxel():
    from monai.metrics import compute_hausdorff_distance

    one, two = shape_mask((40, 33, 29), 1), np.roll(shape_mask((40, 33, 29), 1), 3, 0)
    to = lambda mask: torch.from_numpy(mask[None, None])  # noqa: E731
    for spacing in [(1.0, 1.0, 1.0), (1.0, 1.0, 2.0)]:
        theirs = compute_hausdorff_distance(to(two), to(one), include_background=True, spacing=spacing).item()
        assert surface_distances(one, two, spacing).percentile(100) == pytest.approx(
            theirs, abs=np.linalg.norm(spacing)
        )


def test_a_shifted_box_has_its_shift_as_distance():
    one, two = np.zeros((2, 30, 30, 30), bool)
    one[5:15, 5:15, 5:15], two[9:19, 5:15, 5:15] = True, True
    found = surface_distances(one, two, (2.0, 1.0, 1.0))
    assert found.percentile(100) == 8.0
    assert surface_distances(one, one, (2.0, 1.0, 1.0)).mean() == 0


def test_areas_of_a_ball_and_of_a_box_are_those_of_geometry():
    x, y, z = np.mgrid[-20:21, -20:21, -10:11] * np.array([1, 1, 2.0])[:, None, None, None]
    ball = x**2 + y**2 + z**2 < 15**2
    area = surface_distances(ball, ball, (1.0, 1.0, 2.0)).reference_areas.sum()
    assert 1 < area / (4 * np.pi * 15**2) < 1.15  # voxels have corners: a surface of them is too large
    box = np.zeros((30, 30), bool)
    box[5:25, 10:20] = True
    outline = surface_distances(box, box, (1.0, 1.0)).reference_areas.sum()
    assert outline == pytest.approx(60 - 4 * (2 - 2 * np.sqrt(0.5)) / 2, rel=1e-9)  # its corners are cut off


@pytest.mark.parametrize("spacing", [(1.0, 2.0), (1.0, 2.0, 3.0)])
def test_an_element_has_one_area_from_either_side(spacing):
    areas = element_areas(spacing)
    np.testing.assert_array_equal(areas, areas[::-1])
    assert areas[0] == areas[-1] == 0
    assert (areas[1:-1] > 0).all()


def test_a_single_voxel_and_the_image_border_have_surfaces():
    whole = np.ones((4, 4, 4), bool)
    single = np.zeros((4, 4, 4), bool)
    single[0, 0, 0] = True
    found = surface_distances(whole, single, (1.0, 1.0, 1.0))
    assert found.percentile(100) == pytest.approx(np.sqrt(27))
    assert len(found.from_synthetic) == 8


def test_shares_and_distances_worsen_as_a_hippocampus_is_moved():
    (labels,) = real_arrays(HIPPOCAMPUS, "label", count=1)
    real = labels[0] > 0
    found = [surface_distances(real, np.roll(real, step, 2), (1.0, 1.0, 1.0)) for step in range(0, 9, 2)]
    assert (np.diff([each.percentile(95) for each in found]) > 0).all()
    assert (np.diff([each.mean() for each in found]) > 0).all()
    assert (np.diff([each.within(1.0) for each in found]) < 0).all()
