"""Low resolution made from a real image: what a coarser grid of the same scanner would have shown, on the fine grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.fft import irfftn, rfftn

from synthassay.errors import ImageError
from synthassay.shapes import Spatial

Degradation = Literal["average", "fourier"]


def lower_resolution(
    values: Spatial, factors: Sequence[int], how: Degradation = "average", where: str = "image"
) -> Spatial:
    """Return the image as coarse pixels, each repeated over the fine ones that it covers: the grid stays.

    ``average`` takes the mean over each coarse pixel, the profile of a detector element or of a thick slice.
    ``fourier`` keeps the spatial frequencies that the coarse grid can hold and no others, as MR does with fewer
    phase-encoding steps, and reads the result at the middle of each coarse pixel; it rings at edges, as that does.
    Nothing is added: noise is averaged down as a longer acquisition would have it.

    Args:
        values: ``*space``.
        factors: Fine pixels per coarse pixel along each axis; 1 leaves an axis. What is left over at an end makes a
            smaller coarse pixel.
        how: ``average`` or ``fourier``.
        where: Name of the case, for the message.

    Returns:
        float32 ``*space``.

    Raises:
        ImageError: An axis is shorter than two coarse pixels.

    Source:
        Greenspan, Comput J 52:43 (2009), doi:10.1093/comjnl/bxm075, section 2 (the observation model).

    >>> lower_resolution(np.array([[1.0, 3.0, 5.0, 7.0, 9.0]]), (1, 2))
    array([[2., 2., 6., 6., 9.]], dtype=float32)
    """
    for size, factor in zip(values.shape, factors, strict=True):
        if factor > 1 and size < 2 * factor:
            what = f"has {size} pixels along an axis, too few for coarse pixels of {factor}"
            raise ImageError(where, what, remedy="Choose a smaller [super_resolve] factor.")
    kept = values.astype(np.float64)
    if how == "fourier":
        kept = _low_frequencies(kept, factors)
    for axis, factor in enumerate(factors):
        kept = kept if factor == 1 else _coarse(kept, axis, factor, middle=how == "fourier")
    return np.ascontiguousarray(kept, dtype=np.float32)


def _coarse(values: np.ndarray, axis: int, factor: int, *, middle: bool) -> np.ndarray:
    size = values.shape[axis]
    starts = np.arange(0, size, factor)
    lengths = np.diff([*starts, size])
    if middle:
        lower, upper = starts + (lengths - 1) // 2, starts + lengths // 2
        coarse = (np.take(values, lower, axis) + np.take(values, upper, axis)) / 2
    else:
        shape = [1] * values.ndim
        shape[axis] = -1
        coarse = np.add.reduceat(values, starts, axis) / lengths.reshape(shape)
    return np.repeat(coarse, lengths, axis)


def _low_frequencies(values: np.ndarray, factors: Sequence[int]) -> np.ndarray:
    spectrum = rfftn(values)
    for axis, (size, factor) in enumerate(zip(values.shape, factors, strict=True)):
        last = axis == values.ndim - 1
        cycles = np.fft.rfftfreq(size) if last else np.fft.fftfreq(size)
        shape = [1] * values.ndim
        shape[axis] = -1
        spectrum = spectrum * (np.abs(cycles) <= 0.5 / factor).reshape(shape)
    low: np.ndarray = irfftn(spectrum, s=values.shape)
    return low
