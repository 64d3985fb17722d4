"""How far body, air, soft tissue and bone of a synthetic CT image cover the real ones."""

from __future__ import annotations

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.fidelity.tissue import STRATA
from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.label_maps import MISSING, StructurePair
from synthassay.evaluate.structure.tissue_classes import SETTINGS, tissue_pairs
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Tissue overlap (Dice)",
    axis=Axis.FAILURE,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.2307/1932409",
    strata=STRATA,
    settings={**SETTINGS, "missing": f"{MISSING}0"},
    only=Unit.HU,
)
def tissue_overlap(
    synthetic: Pixels,
    reference: Pixels,
    unit: Unit,
    spacing_mm: tuple[float, ...],
    mask: SpatialMask | None = None,
) -> dict[str, float]:
    """Return the Dice coefficient of body, air inside it, soft tissue and bone.

    Each image is classified by its own Hounsfield units, so this is what a planning system would see of it; nothing
    needs to be drawn. Specks of bone or air are left to the soft tissue around them. A tissue that one
    image lacks has 0.

    Args:
        synthetic: ``1 *space`` in HU.
        reference: ``1 *space`` in HU.
        unit: What a pixel means.
        spacing_mm: Voxel size per axis.
        mask: ``*space``; the whole image where None.

    Returns:
        ``tissue=NAME`` to a value from 0 (apart or missing) to 1 (equal); a tissue that both lack is left out.

    Raises:
        NotMeasured: The unit is not HU, the voxel size is unknown, sizes differ, a value inside the mask is not finite,
            or neither image shows a body.

    Source:
        Dice, Ecology 26:297 (1945), doi:10.2307/1932409.

    Example:
        >>> real = np.full((1, 40, 40), -1000.0)
        >>> real[:, 5:35, 5:35], real[:, 10:20, 10:30] = 40, 800
        >>> synthetic = np.where(real > 700, 40, real)
        >>> found = tissue_overlap(synthetic, real, Unit.HU, (1.0, 1.0))
        >>> {name: round(value, 3) for name, value in found.items()}
        {'tissue=body': 1.0, 'tissue=soft': 0.875, 'tissue=bone': 0.0}
    """
    return tissue_pairs(synthetic, reference, unit, spacing_mm, mask, StructurePair.dice)
