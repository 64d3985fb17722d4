"""Regions without structure, found on the real image alone: a synthetic one cannot choose where it is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import inside
from synthassay.evaluate.physics.noise_power import detrended
from synthassay.shapes import Pixels, SpatialMask

LEAST_REGIONS = 8
FLATTEST = 0.25
STRUCTURE_PIXELS = 2.0
SIDES = ((256, 32), (128, 16), (0, 8))
SETTINGS: dict[str, str | float | int | bool] = {
    "regions": f"squares in slices, inside the mask, the flattest {FLATTEST:.0%} of the real image",
    "side": "8, 16 or 32 pixels for slices below 128, below 256 and larger",
    "detrended": "plane",
}

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Regions:
    """The same uniform regions of a synthetic and of its real image.

    Attributes:
        synthetic: ``regions rows columns``; ``reference`` likewise.
        depth_mm: Distance of each region's centre from the border of the mask, within its slice.
    """

    synthetic: Floats
    reference: Floats
    depth_mm: Floats


def uniform_regions(synthetic: Pixels, reference: Pixels, mask: SpatialMask, spacing_mm: tuple[float, ...]) -> Regions:
    """Return squares within slices that lie inside the mask and in which the real image is flattest.

    Squares overlap by half. The flattest quarter is taken by the standard deviation of the smoothed real image
    (Gaussian of two pixels, a plane removed): by structure rather than by noise, since to choose where the real image
    happens to have little noise would make every other image look noisy. Channels are averaged; slices are taken along
    the last axis of a volume.

    Raises:
        NotMeasured: The voxel size is unknown, fewer than 8 squares remain, or as ``fidelity.pair.inside``.
    """
    if not spacing_mm:
        raise NotMeasured("the voxel size is unknown, and noise is measured per millimetre")
    inside(synthetic, reference, mask)
    pair = np.stack([synthetic.mean(axis=0), reference.mean(axis=0)]).astype(np.float64)
    if mask.ndim == 2:
        pair, mask = pair[..., None], mask[..., None]
    side = next(side for least, side in SIDES if min(mask.shape[:2]) >= least)
    places = _places(mask, side)
    if len(places) * FLATTEST < LEAST_REGIONS:
        least = int(LEAST_REGIONS / FLATTEST)
        raise NotMeasured(
            f"{len(places)} squares of {side} pixels fit into the mask, and the flattest quarter of {least} is needed"
        )
    cut = np.stack([pair[:, x : x + side, y : y + side, z] for x, y, z in places])
    calm = np.where(mask & np.isfinite(pair[1]), pair[1], pair[1][mask].mean())
    calm = ndimage.gaussian_filter(calm, (STRUCTURE_PIXELS, STRUCTURE_PIXELS, 0))
    spread = detrended(np.stack([calm[x : x + side, y : y + side, z] for x, y, z in places])).std(axis=(1, 2))
    kept = np.argsort(spread, kind="stable")[: int(len(places) * FLATTEST)]
    depth = _depths(mask, spacing_mm, [places[i] for i in kept], side)
    return Regions(cut[kept, 0], cut[kept, 1], depth)


def _places(mask: SpatialMask, side: int) -> list[tuple[int, int, int]]:
    """Corners of squares wholly inside the mask, on a grid of half their side."""
    step = side // 2
    full = ndimage.uniform_filter(mask.astype(np.float64), (side, side, 1), mode="constant", origin=(-step, -step, 0))
    corners = np.zeros(mask.shape, bool)
    corners[: mask.shape[0] - side + 1 : step, : mask.shape[1] - side + 1 : step] = True
    return [(int(x), int(y), int(z)) for x, y, z in np.argwhere(corners & (full > 1 - 0.5 / side**2))]


def _depths(mask: SpatialMask, spacing_mm: tuple[float, ...], places: list[tuple[int, int, int]], side: int) -> Floats:
    depths = np.empty(len(places))
    by_slice: dict[int, Floats] = {}
    for i, (x, y, z) in enumerate(places):
        if z not in by_slice:
            padded = np.pad(mask[..., z], 1)
            by_slice[z] = ndimage.distance_transform_edt(padded, sampling=spacing_mm[:2])[1:-1, 1:-1]
        depths[i] = by_slice[z][x + side // 2, y + side // 2]
    return depths
