"""The region that texture is measured in: grey levels on a bordered grid, addressed by flat offsets.

A border of one element makes each neighbour of a region's element a plain addition, with no bounds to test, and lets
one set of loops serve pictures and volumes alike. Positions and offsets are unsigned, because compiled loops then index
without testing for a negative position, about a third faster; a step backwards is its value modulo 2^64.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from synthassay.errors import ImageError, NotMeasured
from synthassay.evaluate.features.radiomics.discretise import Binning

BORDER = -1  # beyond the box; 0 is inside the box but outside the mask; grey levels start at 1


@dataclass(frozen=True)
class Region:
    """Intensities and grey levels of one masked image.

    Attributes:
        values: Intensities inside the mask, float64, in raster order.
        grid: Grey levels of the mask's bounding box with its border, flattened, int32.
        voxels: Flat positions in ``grid`` of the mask's elements, in raster order, uint64.
        strides: Flat step along each axis of the grid.
        levels: Highest grey level.
        box: Size of the mask's bounding box.
    """

    values: np.ndarray
    grid: np.ndarray
    voxels: np.ndarray
    strides: tuple[int, ...]
    levels: int
    box: tuple[int, ...]

    def directions(self) -> np.ndarray:
        """Flat offsets of one neighbour of each opposite pair at Chebyshev distance 1: 4 in 2D, 13 in 3D."""
        return np.array(list(self._offsets()), np.uint64)

    def neighbours(self) -> np.ndarray:
        """Flat offsets of all neighbours at Chebyshev distance 1: 8 in 2D, 26 in 3D."""
        half = self.directions()
        return np.concatenate([half, np.negative(half)])

    def _offsets(self) -> Iterator[int]:
        for step in product((-1, 0, 1), repeat=len(self.box)):
            if step > (0,) * len(step):
                yield sum(s * stride for s, stride in zip(step, self.strides, strict=True))


def region_of(image: np.ndarray, mask: np.ndarray | None, binning: Binning) -> Region:
    """Cut the region out of an image and discretise it.

    Args:
        image: Intensities, 2D or 3D, of any real type; values outside the mask are never read.
        mask: Where to measure, same shape; None for everywhere.
        binning: How intensities become grey levels, from the region's own minimum on.

    Raises:
        ImageError: The mask has another shape, or an intensity inside it is not finite.
        NotMeasured: The mask holds fewer than two elements.
    """
    if image.ndim not in (2, 3):
        raise ImageError("image", "has neither two nor three spatial axes", value=image.shape)
    mask = np.ones(image.shape, bool) if mask is None else np.asarray(mask, bool)
    if mask.shape != image.shape:
        raise ImageError(
            "mask", "differs in size from its image", value=f"{mask.shape}, image {image.shape}",
            remedy="Resample the mask to the image's grid.",
        )  # fmt: skip
    if mask.sum() < 2:
        raise NotMeasured("the mask holds fewer than two pixels")
    box = tuple(_extent(mask, axis) for axis in range(mask.ndim))
    image, mask = image[box], mask[box]
    values = image[mask].astype(np.float64)
    if not np.isfinite(values).all():
        raise ImageError(
            "image", "has values inside the mask that are not finite", value=int((~np.isfinite(values)).sum()),
            remedy="Repair the image, or leave these pixels out of the mask.",
        )  # fmt: skip
    levels = binning.levels(values)
    grid = np.full(tuple(n + 2 for n in mask.shape), BORDER, np.int32)
    inner = grid[(slice(1, -1),) * mask.ndim]
    inner[...] = 0
    inner[mask] = levels
    strides = tuple(s // grid.itemsize for s in grid.strides)
    flat = grid.ravel()
    return Region(values, flat, np.flatnonzero(flat > 0).astype(np.uint64), strides, int(levels.max()), mask.shape)


def _extent(mask: np.ndarray, axis: int) -> slice:
    hit = np.flatnonzero(mask.any(axis=tuple(a for a in range(mask.ndim) if a != axis)))
    return slice(int(hit[0]), int(hit[-1]) + 1)
