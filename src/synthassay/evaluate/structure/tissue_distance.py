"""How far the surfaces of body, air, soft tissue and bone lie from the real ones."""

from __future__ import annotations

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.fidelity.tissue import STRATA
from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.label_maps import StructurePair, diagonal
from synthassay.evaluate.structure.structure_distance import PERCENT
from synthassay.evaluate.structure.structure_distance import SETTINGS as OF_DISTANCES
from synthassay.evaluate.structure.tissue_classes import SETTINGS, tissue_pairs
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Tissue distance (HD95)",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="mm",
    per="case",
    source="doi:10.2196/26151",
    strata=STRATA,
    settings={**SETTINGS, **OF_DISTANCES},
    only=Unit.HU,
)
def tissue_distance(
    synthetic: Pixels,
    reference: Pixels,
    unit: Unit,
    spacing_mm: tuple[float, ...],
    mask: SpatialMask | None = None,
) -> dict[str, float]:
    """Return the 95th percentile of distances between the surfaces of each tissue, in mm.

    Each image is classified by its own Hounsfield units, so this is what a planning system would see of it; nothing
    needs to be drawn. Specks of bone or air are left to the soft tissue around them. A tissue that one
    image lacks has the diagonal of the image.

    Args:
        synthetic: ``1 *space`` in HU.
        reference: ``1 *space`` in HU.
        unit: What a pixel means.
        spacing_mm: Voxel size per axis.
        mask: ``*space``; the whole image where None.

    Returns:
        ``tissue=NAME`` to mm, from 0 to the diagonal; a tissue that both lack is left out.

    Raises:
        NotMeasured: The unit is not HU, the voxel size is unknown, sizes differ, a value inside the mask is not finite,
            or neither image shows a body.

    Source:
        Nikolov et al., J Med Internet Res 23:e26151 (2021), doi:10.2196/26151.

    Example:
        >>> real = np.full((1, 40, 40), -1000.0)
        >>> real[:, 5:35, 5:35], real[:, 10:20, 10:30] = 40, 800
        >>> synthetic = np.where(real > 700, 40, real)
        >>> found = tissue_distance(synthetic, real, Unit.HU, (1.0, 1.0))
        >>> found["tissue=body"], round(found["tissue=bone"], 1)
        (0.0, 56.6)
    """

    def measure(pair: StructurePair) -> float:
        if pair.missing:
            return diagonal(reference.shape[1:], spacing_mm)
        return pair.distances(spacing_mm).percentile(PERCENT)

    return tissue_pairs(synthetic, reference, unit, spacing_mm, mask, measure)
