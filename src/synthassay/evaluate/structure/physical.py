"""Sizes and connected parts in physical units."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from synthassay.shapes import SpatialMask


def ball_voxels(diameter_mm: float, spacing_mm: Sequence[float]) -> float:
    """Return the volume of a ball (in pictures: the area of a disc) in voxels.

    >>> round(ball_voxels(3.0, (1.0, 1.0, 1.0)), 2), round(ball_voxels(3.0, (0.5, 0.5)), 2)
    (14.14, 28.27)
    """
    size = math.pi / 6 * diameter_mm**3 if len(spacing_mm) == 3 else math.pi / 4 * diameter_mm**2
    return size / math.prod(spacing_mm)


def parts(mask: SpatialMask) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Return a map of the mask's connected parts, numbered from 1, and their sizes in voxels.

    Voxels that touch by a corner are connected.
    """
    labels, count = ndimage.label(mask, np.ones((3,) * mask.ndim))
    return labels, np.bincount(labels.ravel(), minlength=count + 1)[1:]


def distance_mm(mask: SpatialMask, spacing_mm: Sequence[float]) -> NDArray[np.float64]:
    """Return the distance in mm from each voxel's middle to that of the nearest voxel of the mask."""
    return ndimage.distance_transform_edt(~mask, sampling=tuple(spacing_mm))
