"""What paired measures of sections share: both tiles as RGB pictures of one size, white outside the mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.images.stain import Stains, amounts_of, checked_rgb, optical_density, stains_of, tissue_of
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels, SpatialMask

Floats = NDArray[np.float64]


def both(synthetic: Pixels, reference: Pixels, unit: Unit, mask: SpatialMask | None) -> tuple[Floats, Floats]:
    """Return both tiles as ``3 rows columns`` of 0 to 255.

    Raises:
        NotMeasured: Sizes differ, or one is no RGB picture.
    """
    if synthetic.shape != reference.shape:
        raise NotMeasured(f"its size is {synthetic.shape} but its reference has {reference.shape}")
    return checked_rgb(synthetic, unit, mask), checked_rgb(reference, unit, mask, "its reference")


def stains_of_both(synthetic: Floats, reference: Floats) -> tuple[Stains, Stains]:
    """Return the stain vectors of both tiles.

    Raises:
        NotMeasured: One has none; the reason says which.
    """
    found = []
    for picture, what in ((synthetic, "the synthetic tile"), (reference, "the reference")):
        try:
            found.append(stains_of(picture))
        except NotMeasured as problem:
            raise NotMeasured(f"{what}: {problem.reason}") from None
    return found[0], found[1]


def tissue_amounts(picture: Floats, stains: Stains) -> Floats:
    """Return the amounts of both stains on tissue, ``2 pixels``."""
    return amounts_of(picture, stains)[:, tissue_of(optical_density(picture))]
