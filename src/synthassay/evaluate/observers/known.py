"""Linear observers of a known signal in noise whose statistics are known: the closed forms that estimates must meet.

The noise is stationary on a periodic grid, so that its covariance is diagonal in the Fourier domain. ``spectrum`` is
the variance per Fourier mode: the discrete Fourier transform of the autocovariance, which is the noise power spectrum
in unit² mm² divided by the area of a pixel. White noise of standard deviation s has ``spectrum = s**2`` everywhere.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from synthassay.errors import NotMeasured

EYE_EXPONENT, EYE_PEAK = 1.3, 4.0  # cycles per degree
VIEWING_MM = 500.0

Floats = NDArray[np.float64]


def prewhitening(signal: ArrayLike, spectrum: ArrayLike) -> float:
    """Return d' of the ideal observer of a known signal in stationary Gaussian noise, the prewhitening matched filter.

    d'² = 1/N Σ |S|² / W over Fourier modes, with N the number of pixels.

    Args:
        signal: ``*space``: what the lesion adds.
        spectrum: ``*space``: variance per Fourier mode, in the order of ``numpy.fft``; or one number for white noise.

    Returns:
        d' of at least 0, without unit.

    Raises:
        NotMeasured: The spectrum is not positive everywhere, so that some detail carries no noise and d' is infinite.

    Source: Barrett and Myers, Foundations of Image Science (2004), chapter 13; ICRU Report 54 (1996).

    >>> lesion = np.zeros((16, 16)); lesion[6:9, 6:9] = 2.0
    >>> round(prewhitening(lesion, 4.0), 4)  # white noise: energy over variance
    3.0
    """
    power, variance = _modes(signal, spectrum)
    if not (variance > 0).all():
        raise NotMeasured("the noise has no power at some frequencies, where an ideal observer would see everything")
    return math.sqrt(float((power / variance).sum()) / power.size)


def non_prewhitening(signal: ArrayLike, spectrum: ArrayLike, eye: ArrayLike | None = None) -> float:
    """Return d' of an observer that matches the signal's shape and does not undo the noise's correlation.

    d'² = (Σ E² |S|²)² / (N Σ E⁴ |S|² W), with E the eye filter; equal to the ideal observer's in white noise without a
    filter, and lower in any other noise.

    Args:
        signal: ``*space``.
        spectrum: Variance per Fourier mode, or one number for white noise.
        eye: Sensitivity of the eye per mode (``eye_filter``); 1 everywhere where None.

    Raises:
        NotMeasured: Neither signal nor noise passes the eye, so that there is no d'.

    Source: Burgess, J Opt Soc Am A 11:1237 (1994), doi:10.1364/JOSAA.11.001237.

    >>> lesion = np.zeros((16, 16)); lesion[6:9, 6:9] = 2.0
    >>> round(non_prewhitening(lesion, 4.0), 4)
    3.0
    """
    power, variance = _modes(signal, spectrum)
    seen = np.ones_like(power) if eye is None else np.broadcast_to(np.asarray(eye, np.float64), power.shape) ** 2
    noise = float((seen**2 * power * variance).sum()) * power.size
    if noise <= 0:
        raise NotMeasured("the observer's template meets no noise at all")
    return float((seen * power).sum()) / math.sqrt(noise)


def hotelling(signal: ArrayLike, covariance: ArrayLike) -> float:
    """Return d' of the best linear observer for any known covariance: d'² = sᵀ K⁻¹ s.

    Args:
        signal: ``values``: the signal, or its channel outputs.
        covariance: ``values values``.

    Raises:
        NotMeasured: The covariance is singular.

    Source: Barrett and Myers, Foundations of Image Science (2004), chapter 13.

    >>> round(hotelling([1.0, 1.0], [[1.0, 0.5], [0.5, 1.0]]), 4)
    1.1547
    """
    s = np.asarray(signal, np.float64).ravel()
    return math.sqrt(max(float(s @ template(s, np.asarray(covariance, np.float64))), 0.0))


def template(difference: Floats, covariance: Floats) -> Floats:
    """Return the Hotelling template K⁻¹ s.

    Raises:
        NotMeasured: The covariance is singular.
    """
    try:
        factor = linalg.cho_factor(covariance, lower=True)
    except linalg.LinAlgError:
        raise NotMeasured("the covariance of the observer's channels is singular") from None
    solved: Floats = linalg.cho_solve(factor, difference)
    return solved


def eye_filter(
    shape: tuple[int, int], spacing_mm: tuple[float, float], *, viewing_mm: float = VIEWING_MM, magnified: float = 1.0
) -> Floats:
    """Return E(f) = f^1.3 exp(-c f²), 1 at its peak of 4 cycles per degree, per Fourier mode of a picture.

    Args:
        shape: Size in pixels.
        spacing_mm: Pixel size.
        viewing_mm: Distance from the eye to the screen.
        magnified: Millimetres on the screen per millimetre in the patient.

    Source: Burgess 1994, doi:10.1364/JOSAA.11.001237.
    """
    per_mm = frequency_grid(shape, spacing_mm)
    per_degree = per_mm / magnified * viewing_mm * math.tan(math.radians(1.0))
    decay = EYE_EXPONENT / (2 * EYE_PEAK**2)
    peak = EYE_PEAK**EYE_EXPONENT * math.exp(-decay * EYE_PEAK**2)
    return per_degree**EYE_EXPONENT * np.exp(-decay * per_degree**2) / peak


def frequency_grid(shape: tuple[int, ...], spacing_mm: tuple[float, ...]) -> Floats:
    """Return the radial frequency of each Fourier mode in cycles per mm, in the order of ``numpy.fft``."""
    axes = np.meshgrid(
        *(np.fft.fftfreq(n, step) for n, step in zip(shape, spacing_mm, strict=True)), indexing="ij", sparse=True
    )
    return np.sqrt(sum(axis**2 for axis in axes))


def _modes(signal: ArrayLike, spectrum: ArrayLike) -> tuple[Floats, Floats]:
    s = np.asarray(signal, np.float64)
    if not np.isfinite(s).all():
        raise NotMeasured("the signal has values that are not finite")
    power = np.abs(np.fft.fftn(s)) ** 2
    return power, np.broadcast_to(np.asarray(spectrum, np.float64), power.shape)
