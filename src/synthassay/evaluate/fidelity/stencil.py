"""Pixels whose neighbours are all inside the mask, and gradients made of neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.shapes import Spatial, SpatialMask

Floats = NDArray[np.float64]
SLAB_VALUES = 400_000


def with_neighbours(where: SpatialMask) -> SpatialMask:
    """Return the pixels of which both neighbours along each axis are in ``where`` too; none at the border."""
    found = where.copy()
    for axis in range(where.ndim):
        found &= _neighboured(where, axis)
    return found


def with_block(where: SpatialMask) -> SpatialMask:
    """Return the pixels of which the whole 3 x 3 (x 3) block is in ``where``; none at the border."""
    for axis in range(where.ndim):
        where = where & _neighboured(where, axis)
    return where


def known_spacing(spacing_mm: tuple[float, ...], space: tuple[int, ...]) -> tuple[float, ...]:
    """Return the spacing.

    Raises:
        NotMeasured: It is unknown, not positive, or of another number of axes.
    """
    if not spacing_mm:
        raise NotMeasured("the size of its pixels in mm is unknown")
    if len(spacing_mm) != len(space) or min(spacing_mm) <= 0:
        raise NotMeasured(f"its pixels are {spacing_mm} mm along {len(space)} axes, which is impossible")
    return spacing_mm


def spacing_or_square(spacing_mm: tuple[float, ...], space: tuple[int, ...]) -> tuple[float, ...]:
    """Return the spacing, or 1 along each axis where it is unknown, for what only compares lengths with each other.

    Raises:
        NotMeasured: It is not positive, or of another number of axes.
    """
    return known_spacing(spacing_mm or (1.0,) * len(space), space)


def gradient_slabs(values: Spatial, spacing: tuple[float, ...]) -> Iterator[tuple[slice, Floats]]:
    """Yield slabs of the gradient's magnitude by central differences, with the rows that they are.

    Pixels at the border are 0 and mean nothing.
    """
    step = max(1, SLAB_VALUES // max(1, values[0].size))
    last = len(values) - 1
    for start in range(1, last, step):
        rows = slice(start, min(start + step, last))
        piece = values[rows.start - 1 : rows.stop + 1].astype(np.float64)
        squares = np.square((piece[2:] - piece[:-2]) / (2 * spacing[0]))
        middle = piece[1:-1]
        for axis in range(1, values.ndim):
            whole = (slice(None),) * axis
            difference = middle[(*whole, slice(2, None))] - middle[(*whole, slice(None, -2))]
            squares[(*whole, slice(1, -1))] += np.square(difference / (2 * spacing[axis]))
        yield rows, np.sqrt(squares)


def _neighboured(where: SpatialMask, axis: int) -> SpatialMask:
    found = np.zeros_like(where)
    ahead = (slice(None),) * axis
    found[(*ahead, slice(1, -1))] = where[(*ahead, slice(2, None))] & where[(*ahead, slice(None, -2))]
    return found
