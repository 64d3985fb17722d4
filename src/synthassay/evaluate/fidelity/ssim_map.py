"""The structural similarity of two pictures around each pixel, slab by slab, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import quiet_outside
from synthassay.evaluate.fidelity.windows import Floats, window_sums
from synthassay.shapes import Pixels, Spatial, SpatialMask

WINDOW = 7
K1, K2 = 0.01, 0.03
SLAB_VALUES = 200_000

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
    where = None if mask is None else mask[kept]
    if where is not None and not where.any():
        raise NotMeasured("its mask lies within half a window of the border")
    total, count = 0.0, 0
    for one, two in zip(first, second, strict=True):
        start = 0
        for piece in _slabs(one, two, data_range, window):
            measured = piece if where is None else piece[where[start : start + len(piece)]]
            total, count, start = total + float(measured.sum()), count + measured.size, start + len(piece)
    return total / count


def _slabs(one: Spatial, two: Spatial, data_range: tuple[float, float], window: tuple[int, ...]) -> Iterator[Floats]:
    low, span, halo = data_range[0], data_range[1] - data_range[0], window[0] - 1
    step = max(1, SLAB_VALUES // one[0].size)
    for start in range(0, len(one) - halo, step):
        stop = min(start + step + halo, len(one))
        first, second = (np.subtract(v[start:stop], low, dtype=np.float64) for v in (one, two))
        yield _map(first, second, span, window)


def _map(one: Floats, two: Floats, span: float, window: tuple[int, ...]) -> Floats:
    """Wang et al. 2004, eq. 13, on whole windows."""
    count = int(np.prod(window))
    sample = 1 / (count * (count - 1))
    sum_one, sum_two = window_sums(one, window), window_sums(two, window)
    product = sum_one * sum_two
    squares = sum_one**2 + sum_two**2
    # only the sum of both variances is needed; each is (count sum of squares - square of sum) / (count (count - 1))
    variances = sample * (count * window_sums(one**2 + two**2, window) - squares)
    covariance = sample * (count * window_sums(one * two, window) - product)
    c1, c2 = (K1 * span) ** 2, (K2 * span) ** 2
    scale = c1 * count**2  # means squared are sums squared / count^2
    return (2 * product + scale) * (2 * covariance + c2) / ((squares + scale) * (variances + c2))
