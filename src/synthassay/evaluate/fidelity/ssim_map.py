"""The structural similarity of two pictures around each pixel, slab by slab, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import quiet_outside
from synthassay.shapes import Pixels, SpatialMask

WINDOW = 7
K1, K2 = 0.01, 0.03
SLAB_VALUES = 800_000

Floats = NDArray[np.float64]

SETTINGS: dict[str, str | float | int | bool] = {
    "window": WINDOW,
    "weights": "uniform",
    "covariance": "sample (n - 1)",
    "k1": K1,
    "k2": K2,
    "border": "windows that leave the picture are left out",
    "zero": "low end of the data range",
}


def mean_ssim(
    synthetic: Pixels,
    reference: Pixels,
    data_range: tuple[float, float],
    mask: SpatialMask | None,
    window: tuple[int, ...],
) -> float:
    """Return the mean over the mask of the structural similarity map; ``window`` is the box size per spatial axis.

    Raises:
        NotMeasured: As ``inside``; or the picture is smaller than the window; or no whole window lies in the mask.
    """
    first, second = quiet_outside(synthetic, reference, mask, data_range[0])
    for axis, (size, box) in enumerate(zip(first.shape[1:], window, strict=True)):
        if size < box:
            raise NotMeasured(f"it has {size} pixels along axis {axis}, fewer than the window of {box}")
    kept = tuple(slice(box // 2, size - box // 2) for size, box in zip(first.shape[1:], window, strict=True))
    where = np.ones(first.shape[1:], bool)[kept] if mask is None else mask[kept]
    if not where.any():
        raise NotMeasured("its mask lies within half a window of the border")
    span, low = data_range[1] - data_range[0], data_range[0]
    total, start = 0.0, 0
    for one, two in zip(first - low, second - low, strict=True):
        start = 0
        for piece in _slabs(one, two, span, window):
            total += float(piece[where[start : start + len(piece)]].sum())
            start += len(piece)
    return total / (len(first) * int(where.sum()))


def _slabs(one: Floats, two: Floats, span: float, window: tuple[int, ...]) -> Iterator[Floats]:
    halo = window[0] - 1
    step = max(1, SLAB_VALUES // max(1, one[0].size))
    for start in range(0, len(one) - halo, step):
        stop = min(start + step + halo, len(one))
        yield _map(one[start:stop], two[start:stop], span, window)


def _map(one: Floats, two: Floats, span: float, window: tuple[int, ...]) -> Floats:
    """Wang et al. 2004, eq. 13, on whole windows: two in-place steps per term keep it in the cache."""
    kept = tuple(slice(box // 2, size - box // 2) for size, box in zip(one.shape, window, strict=True))
    count = int(np.prod(window))
    sample = count / (count - 1)

    def mean(values: Floats) -> Floats:
        return ndimage.uniform_filter(values, window)[kept]

    mean_one, mean_two = mean(one), mean(two)
    product = mean_one * mean_two
    squares = mean_one**2 + mean_two**2
    variances = sample * (mean(one**2 + two**2) - squares)  # only the sum of both variances is needed
    covariance = sample * (mean(one * two) - product)
    c1, c2 = (K1 * span) ** 2, (K2 * span) ** 2
    return (2 * product + c1) * (2 * covariance + c2) / ((squares + c1) * (variances + c2))
