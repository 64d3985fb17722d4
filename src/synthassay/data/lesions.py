"""Lesions drawn into real CT: where soft tissue has room for one, and what it adds to each voxel.

Low-dose noise is added to a CT image (``data.dose``), so a lesion of known contrast may be added to the routine-dose
image, and the same lesion to its low-dose version, without the noise changing: a lesion of 80 HU and 16 mm takes about
2 % of the photons from the rays that cross it, which is 1 % of their noise.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from scipy import ndimage

from synthassay.errors import ImageError
from synthassay.shapes import Spatial, SpatialMask

DIAMETERS_MM = (2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 20.0, 24.0, 32.0)
SIZES = 3
LEAST_PIXELS = 2.0  # across the smallest lesion
CONTRASTS_HU = (40.0, 80.0)
SOFT_HU = (-50.0, 150.0)
SMOOTHED_MM = 2.0  # noise of fine pixels must not make soft tissue look like something else
_PARTS = 5  # per voxel side, for partial volumes


def lesion_kinds(spacing_mm: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    """Return the diameters (mm) and contrasts (HU) of a contrast-detail study on pixels of this size.

    The three smallest of a fixed list of diameters that span two pixels or more, each at 40 and 80 HU.

    >>> lesion_kinds((4.0, 4.0, 4.0))
    ((8.0, 40.0), (8.0, 80.0), (12.0, 40.0), (12.0, 80.0), (16.0, 40.0), (16.0, 80.0))
    """
    pixel = max(spacing_mm[:2])
    diameters = [d for d in DIAMETERS_MM if d >= LEAST_PIXELS * pixel - 1e-6][:SIZES]
    return tuple(product(diameters, CONTRASTS_HU))


def lesion_signal(
    space: tuple[int, ...], spacing_mm: tuple[float, ...], centre: tuple[int, ...], diameter_mm: float, contrast: float
) -> Spatial:
    """Return what a ball (in a picture: a disc) of constant contrast adds to each voxel, partial volumes included.

    Args:
        space: Size in voxels.
        spacing_mm: Voxel size per axis.
        centre: Voxel whose centre is the lesion's.
        diameter_mm: Diameter.
        contrast: What a voxel wholly inside gains, in the image's unit.

    Returns:
        float32 ``*space``.

    Raises:
        ImageError: The centre lies outside the image, or spacing and size have different axes.

    >>> signal = lesion_signal((21, 21, 21), (1.0, 1.0, 1.0), (10, 10, 10), 10.0, 40.0)
    >>> round(float(signal.sum()) / 40 / (np.pi / 6 * 10**3), 2), float(signal.max())
    (1.0, 40.0)
    """
    if len(spacing_mm) != len(space) or len(centre) != len(space):
        raise ImageError("lesion", "needs one spacing and one position per axis", value=(space, spacing_mm, centre))
    if not all(0 <= c < n for c, n in zip(centre, space, strict=True)):
        raise ImageError("lesion", f"lies outside an image of {space}", value=centre)
    parts = (np.arange(_PARTS) - (_PARTS - 1) / 2) / _PARTS
    squared = np.zeros((1,) * len(space))
    box = []
    for axis, (n, step, c) in enumerate(zip(space, spacing_mm, centre, strict=True)):
        reach = math.ceil(diameter_mm / 2 / step + 0.5)
        low, high = max(c - reach, 0), min(c + reach + 1, n)
        box.append(slice(low, high))
        at = ((np.arange(low, high) - c)[:, None] + parts).ravel() * step
        squared = squared + np.expand_dims(at**2, tuple(i for i in range(len(space)) if i != axis))
    filled = (squared <= (diameter_mm / 2) ** 2).astype(np.float64)
    for axis, side in enumerate(box):
        shape = (*filled.shape[:axis], side.stop - side.start, _PARTS, *filled.shape[axis + 1 :])
        filled = filled.reshape(shape).mean(axis=axis + 1)
    out = np.zeros(space, np.float32)
    out[tuple(box)] = contrast * filled
    return out


def lesion_sites(
    hu: Spatial, mask: SpatialMask, spacing_mm: tuple[float, ...], count: int, rng: np.random.Generator
) -> tuple[tuple[int, ...], ...]:
    """Return up to ``count`` voxels, drawn at random, around which soft tissue has room for the largest lesion.

    Room is a ball of radius the largest diameter in which a smoothed image has -50 to 150 HU; within the slice the
    place keeps two largest diameters from the border, so that an observer can see its surroundings; two places are at
    least two largest diameters apart.

    Args:
        hu: Routine-dose image, ``*space`` in HU.
        mask: Where the subject is.
        spacing_mm: Voxel size.
        count: Most sites.
        rng: Where they are drawn from.

    Returns:
        Voxel positions; fewer than ``count``, or none, where there is no room.
    """
    largest = max(diameter for diameter, _ in lesion_kinds(spacing_mm))
    smooth = ndimage.gaussian_filter(np.asarray(hu, np.float32), [SMOOTHED_MM / s / 2.355 for s in spacing_mm])
    soft = (smooth >= SOFT_HU[0]) & (smooth <= SOFT_HU[1]) & mask
    room = ndimage.distance_transform_edt(soft, sampling=spacing_mm) >= largest
    for axis in (0, 1):
        margin = patch_reach(largest, spacing_mm[axis])
        inner = np.arange(hu.shape[axis])
        shape = [1] * hu.ndim
        shape[axis] = -1
        room &= ((inner >= margin) & (inner < hu.shape[axis] - margin)).reshape(shape)
    places = np.argwhere(room)
    chosen: list[tuple[int, ...]] = []
    for at in rng.permutation(len(places)):
        place = tuple(int(i) for i in places[at])
        if all(_apart(place, other, spacing_mm) >= 2 * largest for other in chosen):
            chosen.append(place)
        if len(chosen) == count:
            break
    return tuple(chosen)


def patch_reach(largest_mm: float, step_mm: float) -> int:
    """Pixels from a lesion's centre to the edge of what an observer is shown: two largest diameters."""
    return math.ceil(2 * largest_mm / step_mm)


def _apart(one: tuple[int, ...], other: tuple[int, ...], spacing_mm: tuple[float, ...]) -> float:
    return math.hypot(*((a - b) * s for a, b, s in zip(one, other, spacing_mm, strict=True)))
