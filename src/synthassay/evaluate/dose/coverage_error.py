"""How far the share of each structure that gets 95 % of the prescription is off."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.dose.dvh import histogram_pairs, require_prescription
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Spatial

SHARE = 0.95


@metric(
    title="Dose coverage error (V95)",
    axis=Axis.UTILITY,
    better=Better.LOWER,
    unit="percentage points",
    per="case",
    source="doi:10.1016/0360-3016(91)90168-4",
    strata=(),
    settings={
        "dose": f"{100 * SHARE:g} % of the prescription",
        "structures": "as drawn on the real image, for both doses",
    },
    only=Unit.HU,
)
def coverage_error(
    synthetic_dose: Spatial,
    reference_dose: Spatial,
    structures: Spatial,
    structure_names: Mapping[int, str],
    spacing_mm: tuple[float, ...],
    prescription_gy: float | None,
    structures_drawn: Collection[int] | None = None,
) -> dict[str, float]:
    """Return the absolute difference of V95, the share of a structure that gets 95 % of the prescription.

    In percentage points of the structure's volume, never over V95 itself: outside the target V95 is 0.

    Args:
        synthetic_dose: Dose of the plan calculated on the synthetic image, ``*space`` in Gy.
        reference_dose: Dose of the same plan on the real image, in Gy.
        structures: ``*space``: label map of the real image; 0 is no structure.
        structure_names: Label to name.
        spacing_mm: Voxel size per axis.
        prescription_gy: Prescribed dose in Gy.
        structures_drawn: Labels that somebody drew on the real image; all others are unknown. None: all were.

    Returns:
        ``structure=NAME`` to percentage points, 0 to 100; 0 is best.

    Raises:
        NotMeasured: The prescription is not known; or as ``dvh_error``.

    Source:
        Drzymala et al., Int J Radiat Oncol Biol Phys 21:71 (1991), doi:10.1016/0360-3016(91)90168-4.

    Example:
        >>> reference, target = np.full((4, 4, 4), 60.0), np.ones((4, 4, 4), int)
        >>> synthetic = reference - 6 * (np.arange(64).reshape(4, 4, 4) < 16)
        >>> coverage_error(synthetic, reference, target, {1: "PTV"}, (2.0, 2.0, 2.0), 60.0)
        {'structure=PTV': 25.0}
    """
    dose = SHARE * require_prescription(prescription_gy)
    pairs = histogram_pairs(synthetic_dose, reference_dose, structures, structure_names, spacing_mm, structures_drawn)
    return {f"structure={name}": abs(one.volume_at(dose) - other.volume_at(dose)) for name, one, other in pairs}
