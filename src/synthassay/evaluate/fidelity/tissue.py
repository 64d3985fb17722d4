"""Tissue classes of CT by the real image's Hounsfield units."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import inside
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels, SpatialMask

AIR_BELOW_HU = -200.0
BONE_FROM_HU = 250.0
STRATA = ("tissue=body", "tissue=air", "tissue=soft", "tissue=bone")
SETTINGS: dict[str, str | float | int | bool] = {
    "air": f"reference < {AIR_BELOW_HU:g} HU inside the body",
    "soft": f"{AIR_BELOW_HU:g} to {BONE_FROM_HU:g} HU",
    "bone": f"reference >= {BONE_FROM_HU:g} HU",
    "clipping": "none",
}


def by_tissue(
    synthetic: Pixels,
    reference: Pixels,
    mask: SpatialMask,
    unit: Unit,
    summary: Callable[[NDArray[np.float64]], float],
) -> dict[str, float]:
    """Return ``summary`` of synthetic - reference for the body and each tissue that the reference has there.

    The classes are read off the real image alone, so a synthetic image cannot move its errors into another class.

    Raises:
        NotMeasured: The unit is not HU; or as ``inside``.
    """
    if unit is not Unit.HU:
        raise NotMeasured("tissue classes need Hounsfield units")
    first, second = inside(synthetic, reference, mask)
    difference = first - second
    return {name: summary(difference[where]) for name, where in tissue_classes(second).items() if where.any()}


def tissue_classes(reference_hu: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    """Return where the real image's values are in the body (everywhere), air, soft tissue and bone."""
    return {
        "tissue=body": np.ones(reference_hu.shape, bool),
        "tissue=air": reference_hu < AIR_BELOW_HU,
        "tissue=soft": (reference_hu >= AIR_BELOW_HU) & (reference_hu < BONE_FROM_HU),
        "tissue=bone": reference_hu >= BONE_FROM_HU,
    }
