"""Edges of a picture as points with normals, and how steep another picture is along those normals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.edge_f_score import edge_threshold
from synthassay.evaluate.fidelity.stencil import with_neighbours
from synthassay.shapes import Spatial, SpatialMask

Floats = NDArray[np.float32]
SMOOTHED = 1.0
"""Standard deviation, in voxels along each axis, of the Gaussian before the gradient is taken."""
BORDER = 2
"""Voxels from the mask's outline and the image's border within which no edge counts."""
FLAT = 1e-3
"""A pixel less steep than this share of the steepest one is flat: rounding, not anatomy."""


@dataclass(frozen=True, eq=False)
class Slopes:
    """The gradient of a picture.

    Attributes:
        gradient: ``axes *space``, per mm; 0 where no edge may be.
        steep: Its length, ``*space``.
        where: ``*space``, where an edge may be.
        strong: Steepness from which on a pixel is an edge.
    """

    gradient: Floats
    steep: Floats
    where: SpatialMask
    strong: float


@dataclass(frozen=True, eq=False)
class Edges:
    """Points of a picture's edges.

    Attributes:
        places: ``points axes``, in pixels.
        normals: ``points axes``, of length 1 in mm.
    """

    places: Floats
    normals: Floats


def slopes(values: Spatial, spacing: tuple[float, ...], within: SpatialMask, name: str) -> Slopes:
    """Return the gradient of a picture, smoothed by a voxel, inside a mask without its outline.

    Values outside the mask are left out of the smoothing, whatever they are.

    Raises:
        NotMeasured: Nothing of the mask is left, a value inside it is not finite, or the picture, called ``name``, is
            constant there.
    """
    where = within
    for _ in range(BORDER):
        where = with_neighbours(where)
    if not where.any():
        raise NotMeasured(f"no pixel is farther than {BORDER} pixels from the border of the mask and of the image")
    bad = int((~np.isfinite(values[within])).sum())
    if bad:
        raise NotMeasured(f"{name} has {bad} values inside the mask that are not finite")
    smooth = _smooth(values, within)
    gradient = np.empty((values.ndim, *values.shape), np.float32)
    for axis, size in enumerate(spacing):
        gradient[axis] = np.where(where, np.gradient(smooth, size, axis=axis), 0)
    steep = np.sqrt(np.square(gradient).sum(axis=0))
    sloping = where & (steep > FLAT * steep.max())
    return Slopes(gradient, steep, where, edge_threshold(np.where(sloping, steep, 0), where, name))


def edges_of(found: Slopes, spacing: tuple[float, ...], most: int) -> Edges:
    """Return the crests of the steepness: strong points that are steeper than their neighbours along the gradient.

    Args:
        found: Of the picture.
        spacing: Of its pixels, in mm.
        most: Where there are more, every second (third, ...) of them in the order of the array is taken.

    Raises:
        NotMeasured: There is none.
    """
    candidates = np.argwhere(found.where & (found.steep >= found.strong))
    at = tuple(candidates.T)
    height = found.steep[at]
    normals = np.stack([part[at] for part in found.gradient], axis=1) / height[:, None]
    step = normals / np.asarray(spacing, np.float32)
    step /= np.linalg.norm(step, axis=1, keepdims=True)  # one pixel
    ahead, behind = (_at(found.steep, candidates + sign * step) for sign in (1, -1))
    crest = (height >= ahead) & (height > behind)
    if not crest.any():
        raise NotMeasured("no pixel is an edge: none is steeper than those before and behind it")
    every = -(-int(crest.sum()) // most)
    return Edges(candidates[crest][::every].astype(np.float32), normals[crest][::every].astype(np.float32))


def profiles(edges: Edges, found: Slopes, spacing: tuple[float, ...], steps: Floats) -> Floats:
    """Return how steep a picture is along the normals of edges, in the direction of each normal and of either sign.

    Args:
        edges: Of this or of another picture on the same grid.
        found: Of the picture.
        spacing: Of its pixels, in mm.
        steps: Distances from each point along its normal, in mm.

    Returns:
        ``points steps``; 0 outside the image and where no edge may be.
    """
    moved = edges.normals / np.asarray(spacing, np.float32)
    places = edges.places[:, None] + steps[:, None] * moved[:, None]
    shape = places.shape[:2]
    flat = places.reshape(-1, places.shape[-1])
    total = np.zeros(shape, np.float32)
    for axis, part in enumerate(found.gradient):
        total += _at(part, flat).reshape(shape) * edges.normals[:, axis, None]
    return np.abs(total)


def _smooth(values: Spatial, within: SpatialMask) -> Floats:
    """The mean under a Gaussian over what lies in the mask; 0 where nothing of it is near."""
    inside = np.where(within, values, 0).astype(np.float32)
    found: Floats = ndimage.gaussian_filter(inside, SMOOTHED, truncate=3.0)
    if within.all():
        return found
    weight = ndimage.gaussian_filter(within.astype(np.float32), SMOOTHED, truncate=3.0)
    return np.divide(found, weight, out=np.zeros_like(found), where=weight > 1e-4)


def _at(values: Floats, places: np.ndarray) -> Floats:
    found: Floats = ndimage.map_coordinates(values, places.T, np.float32, order=1, mode="constant", cval=0.0)
    return found
