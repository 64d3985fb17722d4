"""Which share of the structures' surfaces is where it is in the real image."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.label_maps import (
    MISSING,
    StructurePair,
    by_structure,
    checked_spacing,
    structure_pairs,
)
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Spatial

TOLERANCE_MM = 2.0


@metric(
    title="Structure surface overlap (surface Dice)",
    axis=Axis.FAILURE,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.2196/26151",
    strata=(),
    settings={
        "tolerance": f"{TOLERANCE_MM:g} mm, or the longest side of a voxel where that is more",
        "weights": "area of the surface elements",
        "missing": f"{MISSING}0",
    },
)
def structure_surface_overlap(
    synthetic_structures: Spatial,
    structures: Spatial,
    structure_names: Mapping[int, str],
    spacing_mm: tuple[float, ...],
    structures_drawn: Collection[int] | None = None,
) -> dict[str, float]:
    """Return the share of both surfaces of each structure that lies within a tolerance of the other.

    What a person would have to redraw, where Dice counts volume and lets large organs hide their borders. The tolerance
    is 2 mm, or the longest side of a voxel where that is more: a border cannot be drawn more exactly than that.

    Args:
        synthetic_structures: ``*space``: label map of the synthetic image; 0 is no structure.
        structures: ``*space``: label map of the real image.
        structure_names: Label to name.
        spacing_mm: Voxel size per axis.
        structures_drawn: Labels that somebody drew on the real image; all others are unknown. None: all were.

    Returns:
        ``structure=NAME`` to a value from 0 (nowhere near, or missing in one image) to 1.

    Raises:
        NotMeasured: The voxel size is unknown, sizes differ, a label is not a whole number, or there is no structure.

    Source:
        Nikolov et al., J Med Internet Res 23:e26151 (2021), doi:10.2196/26151.

    Example:
        >>> real, synthetic = np.zeros((2, 20, 20), int)
        >>> real[2:8, 2:8], synthetic[2:8, 2:12] = 1, 1
        >>> round(structure_surface_overlap(synthetic, real, {}, (1.0, 1.0))["structure=1"], 3)
        0.825
    """
    spacing = checked_spacing(spacing_mm, structures.ndim)
    tolerance = max(TOLERANCE_MM, *spacing)

    def measure(pair: StructurePair) -> float:
        return 0.0 if pair.missing else pair.distances(spacing).within(tolerance)

    return by_structure(structure_pairs(synthetic_structures, structures, structures_drawn), structure_names, measure)
