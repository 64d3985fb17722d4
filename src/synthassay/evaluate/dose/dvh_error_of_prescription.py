"""How far points of the dose-volume histograms are off, in % of the prescribed dose."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.dose.dvh import require_prescription
from synthassay.evaluate.dose.dvh_error import dvh_error
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Spatial


@metric(
    title="Dose-volume error, of the prescription",
    axis=Axis.UTILITY,
    better=Better.LOWER,
    unit="%",
    per="case",
    source="doi:10.1016/0360-3016(91)90168-4",
    strata=(),
    settings={
        "structures": "as drawn on the real image, for both doses",
        "difference": "absolute, over the prescription",
    },
    only=Unit.HU,
)
def dvh_error_of_prescription(
    synthetic_dose: Spatial,
    reference_dose: Spatial,
    structures: Spatial,
    structure_names: Mapping[int, str],
    spacing_mm: tuple[float, ...],
    prescription_gy: float | None,
    structures_drawn: Collection[int] | None = None,
) -> dict[str, float]:
    """Return ``dvh_error`` over the prescribed dose, in %.

    Args:
        synthetic_dose: Dose of the plan calculated on the synthetic image, ``*space`` in Gy.
        reference_dose: Dose of the same plan on the real image, in Gy.
        structures: ``*space``: label map of the real image; 0 is no structure.
        structure_names: Label to name.
        spacing_mm: Voxel size per axis.
        prescription_gy: Prescribed dose in Gy.
        structures_drawn: Labels that somebody drew on the real image; all others are unknown. None: all were.

    Returns:
        ``structure=NAME point=D95`` and so on, to % of the prescription; 0 is best.

    Raises:
        NotMeasured: The prescription is not known; or as ``dvh_error``.

    Source:
        Drzymala et al., Int J Radiat Oncol Biol Phys 21:71 (1991), doi:10.1016/0360-3016(91)90168-4.

    Example:
        >>> reference, target = np.full((4, 4, 4), 60.0), np.ones((4, 4, 4), int)
        >>> found = dvh_error_of_prescription(0.97 * reference, reference, target, {1: "PTV"}, (2.0, 2.0, 2.0), 60.0)
        >>> round(found["structure=PTV point=D95"], 9)
        3.0
    """
    whole = require_prescription(prescription_gy)
    errors = dvh_error(synthetic_dose, reference_dose, structures, structure_names, spacing_mm, structures_drawn)
    return {name: 100 * error / whole for name, error in errors.items()}
