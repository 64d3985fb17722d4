"""The modality-independent neighbourhood descriptor: how each voxel's surroundings resemble one another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.stencil import with_block, with_neighbours
from synthassay.shapes import Pixels, Spatial, SpatialMask

Floats = NDArray[np.float64]
REACH = 2  # one step to a neighbour, and one more to the border of its patch
SIGMA = 0.5
LEAST_VARIANCE, MOST_VARIANCE = 0.001, 1000.0
SLAB_VALUES = 150_000

SETTINGS: dict[str, str | float | int | bool] = {
    "neighbours": "the 4 or 6 next pixels",
    "patch": f"3 pixels along each axis, Gaussian weights of {SIGMA:g} pixels",
    "variance": f"mean patch distance to the neighbours, kept within {LEAST_VARIANCE:g} and {MOST_VARIANCE:g} of its "
    "mean over the mask",
    "distance": "mean absolute difference of descriptors",
    "border": f"pixels within {REACH} of the border of mask or image are left out",
}


def mean_difference(first: Pixels, second: Pixels, mask: SpatialMask | None, names: tuple[str, str]) -> float:
    """Return the mean absolute difference of both pictures' descriptors, where all surroundings are in the mask.

    Both are finite everywhere. Each channel of one is compared with each channel of the other where their numbers
    differ, and with its own otherwise. ``names`` are what the pictures are called where one cannot be described.

    Raises:
        NotMeasured: No pixel has its surroundings in the mask, or a picture is constant there.
    """
    space = first.shape[1:]
    where = with_block(with_neighbours(np.ones(space, bool) if mask is None else mask))
    if not where.any():
        raise NotMeasured(
            f"no pixel has all its surroundings, {REACH} pixels to each side, in the mask and in the image"
        )
    inner = where[(slice(REACH, -REACH),) * len(space)]
    count = int(inner.sum())
    variances = [
        [_mean_variance(channel, inner, name) for channel in p] for p, name in zip((first, second), names, strict=True)
    ]
    alike = len(first) == len(second)
    pairs = [(i, j) for i in range(len(first)) for j in range(len(second)) if i == j or not alike]
    found = [_difference(first[i], second[j], inner, (variances[0][i], variances[1][j])) for i, j in pairs]
    return float(np.mean(found)) / count


def _difference(one: Spatial, two: Spatial, inner: SpatialMask, variances: tuple[float, float]) -> float:
    total = 0.0
    for rows in _rows(one):
        ours, theirs = (_descriptor(v, rows, variance) for v, variance in zip((one, two), variances, strict=True))
        total += float(np.abs(ours - theirs).mean(axis=0)[inner[rows]].sum())
    return total


def _mean_variance(values: Spatial, inner: SpatialMask, name: str) -> float:
    total = sum(float(_patch_distances(values, rows).mean(axis=0)[inner[rows]].sum()) for rows in _rows(values))
    if total == 0:
        raise NotMeasured(f"{name} is constant inside the mask, so that no surroundings can be described")
    return total / int(inner.sum())


def _rows(values: Spatial) -> Iterator[slice]:
    last = len(values) - 2 * REACH
    step = max(1, SLAB_VALUES // values[0].size)
    for start in range(0, last, step):
        yield slice(start, min(start + step, last))


def _descriptor(values: Spatial, rows: slice, mean_variance: float) -> Floats:
    """Heinrich et al. 2012, eq. 4, divided by its largest entry."""
    distances = _patch_distances(values, rows)
    variance = np.clip(distances.mean(axis=0), LEAST_VARIANCE * mean_variance, MOST_VARIANCE * mean_variance)
    distances -= distances.min(axis=0)
    distances /= -variance
    return np.exp(distances, out=distances)


def _patch_distances(values: Spatial, rows: slice) -> Floats:
    """Heinrich et al. 2012, eq. 5, to both neighbours along each axis, for the inner pixels of the rows."""
    piece = values[rows.start : rows.stop + 2 * REACH].astype(np.float64)
    found = []
    for axis in range(piece.ndim):
        squares = np.square(_cut(piece, axis, 1, None) - _cut(piece, axis, 0, -1))
        for other in range(piece.ndim):
            squares = _weighted(squares, other)
            if other != axis:
                squares = _cut(squares, other, 1, -1)
        found += [_cut(squares, axis, 1, None), _cut(squares, axis, 0, -1)]
    return np.stack(found)


def _weighted(values: Floats, axis: int) -> Floats:
    side = float(np.exp(-0.5 / SIGMA**2))
    sides = _cut(values, axis, 0, -2) + _cut(values, axis, 2, None)
    sides *= side
    sides += _cut(values, axis, 1, -1)
    sides /= 1 + 2 * side
    return sides


def _cut(values: np.ndarray, axis: int, start: int, stop: int | None) -> np.ndarray:
    return values[(slice(None),) * axis + (slice(start, stop),)]
