"""Low dose against closed forms, against counting photons, and against streaks that physics demands."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.transform import iradon, radon

from synthassay.data.dose import INCIDENT_PHOTONS, acquire, simulate_low_dose, water_attenuation
from synthassay.data.parallel_beam import ParallelBeam
from synthassay.errors import ImageError

SPACING = (4.0, 4.0, 4.0)
WATER = water_attenuation(70.0)


def cylinder(slices: int, radius_mm: float = 88.0, size: int = 64) -> np.ndarray:
    x = (np.arange(size) - (size - 1) / 2) * 4.0
    inside = np.hypot(x[:, None], x[None]) < radius_mm
    return np.repeat(np.where(inside, 0.0, -1000.0).astype(np.float32)[..., None], slices, 2)


def central_noise(dose: float, **more: float) -> np.ndarray:
    water = cylinder(96)
    low = simulate_low_dose(water, spacing_mm=SPACING, dose_fraction=dose, rng=np.random.default_rng(5), **more)
    return (low - water)[29:35, 29:35].astype(np.float64)


def test_attenuation_of_water_meets_the_published_table() -> None:
    # NISTIR 5632: 0.2059 cm2/g at 60 keV and 0.1707 at 100 keV; XCOM gives 0.1929 at 70 keV, between two rows.
    assert water_attenuation(60) == pytest.approx(0.02059)
    assert water_attenuation(100) == pytest.approx(0.01707)
    assert water_attenuation(70) == pytest.approx(0.01929, rel=0.01)


def test_central_noise_has_the_closed_form() -> None:
    """Kak & Slaney 5.31: sd^2 = pi^2 / (12 m d^2) var(p), times 0.464 for linear interpolation (Wunderlich 2008).

    Interpolation at offset t leaves (1-t)^2 + t^2 + 2 t (1-t) r of the variance, with r = -6/pi^2 the ramp's lag-one
    correlation; its mean over t is 2/3 - 2/pi^2 = 0.464.
    """
    scanner = ParallelBeam((64, 64), (4.0, 4.0))
    middle = scanner.detectors // 2
    p = scanner.project(WATER * (1 + cylinder(1) / 1000))[:, middle, 0].astype(np.float64)
    ray = (1 / 0.25 - 1) * np.exp(p).mean() / INCIDENT_PHOTONS
    expected = np.sqrt((2 / 3 - 2 / np.pi**2) * np.pi**2 / (12 * scanner.views * 16) * ray) * 1000 / WATER
    assert central_noise(0.25).std() == pytest.approx(expected, rel=0.06)


def test_variance_grows_as_one_over_dose_less_one() -> None:
    variances = {dose: central_noise(dose).var() for dose in (0.5, 0.25, 0.1)}
    assert variances[0.25] / variances[0.5] == pytest.approx(3.0, rel=0.1)
    assert variances[0.1] / variances[0.5] == pytest.approx(9.0, rel=0.1)


def test_photon_counting_through_scikit_image_gives_the_same_noise() -> None:
    """Oracle: count photons at quarter and at routine dose, reconstruct with another code, compare variances."""
    rng = np.random.default_rng(11)
    theta = np.rad2deg(ParallelBeam((64, 64), (4.0, 4.0)).angles)
    mu = WATER * (1 + cylinder(1)[..., 0].astype(np.float64) / 1000)
    photons = INCIDENT_PHOTONS * np.exp(-radon(mu, theta=theta, circle=True) * 4)
    variances = {}
    for dose in (1.0, 0.25):
        noisy = [-np.log(np.maximum(rng.poisson(photons * dose), 1) / (INCIDENT_PHOTONS * dose)) for _ in range(24)]
        images = [iradon(n, theta=theta, circle=True, filter_name="ramp") / 4 * 1000 / WATER for n in noisy]
        variances[dose] = np.stack(images)[:, 29:35, 29:35].var(0).mean()
    added = variances[0.25] - variances[1.0]
    assert central_noise(0.25).var() == pytest.approx(added, rel=0.15)


def test_the_mean_is_unbiased_also_in_the_dark() -> None:
    dense = cylinder(200) + 500.0  # about 5 line integrals of water: few photons in the middle
    low = simulate_low_dose(dense, spacing_mm=SPACING, dose_fraction=0.1, rng=np.random.default_rng(0))
    noise = (low - dense).astype(np.float64)
    per_slice = noise[24:40, 24:40].mean((0, 1))
    assert abs(per_slice.mean()) < 4 * per_slice.std() / np.sqrt(len(per_slice))
    assert abs(noise.mean()) < 0.1


def test_electronic_noise_adds_its_own_variance() -> None:
    scanner = ParallelBeam((64, 64), (4.0, 4.0))
    p = scanner.project(WATER * (1 + cylinder(1) / 1000))[:, scanner.detectors // 2, 0].astype(np.float64)
    count = INCIDENT_PHOTONS * np.exp(-p)
    quantum, electronic = (3 / count).mean(), (15 * 60.0**2 / count**2).mean()
    ratio = central_noise(0.25, electronic_sd=60.0).var() / central_noise(0.25).var()
    assert ratio == pytest.approx((quantum + electronic) / quantum, rel=0.1)


def test_noise_streaks_along_the_dense_direction() -> None:
    """Rays along x through two dense rods starve, so noise between them changes slowly along x, quickly along y."""
    hu = cylinder(40)
    x = (np.arange(64) - 31.5) * 4.0
    for side in (-60.0, 60.0):
        hu[np.hypot(x[:, None] - side, x[None]) < 16] = 3000.0
    low = simulate_low_dose(hu, spacing_mm=SPACING, dose_fraction=0.25, rng=np.random.default_rng(2))
    noise = (low - hu)[26:38, 28:36]
    along = np.square(np.diff(noise, axis=0)).mean()
    across = np.square(np.diff(noise, axis=1)).mean()
    assert across > 3 * along


def test_soft_kernel_gives_softer_noise() -> None:
    assert central_noise(0.25, kernel="hann").std() < 0.6 * central_noise(0.25).std()  # type: ignore[arg-type]


def test_slices_do_not_know_how_many_come_after() -> None:
    water = cylinder(40)
    whole = simulate_low_dose(water, spacing_mm=SPACING, dose_fraction=0.25, rng=np.random.default_rng(9))
    part = simulate_low_dose(water[..., :35], spacing_mm=SPACING, dose_fraction=0.25, rng=np.random.default_rng(9))
    np.testing.assert_allclose(whole[..., :35], part, atol=1e-3)


def test_full_dose_changes_nothing_and_the_input_is_left_alone() -> None:
    water = cylinder(2)
    before = water.copy()
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(simulate_low_dose(water, spacing_mm=SPACING, dose_fraction=1.0, rng=rng), water)
    simulate_low_dose(water, spacing_mm=SPACING, dose_fraction=0.5, rng=rng)
    np.testing.assert_array_equal(water, before)


def test_a_slice_is_a_volume_of_one() -> None:
    water = cylinder(1)
    flat = simulate_low_dose(water[..., 0], spacing_mm=(4.0, 4.0), dose_fraction=0.3, rng=np.random.default_rng(1))
    deep = simulate_low_dose(water, spacing_mm=SPACING, dose_fraction=0.3, rng=np.random.default_rng(1))
    assert flat.dtype == np.float32
    np.testing.assert_array_equal(flat, deep[..., 0])


def test_scanning_a_phantom_has_the_whole_noise() -> None:
    water = cylinder(96)
    whole = (acquire(water, spacing_mm=SPACING, rng=np.random.default_rng(4)) - water)[29:35, 29:35]
    assert central_noise(0.5).var() == pytest.approx(whole.var(), rel=0.1)  # 1/0.5 - 1 = 1


@pytest.mark.parametrize("dose", [0.0, -0.1, 1.2, float("nan")])
def test_impossible_doses_are_refused(dose: float) -> None:
    with pytest.raises(ImageError, match="dose_fraction"):
        simulate_low_dose(cylinder(1), spacing_mm=SPACING, dose_fraction=dose, rng=np.random.default_rng(0))


def test_a_nan_and_a_missing_spacing_are_refused() -> None:
    broken = cylinder(1)
    broken[3, 3] = np.nan
    with pytest.raises(ImageError, match="not finite"):
        simulate_low_dose(broken, spacing_mm=SPACING, dose_fraction=0.5, rng=np.random.default_rng(0))
    with pytest.raises(ImageError, match="one spacing in mm for each"):
        simulate_low_dose(cylinder(1), spacing_mm=(4.0, 4.0), dose_fraction=0.5, rng=np.random.default_rng(0))


@pytest.mark.parametrize("setting", [{"incident_photons": 0.0}, {"electronic_sd": -1.0}, {"kev": 5.0}])
def test_impossible_beams_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ImageError, match=next(iter(setting))):
        acquire(cylinder(1), spacing_mm=SPACING, rng=np.random.default_rng(0), **setting)


def test_real_head_and_neck_ct_gets_visible_noise(real_data: object) -> None:
    from pathlib import Path

    file = np.load(Path(str(real_data)) / "ct-openkbp-headneck" / "openkbp_hn_4mm.npz")
    hu = file["ct"][:2].astype(np.float32)[:, ::4].transpose(0, 3, 2, 1) - 1000
    for i, volume in enumerate(hu):
        low = simulate_low_dose(volume, spacing_mm=SPACING, dose_fraction=0.25, rng=np.random.default_rng(i))
        soft = (volume > -20) & (volume < 120)
        assert 35 < (low - volume)[soft].std() < 70
