"""The radially averaged power spectrum of a picture by physical frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from synthassay.errors import NotMeasured
from synthassay.shapes import Spatial, SpatialMask

Floats = NDArray[np.float64]
RIM = 4  # pixels over which the window falls to 0 at the outline of a mask


def box_of(mask: SpatialMask) -> tuple[slice, ...]:
    """Return the smallest box that holds the mask."""
    found = ndimage.find_objects(mask.astype(np.uint8))[0]
    return tuple(found)


def hann(mask: SpatialMask) -> Floats:
    """Return a Hann window over the whole array that also falls smoothly to 0 at the outline of the mask.

    Raises:
        NotMeasured: The mask is nowhere thick enough for that.
    """
    window = np.ones(mask.shape)
    if not mask.all():
        core = mask.astype(np.float64)
        for axis in range(mask.ndim):
            core = ndimage.minimum_filter1d(core, 2 * RIM + 1, axis=axis, mode="nearest")
        if not core.any():
            raise NotMeasured(f"its mask is nowhere {2 * RIM + 1} pixels thick, so that no window fits in it")
        for axis in range(mask.ndim):
            for _ in range(2):
                core = ndimage.uniform_filter1d(core, RIM + 1, axis=axis, mode="nearest")
        window = np.where(mask & (core > 1e-12), core, 0.0)
    for axis, size in enumerate(mask.shape):
        profile = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)
        window *= profile.reshape([-1 if i == axis else 1 for i in range(mask.ndim)])
    return window


def shells(space: tuple[int, ...], spacing: tuple[float, ...]) -> tuple[float, int]:
    """Return the width of a shell in cycles per mm and how many shells lie at or below the coarsest axis' Nyquist.

    A shell is as wide as the coarsest step between frequencies, so that every axis has its part in each.
    """
    width = max(1 / (size * step) for size, step in zip(space, spacing, strict=True))
    return width, int(0.5 / max(spacing) / width + 1e-6)


def radial_power(values: Spatial, window: Floats, spacing: tuple[float, ...]) -> Floats:
    """Return the mean power in each shell, the first lying at one width; the windowed mean is subtracted first."""
    width, count = shells(values.shape, spacing)
    field = values.astype(np.float64)
    field -= float((field * window).sum() / window.sum())
    field *= window
    transformed = fft.rfftn(field, overwrite_x=True)
    along = [fft.fftfreq(n, h) for n, h in zip(values.shape[:-1], spacing[:-1], strict=True)]
    squares = [np.square(f / width) for f in (*along, fft.rfftfreq(values.shape[-1], spacing[-1]))]
    rest = squares[1]
    for more in squares[2:]:
        rest = rest[..., None] + more
    twice = np.full(transformed.shape[-1], 2.0)  # each frequency of the half plane stands for its opposite too
    twice[0] = 1.0
    if values.shape[-1] % 2 == 0:
        twice[-1] = 1.0
    weights = np.broadcast_to(twice, rest.shape).ravel()
    power, number = np.zeros(count + 1), np.zeros(count + 1)
    for row, first in zip(transformed, squares[0], strict=True):
        shell = np.sqrt(rest + first).ravel()
        kept = np.flatnonzero(shell < count + 0.5)
        index = (shell[kept] + 0.5).astype(np.intp)
        found = row.ravel()[kept]
        power += np.bincount(index, weights[kept] * (found.real**2 + found.imag**2), count + 1)[: count + 1]
        number += np.bincount(index, weights[kept], count + 1)[: count + 1]
    return power[1:] / number[1:]
