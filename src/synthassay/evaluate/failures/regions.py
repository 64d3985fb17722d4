"""What of an image is not anatomy: its frame, and its grey levels without their places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from synthassay.errors import NotMeasured
from synthassay.shapes import Pixels

BLOCKS = {2: 16, 3: 8}  # per side, by the number of axes
FRAME = 8  # the frame is this part of a side, at either end
QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def frame_values(pixels: Pixels) -> NDArray[np.float64]:
    """Return mean and maximum of each block in the outer eighth at each end of each side, per channel.

    The maximum keeps thin letters that a mean would wash out. Blocks divide any size into the same number, so images of
    several sizes can be compared.

    Args:
        pixels: ``channels *space``, two or three axes of at least 16 or 8.

    Raises:
        NotMeasured: The image is smaller, or has values that are not finite.
    """
    _check(pixels)
    space = pixels.shape[1:]
    blocks = BLOCKS.get(len(space), 0)
    if not blocks or min(space) < blocks:
        raise NotMeasured(f"a frame needs sides of at least {blocks or 16} pixels, and the image has {space}")
    inner = np.zeros((blocks,) * len(space), bool)
    border = blocks // FRAME
    inner[(slice(border, -border),) * len(space)] = True
    found = []
    for reduce in (np.add, np.maximum):
        reduced = pixels.astype(np.float64)
        for axis, side in enumerate(space, 1):
            starts = np.arange(blocks) * side // blocks
            reduced = reduce.reduceat(reduced, starts, axis=axis)
            if reduce is np.add:
                sizes = np.diff(np.r_[starts, side]).reshape((-1,) + (1,) * (len(space) - axis))
                reduced = reduced / sizes
        found.append(reduced[:, ~inner].ravel())
    return np.concatenate(found)


def grey_values(pixels: Pixels) -> NDArray[np.float64]:
    """Return nine quantiles, mean, SD, skewness and kurtosis of each channel; both 0 for a constant image.

    Raises:
        NotMeasured: The image has values that are not finite.
    """
    _check(pixels)
    found = []
    for channel in pixels.reshape(len(pixels), -1).astype(np.float64):
        even = np.ptp(channel) <= 1e-9 * max(1.0, float(np.abs(channel).max()))
        shape = (0.0, 0.0) if even else (float(stats.skew(channel)), float(stats.kurtosis(channel)))
        found.append([*np.quantile(channel, QUANTILES), channel.mean(), channel.std(), *shape])
    return np.concatenate(found)


def _check(pixels: Pixels) -> None:
    bad = int((~np.isfinite(pixels)).sum())
    if bad:
        raise NotMeasured(f"an image has {bad} values that are not finite")
