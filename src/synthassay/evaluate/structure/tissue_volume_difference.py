"""How much larger or smaller body, air, soft tissue and bone are than in the real image."""

from __future__ import annotations

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.fidelity.tissue import STRATA
from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.structure_volume_difference import SETTINGS as OF_VOLUMES
from synthassay.evaluate.structure.structure_volume_difference import volume_difference
from synthassay.evaluate.structure.tissue_classes import SETTINGS, tissue_pairs
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Tissue volume difference",
    axis=Axis.FAILURE,
    better=Better.TARGET,
    target=0.0,
    unit="%",
    per="case",
    source="doi:10.1186/s12880-015-0068-x",
    strata=STRATA,
    settings={**SETTINGS, **OF_VOLUMES},
    only=Unit.HU,
)
def tissue_volume_difference(
    synthetic: Pixels,
    reference: Pixels,
    unit: Unit,
    spacing_mm: tuple[float, ...],
    mask: SpatialMask | None = None,
) -> dict[str, float]:
    """Return synthetic minus real volume of each tissue, in per cent of the larger of both.

    Each image is classified by its own Hounsfield units, so this is what a planning system would see of it; nothing
    needs to be drawn. Specks of bone or air are left to the soft tissue around them. A tissue that is
    lost has -100 %, one that is invented 100 %.

    Args:
        synthetic: ``1 *space`` in HU.
        reference: ``1 *space`` in HU.
        unit: What a pixel means.
        spacing_mm: Voxel size per axis.
        mask: ``*space``; the whole image where None.

    Returns:
        ``tissue=NAME`` to a value from -100 to 100; a tissue that both lack is left out.

    Raises:
        NotMeasured: The unit is not HU, the voxel size is unknown, sizes differ, a value inside the mask is not finite,
            or neither image shows a body.

    Source:
        As ``structure_volume_difference``: Taha and Hanbury, BMC Med Imaging 15:29 (2015),
        doi:10.1186/s12880-015-0068-x, eq. 21, with a sign.

    Example:
        >>> real = np.full((1, 40, 40), -1000.0)
        >>> real[:, 5:35, 5:35], real[:, 10:20, 10:30] = 40, 800
        >>> synthetic = np.where(real > 700, 40, real)
        >>> found = tissue_volume_difference(synthetic, real, Unit.HU, (1.0, 1.0))
        >>> found["tissue=body"], found["tissue=bone"]
        (0.0, -100.0)
    """
    return tissue_pairs(synthetic, reference, unit, spacing_mm, mask, volume_difference)
