"""The virtual thorax and its radiograph: Beer-Lambert by hand, counting noise, sites, findings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synthassay.data.dose import water_attenuation
from synthassay.data.phantoms.chest import LUNG_DENSITY, Paths, draw_thorax, trace
from synthassay.data.phantoms.radiograph import ROOMS, Radiograph, expose, line_integrals
from synthassay.errors import ImageError


def film(seed: int, finding: str, room: str = "north-dr", pixels: int = 64) -> Radiograph:
    thorax = draw_thorax(np.random.default_rng(seed), finding)  # type: ignore[arg-type]
    return expose(thorax, ROOMS[room], np.random.default_rng(seed), pixels=pixels)


def test_attenuation_is_the_hand_computed_sum() -> None:
    one = np.ones((1, 1), np.float32)
    paths = Paths(200 * one, 10 * one, 0 * one, 0 * one, one > 2)
    # 1.05 * 0.02059 / mm * (200 + 1.9 * 10) mm
    assert float(line_integrals(paths, 60.0)[0, 0]) == pytest.approx(4.7347, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_material_paths_are_possible(seed: int) -> None:
    paths = trace(draw_thorax(np.random.default_rng(seed), "opacity"), 96)
    assert min(p.min() for p in (paths.soft, paths.bone, paths.lung, paths.opacity)) >= 0
    assert (paths.opacity <= paths.lung + 1e-3).all()
    assert (paths.lung > 0)[:, :48].any() and (paths.lung > 0)[:, 48:].any()
    inside = paths.lung > 60
    assert 0.1 < inside.mean() < 0.5
    assert (paths.soft[inside] > LUNG_DENSITY * paths.lung[inside] - 1e-3).all()
    assert paths.soft.max() < 450


def test_an_opacity_adds_soft_tissue_where_its_mask_is_and_nothing_elsewhere() -> None:
    thorax = draw_thorax(np.random.default_rng(3), "opacity")
    ill, well = trace(thorax, 96), trace(replace(thorax, finding="normal"), 96)
    added = ill.soft - well.soft
    np.testing.assert_allclose(added, (1 - LUNG_DENSITY) * ill.opacity, atol=1e-3)
    assert ill.opacity_mask.any() and not well.opacity_mask.any()
    assert added[ill.opacity_mask].min() >= 8 * (1 - LUNG_DENSITY) - 1e-3


@pytest.mark.parametrize("seed", range(6))
def test_opacity_lies_in_the_lungs_and_is_brighter_than_the_same_lung(seed: int) -> None:
    ill, well = film(seed, "opacity"), film(seed, "normal")
    assert ill.opacity.any()
    assert ill.lungs[ill.opacity].all()
    outside = ill.lungs & ~ill.opacity
    shift = ill.grey.astype(float) - well.grey
    assert shift[ill.opacity].mean() > 12
    assert shift[ill.opacity].mean() > shift[outside].mean() + 12


def test_the_heart_lies_to_the_patients_left_and_bone_is_bright() -> None:
    shift = []
    for seed in range(12):
        picture = film(seed, "normal")
        grey = picture.grey.astype(float)
        shift.append(grey[34:46, 37:43].mean() > grey[34:46, 21:27].mean() + 15)
        assert grey[20:50, 29:35].mean() > grey[picture.lungs].mean() + 60
    assert all(shift)


def test_photon_noise_has_the_poisson_size() -> None:
    """For N photons the log signal has standard deviation 1 / sqrt(N); the grey scale's slope is contrast g (1 - g)."""
    thorax, room = draw_thorax(np.random.default_rng(1), "normal"), replace(ROOMS["north-dr"], photons=400.0)
    films = np.stack([expose(thorax, room, np.random.default_rng(s)).grey for s in range(60)]).astype(float) / 255
    faithful = expose(thorax, replace(room, photons=1e9), np.random.default_rng(0)).grey / 255
    paths = trace(thorax, 128)
    primary = np.exp(-line_integrals(paths, room.kev)).reshape(64, 2, 64, 2).mean((1, 3))
    core = (faithful > 0.3) & (faithful < 0.7) & (primary > 0.02)
    photons = room.photons * 25 * primary  # scatter adds to these, so that they bound the noise from above
    bound = room.contrast * faithful * (1 - faithful) / np.sqrt(photons)
    ratio = films.std(0)[core] / bound[core]
    assert 0.5 < np.median(ratio) < 1.05


def test_sites_differ_measurably() -> None:
    means = {room: np.mean([film(s, "normal", room).grey.mean() for s in range(8)]) for room in ROOMS}
    rough = {
        room: np.mean(
            [np.abs(np.diff(film(s, "normal", room).grey[20:44, 16:48].astype(float))).mean() for s in range(8)]
        )
        for room in ROOMS
    }
    shut = {
        room: sum((film(s, "normal", room).grey == 0).all(axis).sum() for s in range(8) for axis in (0, 1))
        for room in ROOMS
    }
    assert shut["north-dr"] == 0 < shut["harbour-cr"] < shut["valley-portable"]
    assert max(means.values()) - min(means.values()) > 8
    assert max(rough.values()) > 1.1 * min(rough.values())


def test_twice_the_pixels_show_the_same_chest() -> None:
    small, large = film(2, "opacity", pixels=64), film(2, "opacity", pixels=128)
    halved = large.grey.reshape(64, 2, 64, 2).mean((1, 3))
    assert np.corrcoef(small.grey.ravel(), halved.ravel())[0, 1] > 0.995
    assert large.opacity.mean() == pytest.approx(small.opacity.mean(), rel=0.1)


def test_lower_energy_is_stopped_more() -> None:
    paths = trace(draw_thorax(np.random.default_rng(0), "normal"), 32)
    ratio = line_integrals(paths, 50.0).sum() / line_integrals(paths, 80.0).sum()
    assert ratio == pytest.approx(water_attenuation(50) / water_attenuation(80), rel=1e-5)


def test_same_seed_same_radiograph_and_too_few_pixels_are_refused() -> None:
    np.testing.assert_array_equal(film(5, "opacity").grey, film(5, "opacity").grey)
    with pytest.raises(ImageError, match="at least 16"):
        film(0, "normal", pixels=8)
