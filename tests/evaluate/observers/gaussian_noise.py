"""Gaussian noise with a known spectrum, in which every linear observer's d' has a closed form."""

from __future__ import annotations

import numpy as np

SIZE = 32
SPACING = (0.5, 0.5)
POWER_LAW = 2.0


def lesion(diameter_mm: float = 4.0, contrast: float = 1.0) -> np.ndarray:
    """A blurred disc in the middle of the picture (between pixels, as channels are)."""
    axis = (np.arange(SIZE) - (SIZE - 1) / 2) * SPACING[0]
    radius = np.hypot(axis[:, None], axis[None])
    return contrast / (1 + np.exp((radius - diameter_mm / 2) / 0.3))


def spectrum(kind: str) -> np.ndarray:
    """Variance per Fourier mode: white, or falling with frequency as anatomy does."""
    if kind == "white":
        return np.full((SIZE, SIZE), 4.0)
    f = np.hypot(np.fft.fftfreq(SIZE, SPACING[0])[:, None], np.fft.fftfreq(SIZE, SPACING[1])[None])
    return 0.2 + 0.4 / (f + 0.05) ** POWER_LAW / 10


def noise(kind: str, count: int, seed: int) -> np.ndarray:
    """Noise pictures with that spectrum."""
    white = np.random.default_rng(seed).normal(size=(count, SIZE, SIZE))
    return np.fft.ifft2(np.fft.fft2(white) * np.sqrt(spectrum(kind))).real


def covariance(kind: str) -> np.ndarray:
    """The full covariance matrix, which a periodic stationary noise has."""
    first = np.fft.ifft2(spectrum(kind)).real
    rows, columns = np.unravel_index(np.arange(SIZE * SIZE), (SIZE, SIZE))
    return first[(rows[:, None] - rows) % SIZE, (columns[:, None] - columns) % SIZE]
