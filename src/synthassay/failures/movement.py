"""Moving an image and all that is drawn on it: values by cubic splines, labels whole, masks at the half."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synthassay.images.specimen import Specimen

Move = Callable[[np.ndarray, int], np.ndarray]
"""An array on the specimen's grid and a spline order -> the array moved."""


def moved(specimen: Specimen, move: Move) -> Specimen:
    """The specimen after a movement, with mask, structures and lesion moved along.

    Values are interpolated by cubic splines and kept between the least and the largest of their channel, so that no
    value overshoots; this costs a little of the finest detail. Labels take the nearest; masks are moved linearly and
    cut at one half.
    """
    channels = []
    for plane in specimen.pixels:
        found = move(plane.astype(np.float64), 3)
        channels.append(np.clip(found, plane.min(), plane.max()))
    pixels = np.stack(channels)
    floating = np.issubdtype(specimen.pixels.dtype, np.floating)
    changes: dict[str, np.ndarray] = {"pixels": pixels.astype(specimen.pixels.dtype if floating else np.float32)}
    if specimen.structures is not None:
        changes["structures"] = move(specimen.structures, 0)
    for name in ("mask", "lesion"):
        drawn: np.ndarray | None = getattr(specimen, name)
        if drawn is not None:
            changes[name] = move(drawn.astype(np.float64), 1) >= 0.5
    return specimen.replace(**changes)


def slice_axis(specimen: Specimen) -> int:
    """The axis through the slices of a volume: that of the largest spacing, and the last where spacings are equal."""
    spacing = specimen.spacing_mm or (1.0,) * len(specimen.space)
    return max(range(len(spacing)), key=lambda axis: (round(spacing[axis], 3), axis))


def slices_with_tissue(specimen: Specimen, within: np.ndarray, axis: int) -> np.ndarray:
    """Indices of the slices that hold a part of ``within``."""
    others = tuple(other for other in range(len(specimen.space)) if other != axis)
    return np.flatnonzero(within.any(axis=others))


def direction(rng: np.random.Generator, dimensions: int) -> np.ndarray:
    """A unit vector, every direction as likely."""
    drawn = rng.standard_normal(dimensions)
    return drawn / np.linalg.norm(drawn)
