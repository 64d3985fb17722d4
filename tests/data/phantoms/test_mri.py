"""Signal equations against hand-computed numbers, contrasts against what radiologists know, noise in closed form."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import special

from synthassay.data.phantoms.anatomy import Anatomy, Grid, Tissue, draw_traits
from synthassay.data.phantoms.head import build_head
from synthassay.data.phantoms.mri import (
    CONTRASTS,
    SCANNERS,
    Relaxation,
    Sequence,
    acquire,
    nulling_ti,
    receive_field,
    rician,
    signal,
    tissues,
)
from synthassay.errors import ImageError


@cache
def anatomy() -> Anatomy:
    return build_head(draw_traits(np.random.default_rng(2)), Grid((54, 64, 54), (3.0, 3.0, 3.0)))


def image(scanner: str, contrast: str, seed: int = 0) -> np.ndarray:
    return acquire(anatomy(), SCANNERS[scanner], contrast, np.random.default_rng(seed))  # type: ignore[arg-type]


def level(picture: np.ndarray, tissue: Tissue) -> float:
    return float(picture[(anatomy().fractions[tissue] > 0.97) & anatomy().brain].mean())


def test_spin_echo_equals_the_hand_computed_number() -> None:
    # 0.86 (1 - e^(-600/833)) e^(-15/83) = 0.86 * 0.513414 * 0.834673
    assert signal(Relaxation(833, 83, 0.86), Sequence(te=15, tr=600)) == pytest.approx(0.368531, abs=2e-5)


def test_inversion_recovery_equals_the_hand_computed_number() -> None:
    # 0.77 |1 - 2 e^(-1700/500) + e^(-9000/500)| e^(-100/70) = 0.77 * 0.9332535 * 0.2396510
    assert signal(Relaxation(500, 70, 0.77), Sequence(te=100, tr=9000, ti=1700)) == pytest.approx(0.172213, abs=2e-5)


def test_before_the_null_the_magnitude_is_still_positive() -> None:
    fluid = Relaxation(2569, 329, 1.0)
    assert signal(fluid, Sequence(te=100, tr=9000, ti=900)) > 0.1


@pytest.mark.parametrize("t1", [350.0, 2569.0, 4000.0])
def test_nulling_ti_nulls(t1: float) -> None:
    assert signal(Relaxation(t1, 100, 1.0), Sequence(te=90, tr=9000, ti=nulling_ti(t1, 9000))) < 1e-12


@pytest.mark.parametrize("scanner", SCANNERS)
def test_contrasts_order_tissues_as_in_patients(scanner: str) -> None:
    t1, t2, pd, flair = (image(scanner, contrast) for contrast in CONTRASTS)
    assert level(t1, Tissue.WHITE) > level(t1, Tissue.GREY) > 1.3 * level(t1, Tissue.CSF)
    assert level(t2, Tissue.CSF) > 1.3 * level(t2, Tissue.GREY) > 1.3 * level(t2, Tissue.WHITE)
    assert level(pd, Tissue.GREY) > level(pd, Tissue.WHITE)
    assert level(flair, Tissue.GREY) > level(flair, Tissue.WHITE) > 2 * level(flair, Tissue.CSF)


@pytest.mark.parametrize("field", [1.5, 3.0])
def test_lesions_are_bright_on_flair_and_dark_on_t1(field: float) -> None:
    table = tissues(field)
    scanner = next(s for s in SCANNERS.values() if s.field_tesla == field)
    for lesion in (Tissue.PLAQUE, Tissue.TUMOUR, Tissue.OEDEMA):
        for contrast, brighter in (("flair", True), ("t2", True), ("t1", False)):
            sequence = scanner.sequences[contrast]  # type: ignore[index]
            assert (signal(table[lesion], sequence) > signal(table[Tissue.WHITE], sequence)) is brighter


def test_relaxation_lengthens_with_field_strength() -> None:
    for tissue in (Tissue.GREY, Tissue.WHITE, Tissue.DEEP_GREY, Tissue.MUSCLE, Tissue.FAT):
        assert tissues(3.0)[tissue].t1 > tissues(1.5)[tissue].t1


@pytest.mark.parametrize("snr", [0.0, 1.0, 3.0])
def test_noise_has_the_rician_mean_and_second_moment(snr: float) -> None:
    """Mean sqrt(pi/2) s 1F1(-1/2; 1; -A^2 / 2 s^2), second moment A^2 + 2 s^2 (Gudbjartsson and Patz 1995)."""
    sd = 2.5
    noisy = rician(np.full(400_000, snr * sd, np.float32), sd, np.random.default_rng(0)).astype(np.float64)
    mean = np.sqrt(np.pi / 2) * sd * special.hyp1f1(-0.5, 1.0, -(snr**2) / 2)
    assert noisy.mean() == pytest.approx(mean, rel=4e-3)
    assert np.square(noisy).mean() == pytest.approx((snr**2 + 2) * sd**2, rel=8e-3)


def test_background_is_rayleigh_noise_times_gain() -> None:
    scanner = SCANNERS["north-1.5T"]
    corner = image(scanner.name, "t1")[:5, :, -4:]
    assert corner.mean() == pytest.approx(scanner.gain * scanner.noise * np.sqrt(np.pi / 2), rel=0.05)


def test_receive_field_is_smooth_and_as_strong_as_asked() -> None:
    field = receive_field(anatomy(), 0.15, np.random.default_rng(3))
    head = anatomy().fractions[Tissue.AIR] < 0.5
    assert field[head].mean() == pytest.approx(1.0, abs=1e-4)
    assert np.log(field[head]).std() == pytest.approx(0.15, rel=1e-3)
    assert max(np.abs(np.diff(np.log(field), axis=axis)).max() for axis in range(3)) < 0.06


def test_blur_is_measured_in_millimetres() -> None:
    scanner = replace(SCANNERS["north-1.5T"], noise=1e-6, bias=1e-6)
    sharp = acquire(anatomy(), replace(scanner, blur_mm=0.1), "t1", np.random.default_rng(0))
    soft = acquire(anatomy(), replace(scanner, blur_mm=6.0), "t1", np.random.default_rng(0))
    assert np.abs(np.diff(soft, axis=0)).mean() < 0.8 * np.abs(np.diff(sharp, axis=0)).mean()
    assert soft.mean() == pytest.approx(sharp.mean(), rel=0.01)


def test_sites_differ_measurably() -> None:
    white = {name: level(image(name, "t1"), Tissue.WHITE) for name in SCANNERS}
    assert min(max(a, b) / min(a, b) for i, a in white.items() for j, b in white.items() if i < j) > 1.15
    ratio = {name: level(image(name, "t1"), Tissue.GREY) / white[name] for name in SCANNERS}
    assert abs(ratio["harbour-3T"] - ratio["north-1.5T"]) > 0.02


def test_same_seed_same_image() -> None:
    np.testing.assert_array_equal(image("harbour-3T", "flair", 4), image("harbour-3T", "flair", 4))


def test_impossible_timing_and_unknown_fields_are_refused() -> None:
    with pytest.raises(ImageError, match="0 < TE < TR"):
        Sequence(te=100, tr=50)
    with pytest.raises(ImageError, match="7 T"):
        tissues(7)
    with pytest.raises(ImageError, match="no sequence"):
        acquire(anatomy(), SCANNERS["north-1.5T"], "dwi", np.random.default_rng(0))  # type: ignore[arg-type]
