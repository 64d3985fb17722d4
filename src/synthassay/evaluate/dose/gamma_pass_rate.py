"""How much of the dose on the synthetic CT agrees with the dose on the real one, by the gamma index."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.dose.gamma import (
    CUTOFF_PERCENT,
    MAX_GAMMA,
    STEPS_PER_DTA,
    Criterion,
    check_doses,
    gamma_index,
    pass_rate,
)
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Spatial, SpatialMask

CRITERIA = (Criterion(3, 3), Criterion(3, 2), Criterion(2, 2), Criterion(2, 2, local=True))


@metric(
    title="Gamma pass rate of the dose",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="%",
    per="case",
    source="doi:10.1118/1.598248",
    strata=tuple(criterion.stratum for criterion in CRITERIA),
    settings={
        "normalisation": "highest reference dose",
        "cut_off": f"reference dose of at least {CUTOFF_PERCENT:g} % of it",
        "counted": "every point above the cut-off; one that agrees nowhere fails",
        "max_gamma": MAX_GAMMA,
        "interpolation": f"linear; {STEPS_PER_DTA} points per distance to agreement, exact along the steepest axis",
    },
    only=Unit.HU,
)
def gamma_pass_rate(
    synthetic_dose: Spatial,
    reference_dose: Spatial,
    spacing_mm: tuple[float, ...],
    mask: SpatialMask | None = None,
) -> dict[str, float]:
    """Return the share of points above the cut-off whose gamma is at most 1, in %, for each criterion.

    Args:
        synthetic_dose: Dose of the plan calculated on the synthetic image, ``*space`` in Gy.
        reference_dose: Dose of the same plan on the real image, in Gy.
        spacing_mm: Voxel size per axis.
        mask: Where to judge (the body); everywhere above the cut-off where None.

    Returns:
        ``criterion=global 2%/2mm`` and the others, to 0 to 100. Judged are the points above the cut-off, inside the
        mask, whose reference dose is known.

    Raises:
        NotMeasured: Grids differ in size, the voxel size is unknown, there is no reference dose, or the synthetic dose
            is unknown where it would be judged.

    Source:
        Low et al., Med Phys 25:656 (1998), doi:10.1118/1.598248; criteria and cut-off: AAPM TG-218, Miften et al., Med
        Phys 45:e53 (2018), doi:10.1002/mp.12810.

    Example:
        >>> reference = np.full((6, 6, 6), 50.0)
        >>> found = gamma_pass_rate(1.025 * reference, reference, (2.0, 2.0, 2.0))
        >>> found["criterion=global 3%/3mm"], found["criterion=global 2%/2mm"]
        (100.0, 0.0)
    """
    check_doses(synthetic_dose, reference_dose, spacing_mm)
    judged = reference_dose
    if mask is not None:
        if mask.shape != reference_dose.shape:
            raise NotMeasured(f"its dose has size {reference_dose.shape} but its mask has {mask.shape}")
        judged = np.where(mask, reference_dose, np.nan)
    top = check_doses(synthetic_dose, judged, spacing_mm)
    with np.errstate(invalid="ignore"):
        unknown = int((~np.isfinite(synthetic_dose) & (judged >= CUTOFF_PERCENT / 100 * top)).sum())
    if unknown:
        raise NotMeasured(f"the synthetic dose is unknown at {unknown} points where the reference dose is judged")
    return {
        criterion.stratum: pass_rate(gamma_index(synthetic_dose, judged, spacing_mm, criterion))
        for criterion in CRITERIA
    }
