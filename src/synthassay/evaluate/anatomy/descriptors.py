"""What one structure of one image is like, in numbers: size, form, place, parts, symmetry, and how its border turns.

Lengths come from the coarea formula: the surface of a set is the integral of the gradient of its indicator, here
smoothed by a Gaussian of one pixel. It holds for every direction of a flat border and every spacing, which counting
pixel faces does not, and a border cut off by the edge of the picture does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import euler_number

from synthassay.evaluate.anatomy.structures import AXES, LEFT_RIGHT
from synthassay.shapes import SpatialMask

Floats = NDArray[np.float64]

MARGIN = 4
LEAST_PART = 0.01
"""A part counts from this share of its structure on; smaller ones are specks of a threshold."""

ANGLE_BINS = np.arange(0.0, 181.0, 2.0)
ANGLE_QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.99)
STEPS = {"components": 0.2, "holes": 0.2}
"""Least scale of a count: one part more than all real patients have is then five scales away."""


@dataclass(frozen=True)
class Shape:
    """One structure of one image.

    Attributes:
        values: Descriptor to number, all without a unit or as a logarithm.
        angles: How often the border turns by how many degrees from one pixel to the next, per bin of ``ANGLE_BINS``.
        components: Number of parts that hold at least 1 % of it.
    """

    values: dict[str, float]
    angles: Floats
    components: int


def describe(structure: SpatialMask, body: SpatialMask, spacing_mm: Sequence[float] = ()) -> Shape:
    """Describe one structure.

    Args:
        structure: ``*space``; not empty.
        body: ``*space``; the frame for its place and its symmetry.
        spacing_mm: Size of a pixel; one everywhere where unknown.

    Returns:
        Logarithms of volume (or area), surface (or perimeter), thickness (largest distance to the border), main axes
        and extents; sphericity (1 for a ball or a disc); place
        of the centroid in the body, from 0 to 1 per axis; parts; holes (parts - Euler number: tunnels less cavities in
        3D), as signed logarithm; overlap with its mirror image across the body's left-right midplane; quantiles of
        the angles by which the border turns.

    Source:
        Coarea formula: Federer 1959, doi:10.1090/S0002-9947-1959-0110078-1; angles: arXiv:2511.04729.

    Example:
        >>> y, x = np.ogrid[-20:21, -20:21]
        >>> disc = describe(x**2 + y**2 <= 15**2, np.ones((41, 41), bool))
        >>> round(disc.values["sphericity"], 2), disc.components
        (1.0, 1)
    """
    dimensions = structure.ndim
    spacing = np.asarray(spacing_mm or (1.0,) * dimensions, float)
    place = _around(structure)
    part = structure[place]
    volume = float(part.sum() * spacing.prod())
    gradient = _gradient(part, spacing)
    strength = np.sqrt((gradient**2).sum(axis=0))
    surface = float(strength.sum() * spacing.prod())
    components, largest = _parts(part)
    holes = components.all - int(euler_number(part, connectivity=dimensions))
    angles, quantiles = _angles(part, gradient, strength, spacing)
    frame = _bounds(body)
    values = {
        "log volume": float(np.log(volume)),
        "log surface": float(np.log(max(surface, 1e-6))),
        "sphericity": min(_sphericity(volume, surface, dimensions), 2.0),
        "components": float(components.counted),
        "largest part": largest,
        "holes": float(np.sign(holes) * np.log1p(abs(holes))),
        "mirror overlap": mirror_overlap(structure, frame),
        "log thickness": float(np.log(ndimage.distance_transform_edt(part, sampling=spacing).max())),
    }
    for number, length in enumerate(_main_axes(part, spacing), start=1):
        values[f"log axis {number}"] = length
    for axis, name in enumerate(AXES[dimensions]):
        own = np.flatnonzero(part.any(axis=tuple(a for a in range(dimensions) if a != axis)))
        values[f"log extent {name}"] = float(np.log((own[-1] - own[0] + 1) * spacing[axis]))
    centroid = np.array(ndimage.center_of_mass(part)) + [s.start for s in place]
    for axis, name in enumerate(AXES[dimensions]):
        low, high = frame[axis]
        values[f"place {name}"] = float((centroid[axis] - low) / max(high - low - 1, 1))
    values |= {f"angle q{q:g}": float(v) for q, v in zip(ANGLE_QUANTILES, quantiles, strict=True)}
    return Shape(values, angles, components.counted)


def mirror_overlap(structure: SpatialMask, frame: Sequence[tuple[int, int]]) -> float:
    """Return the Dice overlap of a structure with its mirror image across the middle of the frame, left to right.

    Left and right are the first axis of a volume (RAS+) and the columns of a picture.

    >>> pair = np.array([[1, 0, 0, 1], [1, 0, 0, 0]], bool)
    >>> round(mirror_overlap(pair, [(0, 2), (0, 4)]), 2)
    0.67
    """
    axis = LEFT_RIGHT[structure.ndim]
    inside = np.take(structure, range(*frame[axis]), axis=axis)
    count = int(structure.sum())
    return float((inside & np.flip(inside, axis)).sum() / count)


def sides_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the structures that come in a left and a right one.

    >>> sides_of(["left parotid", "brainstem", "right parotid"])
    [('left parotid', 'right parotid')]
    """
    known = {name.lower(): name for name in names}
    pairs = ((name, known.get(low.replace("left", "right"))) for low, name in known.items() if "left" in low)
    return sorted((left, right) for left, right in pairs if right is not None)


