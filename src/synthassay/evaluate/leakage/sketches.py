"""What is kept of an image in which copies are sought however they are disguised: its detail on a small fixed grid.

A sketch is the image averaged down to a grid that is the same for all sizes, without its slow changes of brightness:
two patients share those (lungs are dark in every radiograph), a copy shares the detail. Beside it stand magnitudes of
low frequencies, which hardly change when an image is moved; by them the few images are found that are worth comparing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

GRID = {2: 64, 3: 24}
SLOW = 16  # what changes over more than a sixteenth of the grid is taken out
LOW_FREQUENCIES = {2: 8, 3: 4}
ROWS_AT_ONCE = 128
SMALLEST_MAGNITUDE = 1e-3

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sketches:
    """Sketches of a set of images.

    Attributes:
        averaged: ``cases *grid``: images averaged down, values from 0 to 255 between each image's own extremes; may lie
            on disk.
        places: Row of each case in ``averaged``.
        spectra: ``cases values``, float32.
    """

    averaged: NDArray[np.uint8]
    places: NDArray[np.intp]
    spectra: Floats

    def __len__(self) -> int:
        return len(self.places)

    def detail(self, rows: NDArray[np.intp] | slice, zoom: float = 1.0) -> Floats:
        """Return the detail of some images, ``cases *grid``, mean 0 and length 1, of their middle part ``zoom``."""
        return sharpened(self.averaged[self.places[rows]].astype(np.float32), zoom)


def sketches_of(averaged: NDArray[np.uint8], places: NDArray[np.intp] | None = None) -> Sketches:
    """Return the sketches of images that were averaged down; spectra are computed block by block.

    Args:
        averaged: ``images *grid``.
        places: Which rows of it; all where absent.
    """
    places = np.arange(len(averaged)) if places is None else places
    blocks = (averaged[places[start : start + ROWS_AT_ONCE]] for start in range(0, len(places), ROWS_AT_ONCE))
    spectra = np.concatenate([spectrum(sharpened(block.astype(np.float32))) for block in blocks])
    return Sketches(averaged, places, spectra)


def averaged_down(pixels: np.ndarray) -> NDArray[np.uint8]:
    """Return one image on the fixed grid as whole numbers from 0 to 255.

    Args:
        pixels: ``channels *space``; channels are averaged.

    Returns:
        ``*grid``; a constant image is 0 everywhere.

    Example:
        >>> picture = np.arange(40.0 * 50).reshape(1, 40, 50)
        >>> bool((averaged_down(picture) == averaged_down(3 * picture + 7)).all())
        True
    """
    small = pixels.mean(axis=0, dtype=np.float64)
    for axis, size in enumerate(small.shape):
        small = np.moveaxis(np.tensordot(_averaging(size, GRID[pixels.ndim - 1]), small, (1, axis)), 0, axis)
    low, high = small.min(), small.max()
    scale = 255 / (high - low) if high - low > 1e-9 * max(abs(low), abs(high), 1e-300) else 0.0
    return np.round((small - low) * scale).astype(np.uint8)


def sharpened(averaged: Floats, zoom: float = 1.0) -> Floats:
    """Return detail: the middle part ``zoom`` of each image on the whole grid, less its slow changes; length 1."""
    size = averaged.shape[-1]
    axes = range(1, averaged.ndim)
    moved = averaged if zoom == 1 else _along(averaged, _zooming(size, zoom), axes)
    detail = moved - _along(moved, _blurring(size), axes)
    rows = detail.reshape(len(detail), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(length > 1e-3, rows / np.maximum(length, 1e-3), 0).astype(np.float32).reshape(detail.shape)


def spectrum(detail: Floats) -> Floats:
    """Return log magnitudes of low frequencies, ``cases values``, of what a Hann window leaves of the rim."""
    dimensions = detail.ndim - 1
    size, low = detail.shape[-1], LOW_FREQUENCIES[dimensions]
    window = np.sqrt(np.hanning(size + 2)[1:-1]).astype(np.float32)
    for axis in range(dimensions):
        detail = detail * window.reshape([-1 if i == axis else 1 for i in range(dimensions)])
    magnitude = np.abs(fft.rfftn(detail, axes=range(1, dimensions + 1)))
    kept = [k % size for k in range(-low, low + 1)]
    for axis in range(1, dimensions + 1):
        magnitude = np.take(magnitude, list(range(low + 1)) if axis == dimensions else kept, axis=axis)
    return np.log(magnitude + SMALLEST_MAGNITUDE).reshape(len(detail), -1).astype(np.float32)


def mirrorings(dimensions: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Yield pairs of axes to mirror that give one spectrum: an image mirrored along all axes keeps its own.

    >>> list(mirrorings(2))
    [((), (1, 2)), ((2,), (1,))]
    """
    axes = tuple(range(1, dimensions + 1))
    for flips in product((False, True), repeat=dimensions - 1):
        chosen = tuple(axis for axis, flip in zip(axes[1:], flips, strict=True) if flip)
        yield chosen, tuple(axis for axis in axes if axis not in chosen)


def _along(values: Floats, matrix: Floats, axes: range) -> Floats:
    for axis in axes:
        values = np.moveaxis(np.tensordot(values, matrix, (axis, 1)), -1, axis)
    return values


@cache
def _averaging(size: int, grid: int) -> NDArray[np.float64]:
    edges = np.linspace(0, size, grid + 1)
    cells = np.arange(size)
    shared = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    weights = np.clip(shared, 0, None)
    return weights / weights.sum(axis=1, keepdims=True)


@cache
def _zooming(size: int, zoom: float) -> Floats:
    middle = (size - 1) / 2
    place = (np.arange(size) - middle) * zoom + middle
    below = np.clip(np.floor(place).astype(int), 0, size - 2)
    matrix = np.zeros((size, size), np.float32)
    matrix[np.arange(size), below] = 1 - (place - below)
    matrix[np.arange(size), below + 1] = place - below
    return matrix


@cache
def _blurring(size: int) -> Floats:
    return ndimage.gaussian_filter1d(np.eye(size), size / SLOW, axis=0, mode="nearest").astype(np.float32)
