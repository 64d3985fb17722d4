"""Random fields and soft shapes from which anatomy is drawn; all in millimetres, none tied to a voxel grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import fft, ndimage

Point = tuple[float, float, float]


class BandField:
    """A random field of one wavelength, defined everywhere in a cube, so that a finer grid shows the same anatomy.

    Args:
        rng: Where the field is drawn from.
        wavelength_mm: Distance from crest to crest.
        half_mm: Half side of the cube around the origin; the field repeats beyond it.
        bandwidth: Relative width of the band: small gives stripes of even width, large gives clouds.
    """

    def __init__(
        self, rng: np.random.Generator, wavelength_mm: float, *, half_mm: float = 112.0, bandwidth: float = 0.3
    ) -> None:
        self._pitch = wavelength_mm / 4
        count = int(np.ceil(2 * half_mm / self._pitch))
        self._half = count * self._pitch / 2
        along = fft.fftfreq(count, self._pitch)
        frequency = np.sqrt(sum(axis**2 for axis in np.ix_(along, along, fft.rfftfreq(count, self._pitch))))
        band = np.exp(-0.5 * ((frequency * wavelength_mm - 1) / bandwidth) ** 2).astype(np.float32)
        noise = fft.irfftn(fft.rfftn(rng.standard_normal((count,) * 3, np.float32)) * band, s=(count,) * 3)
        self._coefficients = ndimage.spline_filter(noise / noise.std(), 3, mode="grid-wrap").astype(np.float32)

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray, within: np.ndarray | None = None) -> np.ndarray:
        """Return the field (mean 0, standard deviation 1) at points in millimetres; 0 outside the mask ``within``."""
        within = np.ones(np.broadcast(x, y, z).shape, bool) if within is None else within
        places = np.stack([(axis[within] + self._half) / self._pitch for axis in np.broadcast_arrays(x, y, z)])
        out = np.zeros(within.shape, np.float32)
        out[within] = ndimage.map_coordinates(self._coefficients, places, order=3, mode="grid-wrap", prefilter=False)
        return out


def smooth_field(rng: np.random.Generator, axes: Sequence[np.ndarray], scale_mm: float, extent_mm: float) -> np.ndarray:
    """Return a slowly varying field (standard deviation about 1) on open axes, cheap because it is separable.

    Args:
        rng: Where the field is drawn from.
        axes: Open coordinates as ``Grid.axes`` gives them.
        scale_mm: Distance over which the field changes.
        extent_mm: Half side of the cube in which the field is drawn.
    """
    knots = np.arange(-extent_mm - 2 * scale_mm, extent_mm + 2.01 * scale_mm, scale_mm)
    field = rng.standard_normal((len(knots),) * len(axes))
    norm = 1.0
    for axis in axes:
        weights = np.exp(-0.5 * ((axis.ravel()[:, None] - knots) / (0.7 * scale_mm)) ** 2)
        norm *= float(np.sqrt(np.square(weights).sum(1)).mean())
        field = np.tensordot(field, weights, axes=(0, 1))
    return (field / norm).astype(np.float32)


def gradient_norm(field: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """Return the length of a sampled field's gradient, per millimetre."""
    return np.sqrt(sum(np.square(g) for g in np.gradient(field, *spacing_mm)))


def distance_to_zero(field: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """Return the distance in mm to the surface where ``field`` is 0, to first order: ``|f| / |grad f|``.

    Source: Taubin 1994, doi:10.1145/195826.195829, equation 2.
    """
    slope = gradient_norm(field, spacing_mm)
    return np.abs(field) / np.maximum(slope, 0.3 * float(slope.mean()) + 1e-9)


def ellipsoid(
    at: Sequence[np.ndarray], centre: Point, radii: Point, *, power: float = 2.0, yaw: float = 0.0
) -> np.ndarray:
    """Return the depth in mm inside a (super-)ellipsoid, negative outside, to first order in the distance.

    Args:
        at: Coordinates x, y, z.
        centre: Its middle.
        radii: Its half axes.
        power: 2 is an ellipsoid; larger is boxier.
        yaw: Turn about z in radians.
    """
    x, y, z = (axis - c for axis, c in zip(at, centre, strict=True))
    if yaw:
        x, y = x * np.cos(yaw) + y * np.sin(yaw), y * np.cos(yaw) - x * np.sin(yaw)
    terms = [np.abs(axis / radius) for axis, radius in zip((x, y, z), radii, strict=True)]
    norm = sum(term**power for term in terms) ** (1 / power)
    slope = np.sqrt(sum(np.square(t ** (power - 1) / r) for t, r in zip(terms, radii, strict=True)))
    slope = slope / np.maximum(norm, 1e-3) ** (power - 1)
    return ((1 - norm) / np.maximum(slope, 0.5 / max(radii))).astype(np.float32)


def tube(at: Sequence[np.ndarray], points: Sequence[Point], radii: Sequence[float]) -> np.ndarray:
    """Return the depth in mm inside a tube through ``points`` whose radius changes linearly between them."""
    depth: np.ndarray | None = None
    for start, end, r0, r1 in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True):
        line = np.subtract(end, start)
        offset = [axis - s for axis, s in zip(at, start, strict=True)]
        along = np.clip(sum(o * d for o, d in zip(offset, line, strict=True)) / float(line @ line), 0, 1)
        away = np.sqrt(sum(np.square(o - along * d) for o, d in zip(offset, line, strict=True)))
        part = r0 + (r1 - r0) * along - away
        depth = part if depth is None else np.maximum(depth, part)
    if depth is None:
        raise ValueError("a tube needs at least two points")
    return depth


def soft_union(first: np.ndarray, second: np.ndarray, blend_mm: float) -> np.ndarray:
    """Join two depths with a fillet of about ``blend_mm`` (polynomial smooth maximum, Quilez)."""
    near = np.clip(0.5 + (first - second) / (2 * blend_mm), 0, 1)
    return second + (first - second) * near + blend_mm * near * (1 - near)


def cover(depth: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Return the share of a voxel that lies inside a plane boundary at ``depth`` mm from its centre."""
    return np.clip(0.5 + depth / voxel_mm, 0, 1)


def slab(distance: np.ndarray, half_width: np.ndarray | float, voxel_mm: float) -> np.ndarray:
    """Return the share of a voxel inside a sheet of ``half_width`` mm whose middle is ``distance`` mm away.

    >>> float(slab(np.array(0.0), 0.25, 2.0))
    0.25
    """
    half = voxel_mm / 2
    overlap = np.minimum(distance + half, half_width) - np.maximum(distance - half, -half_width)
    return np.clip(overlap / voxel_mm, 0, 1)
