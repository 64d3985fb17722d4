"""How far the electron density is off that a planning system reads off the synthetic CT."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.dose.calibration import DEFAULT_CURVE, Curve, relative_electron_density
from synthassay.evaluate.fidelity.pair import inside
from synthassay.evaluate.fidelity.tissue import SETTINGS, STRATA, tissue_classes
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Electron density error",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="%",
    per="case",
    source="doi:10.1259/bjr.72.860.10624344",
    strata=STRATA,
    settings={**SETTINGS, "of": "the electron density of water"},
    only=Unit.HU,
)
def electron_density_error(
    synthetic: Pixels,
    reference: Pixels,
    mask: SpatialMask,
    unit: Unit,
    density_curve: Curve,
) -> dict[str, float]:
    """Return the mean absolute error of the relative electron density in the body and in each tissue, in % of water.

    In % of water and not of the tissue: air has next to no electrons, and a share of next to nothing is any number.

    Args:
        synthetic: ``channels *space`` in HU.
        reference: The same of the real image.
        mask: The body.
        unit: Unit of the pixels.
        density_curve: Points (HU, relative electron density); empty for the default of Thomas.

    Returns:
        ``tissue=body``, ``tissue=air``, ``tissue=soft`` and ``tissue=bone``, where present, to 0 or more.

    Raises:
        NotMeasured: The images are not in HU, the mask is empty, or a value inside it is not finite.

    Source:
        Thomas, Br J Radiol 72:781 (1999), doi:10.1259/bjr.72.860.10624344; why a calibration is needed: Schneider et
        al., Phys Med Biol 41:111 (1996), doi:10.1088/0031-9155/41/1/009.

    Example:
        >>> real = np.full((1, 4, 4), 40.0)
        >>> found = electron_density_error(real + 50, real, np.ones((4, 4), bool), Unit.HU, ())
        >>> round(found["tissue=soft"], 9)
        5.0
    """
    if unit is not Unit.HU:
        raise NotMeasured("an electron density is read off Hounsfield units")
    first, second = inside(synthetic, reference, mask)
    curve = density_curve or DEFAULT_CURVE
    error = 100 * np.abs(relative_electron_density(first, curve) - relative_electron_density(second, curve))
    return {name: float(error[where].mean()) for name, where in tissue_classes(second).items() if where.any()}
