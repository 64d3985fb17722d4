"""Parallel-beam tomography of slices: line integrals through square pixels, and filtered back-projection."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Float
from scipy import fft, sparse

from synthassay.errors import ImageError

Kernel = Literal["ramp", "hann"]
Slices = Float[np.ndarray, "x y slices"]
Sinograms = Float[np.ndarray, "views detectors slices"]

Sparse: TypeAlias = Any  # scipy has no types: a csr_array or its transpose
Build: TypeAlias = Any  # a cached function (scanner, first view, views) -> Sparse

_KEPT_WEIGHTS = 20_000_000  # about 200 MB, up to 128x128; larger ones are built anew in blocks, so that 512x512 fits
_BLOCK_WEIGHTS = 4_000_000


@dataclass(frozen=True)
class ParallelBeam:
    """A scanner that measures slices of one size: views over half a turn, detector pitch = the finer pixel side.

    Args:
        shape: Slice size in pixels, (x, y).
        spacing_mm: Pixel size in millimetres, (x, y).
        views: Views over 180 degrees; 0 takes pi/2 per detector element, the usual sampling balance
            (Kak & Slaney 1988, section 5.3).

    >>> scanner = ParallelBeam((3, 3), (2.0, 2.0))
    >>> mu = np.zeros((3, 3, 1), np.float32); mu[1, 1] = 0.5
    >>> round(float(scanner.project(mu)[0].max()), 3)  # one pixel of 2 mm at 0.5 per mm
    1.0
    """

    shape: tuple[int, int]
    spacing_mm: tuple[float, float]
    views: int = 0

    def __post_init__(self) -> None:
        if min(self.shape) < 1 or not all(math.isfinite(s) and s > 0 for s in self.spacing_mm):
            raise ImageError(
                "parallel beam",
                "needs at least one pixel and a positive pixel size in mm along x and y",
                value=(self.shape, self.spacing_mm),
                remedy="Take the spacing from the image's affine.",
            )
        if self.views == 0:
            object.__setattr__(self, "views", math.ceil(math.pi / 2 * self.detectors))

    @property
    def pitch_mm(self) -> float:
        """Distance between detector elements."""
        return min(self.spacing_mm)

    @property
    def detectors(self) -> int:
        """Elements that cover the slice's diagonal, an odd number so that one looks through the centre."""
        diagonal = math.hypot(*(n * s for n, s in zip(self.shape, self.spacing_mm, strict=True)))
        return 2 * math.ceil(diagonal / 2 / self.pitch_mm) + 3

    @property
    def angles(self) -> np.ndarray:
        """View angles in radians; the detector axis of view t points along (cos t, sin t)."""
        return np.arange(self.views) * (math.pi / self.views)

    def project(self, mu: Slices) -> Sinograms:
        """Return the mean line integral of ``mu`` over each detector element's strip.

        The strip integrals are exact for square pixels, so a uniform object shows no ripple between views.

        Args:
            mu: Linear attenuation per millimetre.

        Returns:
            Dimensionless line integrals.
        """
        flat = self._flat(mu)
        out = np.empty((self.views * self.detectors, flat.shape[1]), np.float32)
        for start, weights in self._blocks(_projector):
            out[start : start + weights.shape[0]] = weights @ flat
        return out.reshape(self.views, self.detectors, -1)

    def reconstruct(self, sinograms: Sinograms, kernel: Kernel = "ramp") -> Slices:
        """Return the filtered back-projection, in attenuation per millimetre.

        Args:
            sinograms: Line integrals as ``project`` gives them.
            kernel: ``ramp`` is sharpest; ``hann`` damps high frequencies as a soft-tissue kernel does.

        Source: Kak & Slaney, Principles of Computerized Tomographic Imaging (1988), equations 3.31 and 3.61.
        """
        filtered = self._filter(sinograms, kernel).reshape(self.views * self.detectors, -1)
        out = np.zeros((math.prod(self.shape), filtered.shape[1]), np.float32)
        for start, spread in self._blocks(_spreader):
            out += spread @ filtered[start : start + spread.shape[1]]
        return (out * (math.pi / self.views)).reshape(*self.shape, -1)

    def _flat(self, mu: Slices) -> np.ndarray:
        if mu.ndim != 3 or mu.shape[:2] != self.shape:
            raise ImageError("parallel beam", f"was set up for slices of {self.shape}", value=mu.shape)
        return np.ascontiguousarray(mu, np.float32).reshape(math.prod(self.shape), -1)

    def _filter(self, sinograms: Sinograms, kernel: Kernel) -> np.ndarray:
        response = _ramp(self.detectors, self.pitch_mm, kernel)[None, :, None]
        spectrum = fft.rfft(sinograms, n=2 * (response.shape[1] - 1), axis=1) * response
        return fft.irfft(spectrum, axis=1)[:, : self.detectors].astype(np.float32)

    def _blocks(self, build: Build) -> Iterator[tuple[int, Sparse]]:
        """Yield (first sinogram row, operator) for runs of views."""
        weights = 4 * math.prod(self.shape)
        size = max(1, _BLOCK_WEIGHTS // weights)
        make = build if self.views * weights <= _KEPT_WEIGHTS else build.__wrapped__
        for first in range(0, self.views, size):
            yield first * self.detectors, make(self, first, min(size, self.views - first))


@lru_cache(maxsize=8)
def _projector(scanner: ParallelBeam, first: int, count: int) -> Sparse:
    """Rays by pixels: the mean chord of each pixel in each detector element's strip."""
    place, widths = _places(scanner, first, count)
    (dx, dy), pitch = scanner.spacing_mm, scanner.pitch_mm
    reach = math.ceil(math.hypot(dx, dy) / pitch / 2)  # half the longest shadow of a pixel, in detector elements
    near = np.rint(place).astype(np.int32)
    off = (near - place).astype(np.float32)[..., None] + np.arange(-reach, reach + 1, dtype=np.float32)
    edges = [_trapezoid_below(off + side, *(w.astype(np.float32)[:, None] for w in widths)) for side in (-0.5, 0.5)]
    chords = (edges[1] - edges[0]) * np.float32(dx * dy / pitch)  # pixel area over strip width
    bins = np.clip(near[..., None] + np.arange(-reach, reach + 1, dtype=np.int32), 0, scanner.detectors - 1)
    return _by_pixel(chords, bins, scanner.detectors).T


@lru_cache(maxsize=8)
def _spreader(scanner: ParallelBeam, first: int, count: int) -> Sparse:
    """Pixels by rays: linear interpolation between the two detector elements nearest to a pixel's centre."""
    place, _ = _places(scanner, first, count)
    low = np.floor(place).astype(np.int32)
    part = (place - low).astype(np.float32)
    return _by_pixel(np.stack([1 - part, part], -1), np.stack([low, low + 1], -1), scanner.detectors)


def _places(scanner: ParallelBeam, first: int, count: int) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return where each pixel falls on the detector (pixels views) and its two widths there, all in elements."""
    (nx, ny), (dx, dy), pitch = scanner.shape, scanner.spacing_mm, scanner.pitch_mm
    angles = scanner.angles[first : first + count]
    cos, sin = np.cos(angles), np.sin(angles)
    x = ((np.arange(nx) - (nx - 1) / 2) * dx / pitch)[:, None, None]
    y = ((np.arange(ny) - (ny - 1) / 2) * dy / pitch)[:, None]
    place = (x * cos + y * sin + (scanner.detectors - 1) / 2).reshape(nx * ny, count)
    return place, (np.abs(cos) * dx / pitch, np.abs(sin) * dy / pitch)


def _by_pixel(weights: np.ndarray, bins: np.ndarray, detectors: int) -> Sparse:
    """Return the matrix pixels by rays from weights and detector elements, both ``pixels views near``."""
    pixels, views, near = weights.shape
    rays = bins + (np.arange(views, dtype=np.int32) * detectors)[:, None]
    starts = np.arange(pixels + 1, dtype=np.int32) * (views * near)
    return sparse.csr_array((weights.ravel(), rays.ravel(), starts), shape=(pixels, views * detectors))


def _trapezoid_below(u: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Share of a square pixel's shadow that lies below ``u``: the shadow is a box of width a spread by one of b."""
    wide, thin = np.maximum(a, b), np.maximum(np.minimum(a, b), 1e-4)
    top, base = (wide - thin) / 2, (wide + thin) / 2
    from_edge = np.clip(base - np.abs(u), 0, None)
    slope = from_edge**2 / (2 * thin)
    outside = np.where(np.abs(u) >= top, slope, thin / 2 + (top - np.abs(u))) / wide
    return np.where(u < 0, outside, 1 - outside)


@lru_cache(maxsize=8)
def _ramp(detectors: int, pitch_mm: float, kernel: Kernel) -> np.ndarray:
    """Return the ramp's frequency response from its band-limited spatial form, which keeps the mean exact."""
    size = fft.next_fast_len(2 * detectors, real=True)
    size += size % 2
    n = np.minimum(np.arange(size), size - np.arange(size))
    odd = n % 2 == 1
    spatial = np.zeros(size)
    spatial[0] = 1 / 4
    spatial[odd] = -1 / (math.pi * n[odd]) ** 2
    response = np.real(fft.rfft(spatial)) / pitch_mm
    if kernel == "hann":
        response *= np.cos(math.pi * np.arange(len(response)) / size) ** 2
    elif kernel != "ramp":
        raise ImageError("kernel", "is not a reconstruction kernel", value=kernel, remedy="Available: hann, ramp.")
    return response.astype(np.float32)
