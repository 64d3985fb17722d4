"""Tissue architecture: a sine lies at its own scale, scanners agree on it, blur and other tissue leave the floor."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from evaluate.examination import assert_worsens
from evaluate.pathology.sections import crc_tiles, one_field, scanned, section, specimens
from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.tissue_architecture import SCALES_UM, energies_by_scale, tissue_architecture
from synthassay.records.vocabulary import Better


def stripes(wavelength_um, *, mpp=0.5, size=256):
    line = np.cos(2 * np.pi * (np.arange(size) + 0.5) * mpp / wavelength_um)
    density = 0.4 + 0.1 * np.broadcast_to(line, (3, size, size))
    return specimens([255 * 10.0**-density], mpp=mpp)[0]


@pytest.mark.parametrize("wavelength", [16.0, 32.0])
def test_the_share_of_a_sine_has_a_closed_form(wavelength):
    found = 10 ** energies_by_scale(stripes(wavelength))[0]
    k = 2 * np.pi / wavelength
    for share, scale in zip(found[:5], SCALES_UM[:5], strict=True):
        gains = np.exp(-((k * scale / 2) ** 2) / 2) - np.exp(-((k * scale) ** 2) / 2)
        assert share == pytest.approx(gains**2, rel=1e-6, abs=1.1e-9)


def test_bands_equal_those_of_gaussian_filters():
    tile = scanned(section(1)).astype(float)
    grey = -np.log10(np.clip(tile, 1, 255) / 255).mean(axis=0)
    found = energies_by_scale(specimens([tile])[0])[0]
    for share, scale in zip(found[1:4], SCALES_UM[1:4], strict=True):
        band = gaussian_filter(grey, scale / 2 / 0.5) - gaussian_filter(grey, scale / 0.5)
        assert share == pytest.approx(np.log10(band.var() / grey.var()), abs=0.01)


def test_scales_are_in_micrometres_whatever_the_pixels():
    fine, coarse = (energies_by_scale(stripes(24.0, mpp=m, size=round(192 / m)))[0] for m in (0.25, 0.5))
    assert np.allclose(fine[:5], coarse[:5], atol=0.05)


def test_the_strength_of_the_stain_changes_nothing():
    strong = stripes(24.0)
    weak = strong.replace(pixels=255 * (strong.pixels / 255) ** 0.6)
    assert np.allclose(energies_by_scale(strong), energies_by_scale(weak), atol=1e-6, equal_nan=True)


def test_scales_that_pixels_or_tile_cannot_show_are_left_out():
    row = energies_by_scale(stripes(24.0, mpp=2.0, size=64))[0]
    assert np.isnan(row).tolist() == [True, False, False, False, False, True]


def test_scanners_agree_on_the_architecture_of_one_field_more_than_blur_leaves_it(real_data):
    # the real size of these pixels is not stated; one assumed for all of them serves to compare
    field = one_field(real_data)
    aperio = energies_by_scale(specimens([field["aperio"]])[0])[0, :4]
    apart = [np.abs(energies_by_scale(s)[0, :4] - aperio).max() for s in specimens(list(field.values()))]
    soft = energies_by_scale(specimens([gaussian_filter(field["aperio"], (0, 1.5, 1.5))])[0])[0, :4]
    assert max(apart) < 0.1
    assert np.abs(soft - aperio).min() > 0.13
    assert np.abs(soft - aperio).max() > 0.3


def test_blur_leaves_the_floor_step_by_step_at_the_finest_scale(real_data):
    images, labels, _ = crc_tiles(real_data)
    tiles = [tile for tile, label in zip(images, labels, strict=True) if label < 6]
    real, memo = specimens(tiles[45:], mpp=0.495), {}
    found = [
        tissue_architecture(
            specimens([gaussian_filter(t, (0, s, s)) for t in tiles[:45]], mpp=0.495, name="s"), real, 1, real_memo=memo
        )
        for s in (0.0, 0.7, 1.2, 2.5)
    ]
    assert [f.stratum for f in found[0]][:2] == ["scale=2 µm", "scale=4 µm"]
    assert_worsens([f[0].value for f in found[1:]], Better.LOWER)
    assert found[-1][0].interval.low > found[-1][0].floor_interval.high
    assert "too small for this scale" in found[0][-1].not_measured


def test_real_tiles_lie_at_the_floor(real_data):
    images, labels, _ = crc_tiles(real_data)
    tiles = [tile for tile, label in zip(images, labels, strict=True) if label < 6]
    order = np.random.default_rng(1).permutation(len(tiles))
    sides = [
        specimens([tiles[i] for i in part], mpp=0.495, name=n) for n, part in (("s", order[:45]), ("p", order[45:]))
    ]
    for found in tissue_architecture(*sides, 2)[:4]:
        assert found.interval.low <= found.floor_interval.high, found.stratum


def test_edges():
    with pytest.raises(NotMeasured, match="no micrometres per pixel"):
        energies_by_scale(stripes(24.0).replace(mpp=None))
    with pytest.raises(NotMeasured, match="uniform"):
        energies_by_scale(specimens([np.full((3, 50, 50), 99.0)])[0])
    with pytest.raises(NotMeasured, match="0 pixels of tissue"):
        energies_by_scale(specimens([np.full((3, 50, 50), 250.0)])[0])
