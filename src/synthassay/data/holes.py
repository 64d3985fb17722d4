"""Holes in real images: places inside the subject whose pixels are taken away, to be filled again."""

from __future__ import annotations

import numpy as np

from synthassay.errors import ImageError
from synthassay.shapes import SpatialMask

TRIES = 40


def ellipsoid_hole(
    subject: SpatialMask,
    share: float,
    rng: np.random.Generator,
    spared: SpatialMask | None = None,
    where: str = "image",
) -> SpatialMask:
    """Return an ellipsoid about a random place of the subject, cut off at the subject's border.

    Args:
        subject: ``*space``: where the subject is.
        share: Width of the ellipsoid along each axis relative to the subject's.
        rng: Draws the place, and each axis between 0.7 and 1 of its width.
        spared: ``*space``: what the hole must not touch, such as a lesion whose inside nobody wants to be learnt.
        where: Name of the case, for the message.

    Raises:
        ImageError: No place was found in 40 tries.

    >>> hole = ellipsoid_hole(np.ones((20, 20), bool), 0.4, np.random.default_rng(0))
    >>> bool(10 < hole.sum() < 60)
    True
    """
    places = np.argwhere(subject)
    widths = places.max(axis=0) - places.min(axis=0) + 1
    grid = np.indices(subject.shape)
    for _ in range(TRIES):
        centre = places[rng.integers(len(places))]
        half = np.maximum(widths * share * rng.uniform(0.7, 1.0, subject.ndim) / 2, 0.75)
        shape = (-1,) + (1,) * subject.ndim
        inside = np.square((grid - centre.reshape(shape)) / half.reshape(shape)).sum(axis=0) <= 1
        hole: SpatialMask = inside & subject
        if hole.any() and (spared is None or not (hole & spared).any()):
            return hole
    raise ImageError(where, "has no room for a hole beside its lesion", remedy="Choose a smaller [inpaint] share.")
