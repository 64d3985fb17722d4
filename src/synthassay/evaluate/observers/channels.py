"""Channels: the few numbers to which a channelised observer reduces a picture before it decides."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from synthassay.errors import NotMeasured

GABOR_ANGLES = 4
GABOR_BANDS = 3
LEAST_PIXELS = 1.5

Floats = NDArray[np.float64]


def laguerre_gauss(shape: tuple[int, int], spacing_mm: tuple[float, float], *, width_mm: float, count: int) -> Floats:
    """Return Laguerre-Gauss channels u_p(r) = √2/a exp(-πr²/a²) L_p(2πr²/a²), centred on the picture.

    They are a basis for everything with rotational symmetry, so with enough of them the observer comes near the ideal
    one for a round lesion in isotropic noise.

    Args:
        shape: Size in pixels.
        spacing_mm: Pixel size.
        width_mm: a, the width of the Gaussian at exp(-π).
        count: Number of channels.

    Returns:
        ``channels rows columns``, orthonormal under the integral over millimetres.

    Raises:
        NotMeasured: The width is below 1.5 pixels, so that the channels cannot be drawn.

    Source: Gallas and Barrett, J Opt Soc Am A 20:1725 (2003), doi:10.1364/JOSAA.20.001725.

    >>> u = laguerre_gauss((64, 64), (0.5, 0.5), width_mm=8.0, count=3).reshape(3, -1)
    >>> np.round(u @ u.T * 0.25, 6) + 0.0
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    if width_mm < LEAST_PIXELS * max(spacing_mm):
        raise NotMeasured(f"channels of {width_mm:g} mm are too narrow for pixels of {max(spacing_mm):g} mm")
    rows, columns = _millimetres(shape, spacing_mm)
    squared = 2 * math.pi * (rows**2 + columns**2) / width_mm**2
    bell = math.sqrt(2) / width_mm * np.exp(-squared / 2)
    return np.stack([bell * special.eval_laguerre(p, squared) for p in range(count)])


def gabor(
    shape: tuple[int, int],
    spacing_mm: tuple[float, float],
    *,
    highest_per_mm: float,
    bands: int = GABOR_BANDS,
    angles: int = GABOR_ANGLES,
) -> Floats:
    """Return Gabor channels: even waves under a Gaussian, one octave wide, in some bands and orientations.

    exp(-4 ln2 r²/w²) cos(2πf·x), less its mean, so that a channel answers to detail and not to brightness. The width
    w = 6 ln2 / (πf) puts one octave between the half heights of the channel's passband.

    Args:
        shape: Size in pixels.
        spacing_mm: Pixel size.
        highest_per_mm: Frequency of the highest band in cycles per mm; each further band lies an octave lower.
        bands: Number of bands.
        angles: Orientations, evenly over half a turn.

    Returns:
        ``channels rows columns``, each of unit norm.

    Raises:
        NotMeasured: The highest band lies above the pixels' Nyquist frequency.

    Source: Yu et al., Med Phys 40:041908 (2013), doi:10.1118/1.4794498.

    >>> gabor((33, 33), (1.0, 1.0), highest_per_mm=0.25).shape
    (12, 33, 33)
    """
    if highest_per_mm > 0.5 / max(spacing_mm):
        raise NotMeasured(
            f"a band at {highest_per_mm:.3g} cycles per mm cannot be drawn with pixels of {max(spacing_mm):g} mm"
        )
    rows, columns = _millimetres(shape, spacing_mm)
    drawn = []
    for band in range(bands):
        frequency = highest_per_mm / 2**band
        width = 6 * math.log(2) / (math.pi * frequency)
        bell = np.exp(-4 * math.log(2) * (rows**2 + columns**2) / width**2)
        for angle in np.arange(angles) * math.pi / angles:
            along = rows * math.cos(angle) + columns * math.sin(angle)
            wave = bell * np.cos(2 * math.pi * frequency * along)
            wave -= bell * wave.sum() / bell.sum()
            drawn.append(wave / np.linalg.norm(wave))
    return np.stack(drawn)


def _millimetres(shape: tuple[int, int], spacing_mm: tuple[float, float]) -> tuple[Floats, Floats]:
    rows, columns = (
        np.asarray((np.arange(n) - (n - 1) / 2) * step, np.float64) for n, step in zip(shape, spacing_mm, strict=True)
    )
    return rows[:, None], columns[None, :]
