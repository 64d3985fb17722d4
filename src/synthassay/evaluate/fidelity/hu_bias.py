"""Mean signed Hounsfield error in body, air, soft tissue and bone."""

from __future__ import annotations

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.fidelity.tissue import SETTINGS, STRATA, by_tissue
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Hounsfield bias by tissue",
    axis=Axis.FIDELITY,
    better=Better.TARGET,
    target=0.0,
    unit="HU",
    per="case",
    source="doi:10.1002/mp.15150",
    strata=STRATA,
    settings=SETTINGS,
)
def hu_bias(synthetic: Pixels, reference: Pixels, mask: SpatialMask, unit: Unit) -> dict[str, float]:
    """Return the mean of synthetic - reference per tissue of the real image, inside the body mask.

    Dose follows density, and bone and air are small parts of a body: an error that ruins them hardly moves the mean
    over all. Thresholds on the real image: air below -200 HU, bone from 250 HU, soft tissue between.

    Args:
        synthetic: ``channels *space`` in HU.
        reference: ``channels *space`` in HU.
        mask: ``*space``: the body.
        unit: What a pixel means.

    Returns:
        Stratum to mean; 0 at best, in HU. A tissue that the real image does not have is absent.

    Raises:
        NotMeasured: The images are not in HU, the mask is empty, or a value inside it is not finite.

    Source:
        Spadea and Maspero et al., Med Phys 48:6537 (2021), doi:10.1002/mp.15150 (errors by tissue class; thresholds
        differ between studies, and ours are stated with every number).

    Example:
        >>> real, body = np.array([[0.0, 1000.0]]), np.array([True, True])
        >>> hu_bias(np.array([[10.0, 980.0]]), real, body, Unit.HU)
        {'tissue=body': -5.0, 'tissue=soft': 10.0, 'tissue=bone': -20.0}
    """
    return by_tissue(synthetic, reference, mask, unit, lambda difference: float(difference.mean()))
