"""Pictures and volumes that tests of paired measures share."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def smooth(shape, seed=0, sigma=2):
    """A smooth random field between 0 and 1."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=shape), sigma)
    return (field - field.min()) / np.ptp(field)


def noisy(field, seed=1, scale=0.05):
    return field + np.random.default_rng(seed).normal(scale=scale, size=field.shape)


def ball(shape, share=0.8):
    """A mask: the ellipsoid that fills ``share`` of the way to each border."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    return sum(axis**2 for axis in axes) < share**2
