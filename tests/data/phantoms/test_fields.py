"""Random fields and soft shapes against geometry that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.data.phantoms.anatomy import Grid
from synthassay.data.phantoms.fields import (
    BandField,
    cover,
    distance_to_zero,
    ellipsoid,
    slab,
    smooth_field,
    soft_union,
    tube,
)

AXES = Grid((40, 40, 40), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0)).axes()
X, Y, Z = np.broadcast_arrays(*AXES)


def test_depth_in_a_sphere_is_radius_less_distance() -> None:
    depth = ellipsoid(AXES, (3.0, -2.0, 1.0), (20.0, 20.0, 20.0))
    away = np.sqrt((X - 3) ** 2 + (Y + 2) ** 2 + (Z - 1) ** 2)
    np.testing.assert_allclose(depth, 20 - away, atol=1e-3)


def test_covered_volume_of_an_ellipsoid_is_its_volume() -> None:
    share = cover(ellipsoid(AXES, (0.3, 0.4, -0.7), (30.0, 18.0, 24.0), yaw=0.5), 2.0)
    assert share.sum() * 8 == pytest.approx(4 / 3 * np.pi * 30 * 18 * 24, rel=0.01)


def test_superellipsoid_fills_more_of_its_box() -> None:
    def volume(power: float) -> float:
        return float(cover(ellipsoid(AXES, (0.0, 0.0, 0.0), (20.0, 20.0, 20.0), power=power), 2.0).sum())

    # exact for p = 4: Gamma(5/4)^3 / Gamma(7/4) / (pi / 6) = 1.5476 (Wang 2005, generalised unit balls)
    assert volume(4.0) / volume(2.0) == pytest.approx(1.5476, rel=0.02)


def test_straight_tube_has_the_volume_of_a_capsule() -> None:
    share = cover(tube(AXES, ((-20.0, 0.0, 0.0), (20.0, 5.0, 3.0)), (8.0, 8.0)), 2.0)
    length = np.sqrt(40**2 + 5**2 + 3**2)
    assert share.sum() * 8 == pytest.approx(np.pi * 64 * length + 4 / 3 * np.pi * 512, rel=0.01)


def test_thin_sheet_keeps_its_volume_at_any_place_in_the_voxel() -> None:
    for offset in (0.0, 0.4, 1.0):
        line = np.abs(np.arange(-20, 21, 2.0) + offset)
        assert slab(line, 0.3, 2.0).sum() * 2.0 == pytest.approx(0.6)


def test_distance_to_zero_is_exact_for_a_plane() -> None:
    plane = (0.6 * X + 0.8 * Z - 5.0).astype(np.float32)
    np.testing.assert_allclose(distance_to_zero(plane, (2.0, 2.0, 2.0)), np.abs(plane), atol=1e-4)


def test_soft_union_is_a_maximum_away_from_the_seam() -> None:
    near, far = np.array([10.0, -4.0, 0.0]), np.array([-10.0, 8.0, 0.0])
    np.testing.assert_allclose(soft_union(near, far, 3.0), [10.0, 8.0, 0.75])


def test_band_field_has_its_wavelength_and_unit_variance() -> None:
    line = np.arange(-100, 100, 1.0)
    field = BandField(np.random.default_rng(0), 20.0, bandwidth=0.15)
    values = np.concatenate([field(line, np.full(200, y), np.full(200, z)) for y in (-60, 0, 60) for z in (-50, 7, 70)])
    crossings = np.count_nonzero(np.diff(np.sign(values)))
    assert values.std() == pytest.approx(1.0, abs=0.2)
    # Rice 1944: an isotropic 3D field of one wavelength crosses zero 2 / (sqrt(3) wavelength) times per mm along a line
    assert crossings / len(values) == pytest.approx(2 / np.sqrt(3) / 20.0, rel=0.15)


def test_band_field_does_not_know_the_grid() -> None:
    field = BandField(np.random.default_rng(1), 15.0)
    fine = field(np.linspace(-30, 30, 61), np.zeros(61), np.zeros(61))
    coarse = field(np.linspace(-30, 30, 7), np.zeros(7), np.zeros(7))
    np.testing.assert_allclose(fine[::10], coarse, atol=1e-5)
    within = np.arange(7) % 2 == 0
    np.testing.assert_allclose(field(np.linspace(-30, 30, 7), np.zeros(7), np.zeros(7), within), coarse * within)


def test_smooth_field_is_smooth_and_near_unit_variance() -> None:
    fields = np.stack([smooth_field(np.random.default_rng(s), AXES, 30.0, 60.0) for s in range(40)])
    assert fields.std() == pytest.approx(1.0, abs=0.2)
    assert np.abs(np.diff(fields, axis=1)).max() < 0.35
