"""Structural similarity at several scales, each twice as coarse as the one before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import quiet_outside
from synthassay.evaluate.fidelity.windows import Floats, Window, halved, halved_mask, window_means
from synthassay.shapes import Pixels, Spatial, SpatialMask

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
K1, K2 = 0.01, 0.03
LEAST_SCALES = 2
SLAB_VALUES = 400_000


def scales_that_fit(space: tuple[int, ...], size: int) -> int:
    """Return how many scales, at most five, keep every axis at least as long as the window.

    >>> scales_that_fit((128, 128, 128), 7), scales_that_fit((80, 96, 80), 7), scales_that_fit((40, 64, 64), 7)
    (5, 4, 3)
    """
    return sum(min(space) // 2**scale >= size for scale in range(len(WEIGHTS)))


def weights_of(scales: int) -> tuple[float, ...]:
    """Return the published weights of the finest scales, made to have the sum of all five where scales are fewer."""
    share = sum(WEIGHTS) / sum(WEIGHTS[:scales])
    return tuple(weight * share for weight in WEIGHTS[:scales])


def scale_means(
    synthetic: Pixels,
    reference: Pixels,
    data_range: tuple[float, float],
    mask: SpatialMask | None,
    window: Window,
    scales: int,
) -> list[float]:
    """Return the mean contrast-structure per scale, finest first, and of the whole similarity at the coarsest scale.

    A pixel of a coarser scale is in the mask where all pixels that it is made of are. Windows that leave the picture
    are left out. Channels are averaged.

    Raises:
        NotMeasured: As ``inside``; or at some scale no whole window has its centre in the mask.
    """
    first, second = quiet_outside(synthetic, reference, mask, data_range[0])
    span, means = data_range[1] - data_range[0], []
    ones, twos = list(first), list(second)
    for scale in range(scales):
        coarsest = scale == scales - 1
        where = None if mask is None else _centres(mask, window.size, scale)
        found = [
            _mean(_maps(one, two, data_range[0], span, window, coarsest), where)
            for one, two in zip(ones, twos, strict=True)
        ]
        means.append(float(np.mean(found)))
        if not coarsest:
            ones, twos = [halved(one) for one in ones], [halved(two) for two in twos]
            mask = None if mask is None else halved_mask(mask)
    return means


def combine(means: list[float]) -> float:
    """Wang et al. 2003, eq. 7, with the exponents applied to means; a negative mean counts as 0."""
    return float(
        np.prod([max(mean, 0.0) ** weight for mean, weight in zip(means, weights_of(len(means)), strict=True)])
    )


def _centres(mask: SpatialMask, size: int, scale: int) -> SpatialMask:
    half = size // 2
    where = mask[tuple(slice(half, length - half) for length in mask.shape)]
    if not where.any():
        raise NotMeasured(
            f"at scale {scale + 1}, where pixels are {2**scale} times as large, no whole window of {size} has its "
            "centre in the mask"
        )
    return where


def _mean(maps: Iterator[Floats], where: SpatialMask | None) -> float:
    total, count, start = 0.0, 0, 0
    for piece in maps:
        measured = piece if where is None else piece[where[start : start + len(piece)]]
        total, count, start = total + float(measured.sum()), count + measured.size, start + len(piece)
    return total / count


def _maps(one: Spatial, two: Spatial, low: float, span: float, window: Window, luminance: bool) -> Iterator[Floats]:
    halo = window.size - 1
    step = max(1, SLAB_VALUES // one[0].size)
    for start in range(0, len(one) - halo, step):
        stop = min(start + step + halo, len(one))
        first, second = (np.subtract(v[start:stop], low, dtype=np.float64) for v in (one, two))
        yield _similarity(first, second, span, window, luminance)


def _similarity(one: Floats, two: Floats, span: float, window: Window, luminance: bool) -> Floats:
    """Wang et al. 2003, eqs. 2 and 3 with C3 = C2 / 2, which make one fraction; times eq. 1 where wanted."""
    count = window.size**one.ndim
    factor = count / (count - 1) if window.sample else 1.0
    mean_one, mean_two = window_means(one, window), window_means(two, window)
    product, squares = mean_one * mean_two, mean_one**2 + mean_two**2
    variances = factor * (window_means(one**2 + two**2, window) - squares)
    covariance = factor * (window_means(one * two, window) - product)
    c1, c2 = (K1 * span) ** 2, (K2 * span) ** 2
    found = (2 * covariance + c2) / (variances + c2)
    return found * ((2 * product + c1) / (squares + c1)) if luminance else found
