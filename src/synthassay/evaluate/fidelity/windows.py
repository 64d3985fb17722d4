"""Sums and weighted means over windows, and the halving of pictures and masks: what windowed measures are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from synthassay.shapes import Spatial, SpatialMask

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """A square or cubic window.

    Attributes:
        size: Pixels along each axis; odd.
        sigma: Standard deviation of Gaussian weights in pixels; None for uniform weights.
        sample: Whether variances and covariances are multiplied by n / (n - 1), n being the window's pixels.
    """

    size: int = 7
    sigma: float | None = None
    sample: bool = True


def window_means(values: Floats, window: Window) -> Floats:
    """Return the weighted mean over each whole window."""
    if window.sigma is None:
        return window_sums(values, (window.size,) * values.ndim) / window.size**values.ndim
    half = window.size // 2
    weights = np.exp(-0.5 * (np.arange(-half, half + 1) / window.sigma) ** 2)
    weights /= weights.sum()
    for axis in range(values.ndim):
        whole = ndimage.correlate1d(values, weights, axis=axis, mode="nearest")
        values = _part(whole, axis, half, values.shape[axis] - half)
    return values


def halved(values: Spatial) -> Floats:
    """Return the means of blocks of two pixels along each axis; an odd last pixel is left out."""
    for axis in range(values.ndim):
        even = values.shape[axis] // 2 * 2
        values = np.add(_every_other(values, axis, 0, even), _every_other(values, axis, 1, even), dtype=np.float64)
    return values * 0.5**values.ndim


def halved_mask(mask: SpatialMask) -> SpatialMask:
    """Return where all pixels of a block of two along each axis are in the mask."""
    for axis in range(mask.ndim):
        even = mask.shape[axis] // 2 * 2
        mask = _every_other(mask, axis, 0, even) & _every_other(mask, axis, 1, even)
    return mask


def _every_other(values: np.ndarray, axis: int, start: int, stop: int) -> np.ndarray:
    return values[(slice(None),) * axis + (slice(start, stop, 2),)]


def window_sums(values: Floats, window: tuple[int, ...]) -> Floats:
    """Return the sum over each whole window.

    Sums of 1, 2, 4, ... neighbours are doubled and put together by the binary digits of the window's size: a few
    additions of whole arrays, and none of the error that a running sum carries along a line.
    """
    for axis, size in enumerate(window):
        left = values.shape[axis] - size + 1
        part, width, offset, rest = values, 1, 0, size
        total: Floats | None = None
        while rest:
            if rest % 2:
                piece = _part(part, axis, offset, offset + left)
                total = piece if total is None else total + piece
                offset += width
            rest //= 2
            if rest:
                length = part.shape[axis]
                part = _part(part, axis, 0, length - width) + _part(part, axis, width, length)
                width *= 2
        assert total is not None
        values = total
    return values


def _part(values: Floats, axis: int, start: int, stop: int) -> Floats:
    return values[(slice(None),) * axis + (slice(start, stop),)]
