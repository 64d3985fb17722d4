"""How far the surfaces of structures lie from where they are in the real image."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.label_maps import (
    MISSING,
    StructurePair,
    by_structure,
    checked_spacing,
    diagonal,
    structure_pairs,
)
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Spatial

PERCENT = 95
SETTINGS: dict[str, str | float | int | bool] = {
    "percentile": PERCENT,
    "directions": "the larger of both",
    "weights": "area of the surface elements",
    "missing": f"{MISSING}the image's diagonal",
}


@metric(
    title="Structure distance (HD95)",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="mm",
    per="case",
    source="doi:10.2196/26151",
    strata=(),
    settings=SETTINGS,
)
def structure_distance(
    synthetic_structures: Spatial,
    structures: Spatial,
    structure_names: Mapping[int, str],
    spacing_mm: tuple[float, ...],
    structures_drawn: Collection[int] | None = None,
) -> dict[str, float]:
    """Return the 95th percentile of the distances between the surfaces of each structure, in mm.

    Percentiles are by area, so that the many small elements of a fine in-plane grid do not outvote the large ones of
    thick slices; of both directions the larger counts. A structure that one image lacks has the diagonal of the image.

    Args:
        synthetic_structures: ``*space``: label map of the synthetic image; 0 is no structure.
        structures: ``*space``: label map of the real image.
        structure_names: Label to name.
        spacing_mm: Voxel size per axis.
        structures_drawn: Labels that somebody drew on the real image; all others are unknown. None: all were.

    Returns:
        ``structure=NAME`` to mm, from 0 to the diagonal.

    Raises:
        NotMeasured: The voxel size is unknown, sizes differ, a label is not a whole number, or there is no structure.

    Source:
        Nikolov et al., J Med Internet Res 23:e26151 (2021), doi:10.2196/26151.

    Example:
        >>> real, synthetic = np.zeros((2, 10, 10), int)
        >>> real[2:6, 2:6], synthetic[3:7, 2:6] = 1, 1
        >>> structure_distance(synthetic, real, {}, (2.0, 1.0))
        {'structure=1': 2.0}
    """
    spacing = checked_spacing(spacing_mm, structures.ndim)
    farthest = diagonal(structures.shape, spacing)

    def measure(pair: StructurePair) -> float:
        return farthest if pair.missing else pair.distances(spacing).percentile(PERCENT)

    return by_structure(structure_pairs(synthetic_structures, structures, structures_drawn), structure_names, measure)
