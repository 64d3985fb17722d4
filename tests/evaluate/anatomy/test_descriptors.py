"""Descriptors against closed forms and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import marching_cubes, mesh_surface_area, perimeter_crofton

from synthassay.evaluate.anatomy.descriptors import ANGLE_BINS, describe, sides_of


def ball(radius, spacing=(1.0, 1.0, 1.0), size=41):
    axes = np.ogrid[tuple(slice(-(size // 2), size // 2 + 1) for _ in spacing)]
    return sum((axis * mm) ** 2 for axis, mm in zip(axes, spacing, strict=True)) <= radius**2


def of(mask, spacing=()):
    return describe(mask, np.ones(mask.shape, bool), spacing)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 2.0), (0.8, 0.8, 0.8)])
def test_a_ball_has_the_surface_and_form_of_a_ball(spacing):
    found = of(ball(15.0, spacing), spacing).values
    assert np.exp(found["log surface"]) == pytest.approx(4 * np.pi * 15**2, rel=0.01)
    assert np.exp(found["log volume"]) == pytest.approx(4 / 3 * np.pi * 15**3, rel=0.01)
    assert found["sphericity"] == pytest.approx(1, abs=0.01)
    assert [found[f"place {axis}"] for axis in "xyz"] == [0.5, 0.5, 0.5]
    assert np.exp(found["log axis 1"]) == pytest.approx(15 / np.sqrt(5), rel=0.02)


def test_a_disc_has_the_perimeter_of_a_disc_and_of_scikit_image():
    disc = ball(15.0, (1.0, 1.0))
    found = of(disc).values
    assert np.exp(found["log surface"]) == pytest.approx(2 * np.pi * 15, rel=0.005)
    assert np.exp(found["log surface"]) == pytest.approx(perimeter_crofton(disc, 4), rel=0.03)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 2.0)])
def test_a_box_has_the_surface_of_a_box_less_its_rounded_edges(spacing):
    box = np.zeros((40, 40, 40), bool)
    box[5:35, 8:32, 10:30] = True
    a, b, c = np.array([30, 24, 20]) * spacing
    assert np.exp(of(box, spacing).values["log surface"]) == pytest.approx(2 * (a * b + b * c + c * a), rel=0.07)


def test_a_border_cut_off_by_the_picture_does_not_count():
    rod = np.zeros((30, 30, 30), bool)
    rod[10:20, 10:20] = True
    assert np.exp(of(rod).values["log surface"]) == pytest.approx(4 * 10 * 30, rel=0.1)


def test_surfaces_equal_those_of_smooth_meshes_on_real_hippocampi(hippocampi):
    for specimen in hippocampi[:5]:
        mask = specimen.structures > 0
        smooth = ndimage.gaussian_filter(np.pad(mask, 3).astype(float), 1.0)
        vertices, faces, *_ = marching_cubes(smooth, 0.5)
        expected = mesh_surface_area(vertices, faces)
        assert np.exp(of(mask, specimen.spacing_mm).values["log surface"]) == pytest.approx(expected, rel=0.08)


def test_holes_and_parts_are_counted():
    ring = ball(15.0, (1.0, 1.0)) & ~ball(6.0, (1.0, 1.0))
    assert of(ring).values["holes"] == pytest.approx(np.log(2))
    shell = ball(15.0) & ~ball(6.0)
    assert of(shell).values["holes"] == pytest.approx(-np.log(2)), "a cavity, in 3D, raises Euler's number"
    two = ball(5.0, (1.0, 1.0)) | np.roll(ball(5.0, (1.0, 1.0)), 14, axis=0)
    assert (of(two).components, of(two).values["largest part"]) == (2, 0.5)


def test_specks_below_a_hundredth_are_no_parts():
    speckled = ball(15.0, (1.0, 1.0))
    speckled[0, 0] = True
    assert of(speckled).components == 1


def test_turning_and_moving_change_nothing_that_should_not_change():
    form = ball(12.0, (1.0, 1.3, 0.7))
    one, other = of(form).values, of(np.rot90(form, axes=(0, 2))).values
    for name in ("log volume", "log surface", "sphericity", "log axis 1", "log axis 3", "angle q0.9", "log thickness"):
        assert one[name] == pytest.approx(other[name], abs=1e-9)


def test_angles_are_wider_on_smaller_balls_and_on_frayed_borders():
    smooth, small = of(ball(15.0)), of(ball(6.0))
    noise = np.random.default_rng(0).normal(size=(41, 41, 41))
    frayed = of(ndimage.distance_transform_edt(ball(15.0)) - ndimage.distance_transform_edt(~ball(15.0)) + noise > 0)
    assert smooth.values["angle q0.5"] < small.values["angle q0.5"]
    assert smooth.values["angle q0.9"] < frayed.values["angle q0.9"]
    assert len(smooth.angles) == len(ANGLE_BINS) - 1


def test_the_smallest_structures_have_numbers():
    for mask in (np.zeros((9, 9), bool), np.zeros((9, 9, 9), bool)):
        mask[(4,) * mask.ndim] = True
        found = of(mask)
        assert np.isfinite(list(found.values.values())).all()
        assert found.angles.sum() == 0


def test_a_structure_that_fills_the_picture_has_no_border():
    found = of(np.ones((8, 8), bool))
    assert found.angles.sum() == 0
    assert np.isfinite(list(found.values.values())).all()


def test_pairs_need_both_sides():
    assert sides_of(["Left kidney", "right kidney", "left lung"]) == [("Left kidney", "right kidney")]
