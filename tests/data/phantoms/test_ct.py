"""Hounsfield units of the virtual head, and noise that follows the dose."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from synthassay.data.phantoms.anatomy import Anatomy, Grid, Tissue, draw_traits
from synthassay.data.phantoms.ct import HOUNSFIELD, TOMOGRAPHS, acquire, attenuation
from synthassay.data.phantoms.head import build_head


@cache
def anatomy() -> Anatomy:
    return build_head(draw_traits(np.random.default_rng(2)), Grid((54, 64, 32), (3.0, 3.0, 3.0), (0.0, -15.0, 35.0)))


@cache
def scan(machine: str, dose: float) -> np.ndarray:
    return acquire(anatomy(), TOMOGRAPHS[machine], np.random.default_rng(1), dose_fraction=dose)


def pure(tissue: Tissue, share: float = 0.98) -> np.ndarray:
    return anatomy().fractions[tissue] > share


def test_pure_voxels_have_the_tissues_hounsfield_units() -> None:
    hu = attenuation(anatomy(), np.random.default_rng(0))
    for tissue in (Tissue.AIR, Tissue.WHITE, Tissue.GREY):
        assert hu[pure(tissue, 0.999)].mean() == pytest.approx(HOUNSFIELD[tissue], abs=1.0)
    assert 700 < np.median(hu[pure(Tissue.BONE, 0.9)]) < 1400
    assert HOUNSFIELD[Tissue.CSF] < HOUNSFIELD[Tissue.OEDEMA] < HOUNSFIELD[Tissue.WHITE] < HOUNSFIELD[Tissue.GREY]


def test_noise_grows_as_one_over_the_root_of_dose() -> None:
    clean = acquire(anatomy(), TOMOGRAPHS["harbour-ct"], np.random.default_rng(1), dose_fraction=1e6)
    sd = {dose: (scan("harbour-ct", dose) - clean)[pure(Tissue.WHITE)].std() for dose in (1.0, 0.25, 0.0625)}
    assert sd[0.25] / sd[1.0] == pytest.approx(2.0, rel=0.1)
    assert sd[0.0625] / sd[1.0] == pytest.approx(4.0, rel=0.1)


def test_noise_leaves_the_mean_alone() -> None:
    assert scan("north-ct", 0.25)[pure(Tissue.WHITE)].mean() == pytest.approx(
        scan("north-ct", 1.0)[pure(Tissue.WHITE)].mean(), abs=0.6
    )


def test_routine_noise_lets_grey_be_told_from_white() -> None:
    for machine in TOMOGRAPHS:
        picture = scan(machine, 1.0)
        grey, white = picture[pure(Tissue.GREY, 0.9)], picture[pure(Tissue.WHITE)]
        assert grey.mean() - white.mean() > 3
        assert 1 < white.std() < 12


def test_sites_differ_in_noise_and_sharpness() -> None:
    sd = {name: scan(name, 0.25)[pure(Tissue.WHITE)].std() for name in TOMOGRAPHS}
    assert sd["harbour-ct"] > 1.15 * sd["north-ct"]
    edge = {name: np.abs(np.diff(scan(name, 1.0), axis=0)).max() for name in TOMOGRAPHS}
    assert edge["harbour-ct"] > edge["north-ct"] > edge["valley-ct"]
