"""The positive control: a real image, degraded so plainly that a reader who looks must see it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.images.image import Image

BLUR_SHARE, CELL_SHARE, CELL_STRENGTH = 0.025, 0.06, 0.8


def degraded(image: Image, rng: np.random.Generator) -> Image:
    """Return the image blurred and overlaid with a coarse lattice, as old generators left it.

    Size, pixel type, and lowest and highest value stay, so that the control is seen in the picture and not in the file.

    Args:
        image: Picture or volume.
        rng: Phase of the lattice.
    """
    pixels = image.pixels.astype(np.float64)
    low, high = float(pixels.min()), float(pixels.max())
    side = min(image.space[:2])
    in_plane = [BLUR_SHARE * side] * 2 + [0.0] * (len(image.space) - 2)
    cell = max(3.0, CELL_SHARE * side)
    phase = rng.uniform(0, 2 * np.pi, size=2)
    across = np.sin(2 * np.pi * np.arange(image.space[0]) / cell + phase[0])
    along = np.sin(2 * np.pi * np.arange(image.space[1]) / cell + phase[1])
    lattice = np.multiply.outer(across, along).reshape(image.space[0], image.space[1], *[1] * (len(image.space) - 2))
    spread = float(pixels.std()) * CELL_STRENGTH
    planes = np.stack([ndimage.gaussian_filter(plane, in_plane, mode="nearest") for plane in pixels])
    mixed = np.clip(planes + spread * lattice, low, high)
    if np.issubdtype(image.pixels.dtype, np.integer):
        mixed = np.rint(mixed)
    mixed.flat[int(pixels.argmin())], mixed.flat[int(pixels.argmax())] = low, high
    return image.with_pixels(mixed.astype(image.pixels.dtype))
