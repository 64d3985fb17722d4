"""How far structures of the synthetic image cover those of the real one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.label_maps import MISSING, StructurePair, by_structure, structure_pairs
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Spatial


@metric(
    title="Structure overlap (Dice)",
    axis=Axis.FAILURE,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.2307/1932409",
    strata=(),
    settings={"missing": f"{MISSING}0"},
)
def structure_overlap(
    synthetic_structures: Spatial,
    structures: Spatial,
    structure_names: Mapping[int, str],
    structures_drawn: Collection[int] | None = None,
) -> dict[str, float]:
    """Return the Dice coefficient of each structure that is in either image.

    A structure that one image lacks has 0, whether it vanished or was invented; one that both lack is not measured.

    Args:
        synthetic_structures: ``*space``: label map of the synthetic image; 0 is no structure.
        structures: ``*space``: label map of the real image.
        structure_names: Label to name.
        structures_drawn: Labels that somebody drew on the real image; all others are unknown. None: all were.

    Returns:
        ``structure=NAME`` to a value from 0 (apart or missing) to 1 (equal).

    Raises:
        NotMeasured: Sizes differ, a label is not a whole number, or neither image has a structure.

    Source:
        Dice, Ecology 26:297 (1945), doi:10.2307/1932409.

    Example:
        >>> real, synthetic = np.zeros((2, 10, 10), int)
        >>> real[2:6, 2:6], synthetic[3:7, 2:6], synthetic[0, 0] = 1, 1, 2
        >>> structure_overlap(synthetic, real, {1: "liver"})
        {'structure=liver': 0.75, 'structure=2': 0.0}
    """
    pairs = structure_pairs(synthetic_structures, structures, structures_drawn)
    return by_structure(pairs, structure_names, StructurePair.dice)
