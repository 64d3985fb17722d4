"""How much larger or smaller structures are than in the real image."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.label_maps import MISSING, StructurePair, by_structure, structure_pairs
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Spatial

SETTINGS: dict[str, str | float | int | bool] = {
    "relative_to": "the larger of both volumes",
    "missing": f"{MISSING}-100 % lost, 100 % invented",
}


@metric(
    title="Structure volume difference",
    axis=Axis.FAILURE,
    better=Better.TARGET,
    target=0.0,
    unit="%",
    per="case",
    source="doi:10.1186/s12880-015-0068-x",
    strata=(),
    settings=SETTINGS,
)
def structure_volume_difference(
    synthetic_structures: Spatial,
    structures: Spatial,
    structure_names: Mapping[int, str],
    structures_drawn: Collection[int] | None = None,
) -> dict[str, float]:
    """Return synthetic minus real volume of each structure, in per cent of the larger of both.

    Below 0 is what share of the real structure is gone, down to -100 % where all of it is; above 0 is what share of the
    synthetic one should not be there, up to 100 % where it was invented. Structures have opposite signs, so no mean
    over structures is formed.

    Args:
        synthetic_structures: ``*space``: label map of the synthetic image; 0 is no structure.
        structures: ``*space``: label map of the real image.
        structure_names: Label to name.
        structures_drawn: Labels that somebody drew on the real image; all others are unknown. None: all were.

    Returns:
        ``structure=NAME`` to a value from -100 to 100.

    Raises:
        NotMeasured: Sizes differ, a label is not a whole number, or neither image has a structure.

    Source:
        Volumetric similarity with its sign, Taha and Hanbury, BMC Med Imaging 15:29 (2015),
        doi:10.1186/s12880-015-0068-x, eq. 21; there relative to the sum of both volumes.

    Example:
        >>> real, synthetic = np.zeros((2, 10, 10), int)
        >>> real[2:6, 2:6], synthetic[2:6, 2:5] = 1, 1
        >>> structure_volume_difference(synthetic, real, {})
        {'structure=1': -25.0}
    """
    pairs = structure_pairs(synthetic_structures, structures, structures_drawn)
    return by_structure(pairs, structure_names, volume_difference)


def volume_difference(pair: StructurePair) -> float:
    """Return synthetic minus real volume in per cent of the larger of both."""
    real, synthetic, _ = pair.sizes
    return 100 * (synthetic - real) / max(synthetic, real)
