"""Pictures of known noise, blur and shading."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

WHOLE = np.ones((96, 96), bool)


def white(seed: int = 0, side: int = 96, scale: float = 10.0) -> np.ndarray:
    """White noise, ``1 rows columns``."""
    return np.random.default_rng(seed).normal(scale=scale, size=(1, side, side))


def blurred_noise(sigma: float, seed: int = 0, side: int = 96) -> np.ndarray:
    """White noise after a periodic Gaussian filter of known response, of standard deviation 10."""
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    response = np.exp(-2 * (np.pi * sigma * f) ** 2)
    shaped = np.fft.ifft2(np.fft.fft2(white(seed, side)[0]) * response).real
    return shaped[None] / np.sqrt((response**2).mean())


def disc(sigma: float, *, side: int = 96, radius: float = 28.0, shift: float = 0.0, finer: int = 8) -> np.ndarray:
    """A disc of 100 on 0, blurred by a Gaussian of ``sigma`` pixels before it is sampled; ``1 rows columns``."""
    at = (np.arange(side * finer) + 0.5) / finer - 0.5
    fine = np.hypot(at[:, None] - side / 2 + 0.3 + shift, at[None] - side / 2 - 0.2) < radius
    smooth = ndimage.gaussian_filter(fine.astype(np.float64), sigma * finer)
    return 100 * smooth[finer // 2 :: finer, finer // 2 :: finer][None]
