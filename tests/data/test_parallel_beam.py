"""The scanner against exact chords, against scikit-image's own Radon transform, and against itself in blocks."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.transform import iradon, radon

from synthassay.data import parallel_beam
from synthassay.data.parallel_beam import ParallelBeam
from synthassay.errors import ImageError


def disc(size: int, radius: float, spacing: float = 1.0, centre: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Antialiased disc of value 1, 16 sub-samples per pixel side."""
    fine = (np.arange(size * 16) + 0.5) / 16 - size / 2
    x, y = np.meshgrid(fine * spacing - centre[0], fine * spacing - centre[1], indexing="ij")
    inside = np.hypot(x, y) < radius
    return inside.reshape(size, 16, size, 16).mean((1, 3)).astype(np.float32)


def test_line_integrals_of_a_disc_are_its_chords() -> None:
    scanner = ParallelBeam((48, 48), (2.0, 2.0), views=30)
    sinogram = scanner.project(disc(48, 40.0, 2.0)[..., None] * 0.02)[..., 0]
    s = (np.arange(scanner.detectors) - (scanner.detectors - 1) / 2) * scanner.pitch_mm
    inner = np.abs(s) < 34
    chord = 0.02 * 2 * np.sqrt(40.0**2 - s[inner] ** 2)
    np.testing.assert_allclose(sinogram[:, inner], np.broadcast_to(chord, (30, inner.sum())), rtol=0.012)


def test_every_view_holds_the_whole_mass() -> None:
    rng = np.random.default_rng(3)
    mu = rng.random((17, 23, 2)).astype(np.float32)
    scanner = ParallelBeam((17, 23), (1.5, 0.8), views=41)
    mass = scanner.project(mu).sum(1) * scanner.pitch_mm
    np.testing.assert_allclose(mass, np.broadcast_to(mu.sum((0, 1)) * 1.5 * 0.8, (41, 2)), rtol=2e-5)


def test_projection_agrees_with_scikit_image() -> None:
    picture = disc(64, 20.0, centre=(6.0, -4.0)) + disc(64, 6.0, centre=(-10.0, 9.0))
    scanner = ParallelBeam((64, 64), (1.0, 1.0), views=36)
    ours = scanner.project(picture[..., None])[..., 0]
    # scikit-image's detector axis at angle t is (-sin t, cos t) through pixel 32; ours is (cos t, sin t) through 31.5
    theirs = radon(picture, theta=np.rad2deg(scanner.angles) - 90, circle=True)
    at = np.arange(scanner.detectors) - (scanner.detectors - 1) / 2
    for view, angle in enumerate(scanner.angles):
        shift = (np.cos(angle) + np.sin(angle)) / 2
        same_places = np.interp(at - shift, np.arange(64) - 32, theirs[:, view])
        assert np.sqrt(np.mean(np.square(same_places - ours[view]))) < 0.02 * ours.max()


@pytest.mark.parametrize("kernel", ["ramp", "hann"])
def test_reconstruction_returns_the_attenuation(kernel: parallel_beam.Kernel) -> None:
    picture = disc(64, 60.0, 4.0, centre=(20.0, -12.0)) * 0.02
    scanner = ParallelBeam((64, 64), (4.0, 4.0))
    back = scanner.reconstruct(scanner.project(picture[..., None]), kernel)[..., 0]
    inside = disc(64, 46.0, 4.0, centre=(20.0, -12.0)) == 1
    assert abs(back[inside].mean() - 0.02) < 2e-5
    assert back[inside].std() < 4e-4
    assert abs(back[disc(64, 75.0, 4.0, centre=(20.0, -12.0)) == 0].mean()) < 1e-4


def test_reconstruction_agrees_with_scikit_image() -> None:
    picture = disc(64, 20.0, centre=(5.0, 5.0))
    scanner = ParallelBeam((64, 64), (1.0, 1.0))
    ours = scanner.reconstruct(scanner.project(picture[..., None]))[..., 0]
    theta = np.rad2deg(scanner.angles)
    theirs = iradon(radon(picture, theta=theta, circle=True), theta=theta, circle=True, filter_name="ramp")
    inside = disc(64, 16.0, centre=(5.0, 5.0)) == 1
    assert abs(ours[inside].mean() - theirs[inside].mean()) < 0.005
    assert np.sqrt(np.mean((ours - theirs)[disc(64, 28.0) == 1] ** 2)) < 0.05


def test_anisotropic_pixels_keep_their_place() -> None:
    mu = np.zeros((20, 40, 1), np.float32)
    mu[15, 10] = 1.0
    scanner = ParallelBeam((20, 40), (2.0, 1.0))
    back = scanner.reconstruct(scanner.project(mu))[..., 0]
    assert np.unravel_index(back.argmax(), back.shape) == (15, 10)


def test_a_large_scanner_built_in_blocks_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    mu = np.random.default_rng(0).random((16, 16, 3)).astype(np.float32)
    scanner = ParallelBeam((16, 16), (1.0, 1.0))
    once = scanner.project(mu), scanner.reconstruct(scanner.project(mu))
    monkeypatch.setattr(parallel_beam, "_BLOCK_WEIGHTS", 4 * 256 * 7)
    monkeypatch.setattr(parallel_beam, "_KEPT_WEIGHTS", 0)
    np.testing.assert_allclose(scanner.project(mu), once[0], rtol=1e-6)
    np.testing.assert_allclose(scanner.reconstruct(scanner.project(mu)), once[1], atol=1e-6)


@pytest.mark.parametrize("spacing", [(0.0, 1.0), (1.0, float("nan")), (-1.0, 1.0)])
def test_impossible_pixel_sizes_are_refused(spacing: tuple[float, float]) -> None:
    with pytest.raises(ImageError, match="positive pixel size"):
        ParallelBeam((8, 8), spacing)


def test_unknown_kernels_and_other_sizes_are_refused() -> None:
    scanner = ParallelBeam((8, 8), (1.0, 1.0))
    with pytest.raises(ImageError, match="hann, ramp"):
        scanner.reconstruct(np.zeros((scanner.views, scanner.detectors, 1), np.float32), "bone")  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="slices of"):
        scanner.project(np.zeros((9, 8, 1), np.float32))
