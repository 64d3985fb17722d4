"""How far the dose is off where the prescription is to be met."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.dose.dvh import require_prescription
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Spatial

SHARE = 0.9


@metric(
    title="Dose error in the high-dose region",
    axis=Axis.UTILITY,
    better=Better.LOWER,
    unit="%",
    per="case",
    source="arXiv:2403.08447",
    settings={"measured": f"where the reference dose is at least {100 * SHARE:g} % of the prescription"},
    only=Unit.HU,
)
def dose_error(synthetic_dose: Spatial, reference_dose: Spatial, prescription_gy: float | None) -> float:
    """Return the mean absolute dose difference in the high-dose region, in % of the prescription.

    Args:
        synthetic_dose: Dose of the plan calculated on the synthetic image, ``*space`` in Gy.
        reference_dose: Dose of the same plan on the real image, in Gy.
        prescription_gy: Prescribed dose in Gy.

    Returns:
        From 0, the best, upwards.

    Raises:
        NotMeasured: The prescription is not known, sizes differ, no reference dose is that high, or the synthetic dose
            is unknown there.

    Source:
        SynthRAD2023 challenge report, arXiv:2403.08447: sum |d - d_ref| over voxels with d_ref >= 0.9 Rx, over n Rx.

    Example:
        >>> reference = np.full((4, 4, 4), 60.0)
        >>> round(dose_error(0.98 * reference, reference, 60.0), 9)
        2.0
    """
    whole = require_prescription(prescription_gy)
    if synthetic_dose.shape != reference_dose.shape:
        raise NotMeasured(f"its dose has size {synthetic_dose.shape} but the reference dose has {reference_dose.shape}")
    with np.errstate(invalid="ignore"):
        high = np.isfinite(reference_dose) & (reference_dose >= SHARE * whole)
    if not high.any():
        raise NotMeasured(f"the reference dose nowhere reaches {100 * SHARE:g} % of the prescription of {whole:g} Gy")
    difference = np.asarray(synthetic_dose, np.float64)[high] - reference_dose[high]
    unknown = int((~np.isfinite(difference)).sum())
    if unknown:
        raise NotMeasured(f"the synthetic dose is unknown in {unknown} voxels of the high-dose region")
    return float(100 * np.abs(difference).mean() / whole)
