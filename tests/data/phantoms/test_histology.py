"""Stains against the separation of another library, nuclei as truth, classes and laboratories that differ."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from skimage.color import hed_from_rgb, separate_stains
from skimage.measure import regionprops

from synthassay.data.phantoms.histology import LABORATORIES, optical_density, scan
from synthassay.data.phantoms.tissue_section import Section, TissueClass, draw_section


@cache
def section(tissue: TissueClass, seed: int = 0) -> Section:
    return draw_section(np.random.default_rng(seed), tissue, pixels=128, mpp=0.75)


def test_stain_separation_of_another_library_gives_the_amounts_back() -> None:
    """scikit-image unmixes with its own Ruifrok-Johnston vectors; without blur and noise it returns what was put in."""
    lab = replace(LABORATORIES["north-lab"], white=(255.0, 255.0, 255.0), strength=(1.0, 1.0))
    tile = section("tumour")
    rgb = 10.0 ** -optical_density(tile, lab)
    # scikit-image's rows have length 1.0 for haematoxylin and eosin up to rounding; its third stain must be absent
    unmixed = separate_stains(rgb, hed_from_rgb) * -np.log(1e-6) / np.log(10)
    np.testing.assert_allclose(unmixed[..., 0], tile.haematoxylin, atol=0.02)
    np.testing.assert_allclose(unmixed[..., 1], tile.eosin, atol=0.02)
    assert np.abs(unmixed[..., 2]).max() < 0.02


def test_one_dye_darkens_by_its_vector() -> None:
    """OD 1 of haematoxylin along (0.65, 0.70, 0.29) / 0.9984 leaves 10^-0.6510 = 22.3 % of the red light."""
    one, none = np.ones((4, 4), np.float32), np.zeros((4, 4), np.float32)
    lab = replace(LABORATORIES["north-lab"], strength=(1.0, 1.0), white=(255.0, 255.0, 255.0), noise=0.0)
    tile = scan(Section(one, none, none.astype(np.int32), 1.0), lab, np.random.default_rng(0))
    assert tile[0, 0].tolist() == [57, 51, 131]


def test_every_nucleus_is_dark_in_haematoxylin_and_numbered_once() -> None:
    for tissue in ("normal", "tumour"):
        tile = section(tissue)  # type: ignore[arg-type]
        inside = tile.nuclei > 0
        assert tile.haematoxylin[inside].mean() > 3 * tile.haematoxylin[~inside].mean()
        assert len(np.unique(tile.nuclei)) - 1 > 30
        compact = [region.solidity for region in regionprops(tile.nuclei) if region.area > 20]
        assert np.median(compact) > 0.85


@pytest.mark.parametrize("seed", range(3))
def test_tumour_nuclei_are_larger_more_crowded_and_less_even(seed: int) -> None:
    def nuclei(tissue: TissueClass) -> tuple[float, float, float]:
        tile = section(tissue, seed)
        area = np.array([region.area for region in regionprops(tile.nuclei)]) * tile.mpp**2
        stain = np.array([tile.haematoxylin[tile.nuclei == n].mean() for n in np.unique(tile.nuclei)[1:]])
        return float((tile.nuclei > 0).mean()), float(np.quantile(area, 0.9)), float(stain.std())

    normal, tumour = nuclei("normal"), nuclei("tumour")
    assert tumour[0] > 1.3 * normal[0]
    assert tumour[1] > 1.2 * normal[1]
    assert tumour[2] > 1.2 * normal[2]


def test_normal_tissue_has_open_lumina() -> None:
    def empty(tissue: TissueClass) -> float:
        return float(np.mean([((s := section(tissue, k)).eosin + s.haematoxylin < 0.1).mean() for k in range(3)]))

    assert empty("normal") > 2 * empty("tumour")
    assert empty("normal") > 0.03


def test_laboratories_differ_in_colour() -> None:
    means = {
        name: np.mean(
            [scan(section("normal", k), lab, np.random.default_rng(k)).mean((0, 1)) for k in range(3)], axis=0
        )
        for name, lab in LABORATORIES.items()
    }
    names = list(means)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            assert np.abs(means[one] - means[other]).max() > 12


def test_nucleus_size_is_measured_in_micrometres() -> None:
    """The same rule at half the pixel size gives nuclei of the same area in square micrometres."""
    areas = []
    for pixels, mpp in ((96, 1.0), (192, 0.5)):
        tile = draw_section(np.random.default_rng(4), "normal", pixels=pixels, mpp=mpp)
        areas.append(np.median([region.area for region in regionprops(tile.nuclei)]) * mpp**2)
    assert areas[1] == pytest.approx(areas[0], rel=0.2)


def test_same_seed_same_tile() -> None:
    again = draw_section(np.random.default_rng(0), "tumour", pixels=128, mpp=0.75)
    np.testing.assert_array_equal(again.nuclei, section("tumour").nuclei)
    lab = LABORATORIES["harbour-lab"]
    np.testing.assert_array_equal(
        scan(again, lab, np.random.default_rng(1)), scan(section("tumour"), lab, np.random.default_rng(1))
    )