@dataclass(frozen=True)
class _Parts:
    all: int
    counted: int


def _parts(part: SpatialMask) -> tuple[_Parts, float]:
    labels, count = ndimage.label(part, np.ones((3,) * part.ndim))
    sizes = np.bincount(labels.ravel())[1:]
    return _Parts(count, int((sizes >= LEAST_PART * sizes.sum()).sum())), float(sizes.max() / sizes.sum())


def _around(structure: SpatialMask) -> tuple[slice, ...]:
    return tuple(
        slice(max(low - MARGIN, 0), min(high + MARGIN, size))
        for (low, high), size in zip(_bounds(structure), structure.shape, strict=True)
    )


def _bounds(mask: SpatialMask) -> list[tuple[int, int]]:
    found = []
    for axis in range(mask.ndim):
        there = np.flatnonzero(mask.any(axis=tuple(a for a in range(mask.ndim) if a != axis)))
        found.append((int(there[0]), int(there[-1]) + 1))
    return found


def _gradient(part: SpatialMask, spacing: Floats) -> Floats:
    smooth = ndimage.gaussian_filter(part.astype(np.float64), 1.0, truncate=3.0, mode="nearest")
    slopes = [
        np.gradient(smooth, spacing[axis], axis=axis) if size > 1 else np.zeros_like(smooth)
        for axis, size in enumerate(part.shape)
    ]
    return np.stack(slopes)


def _main_axes(part: SpatialMask, spacing: Floats) -> Floats:
    """Logarithm of the spread of its points along its main axes, longest first; turning it changes nothing."""
    points = np.argwhere(part) * spacing
    spread = np.atleast_2d(np.cov(points, rowvar=False, bias=True)) + np.diag(spacing**2 / 12)
    return np.log(np.linalg.eigvalsh(spread)[::-1]) / 2


def _sphericity(volume: float, surface: float, dimensions: int) -> float:
    if surface <= 0:
        return 2.0
    if dimensions == 2:
        return float(2 * np.sqrt(np.pi * volume) / surface)
    return float(np.pi ** (1 / 3) * (6 * volume) ** (2 / 3) / surface)


def _angles(part: SpatialMask, gradient: Floats, strength: Floats, spacing: Floats) -> tuple[Floats, Floats]:
    """Histogram and quantiles of the angle between normals of neighbouring border pixels, in degrees per pixel."""
    border = part & ~ndimage.binary_erosion(part, border_value=1) & (strength > 1e-9)
    points = np.argwhere(border)
    if len(points) < 2:
        return np.zeros(len(ANGLE_BINS) - 1), np.zeros(len(ANGLE_QUANTILES))
    normals = (gradient[:, border] / strength[border]).T
    position = np.full(border.shape, -1)
    position[border] = np.arange(len(points))
    found = []
    for step in product((-1, 0, 1), repeat=part.ndim):
        if step <= (0,) * part.ndim:
            continue
        beside = points + step
        here = ((beside >= 0) & (beside < border.shape)).all(axis=1)
        other = position[tuple(beside[here].T)]
        first, second = np.flatnonzero(here)[other >= 0], other[other >= 0]
        cosine = np.clip((normals[first] * normals[second]).sum(axis=1), -1, 1)
        pixels = float(np.linalg.norm(step * spacing) / spacing.min())
        found.append(np.degrees(np.arccos(cosine)) / pixels)
    angles = np.concatenate(found)
    if not len(angles):
        return np.zeros(len(ANGLE_BINS) - 1), np.zeros(len(ANGLE_QUANTILES))
    counts = np.histogram(angles, ANGLE_BINS)[0].astype(np.float64)
    return counts, np.log1p(np.quantile(angles, ANGLE_QUANTILES))
