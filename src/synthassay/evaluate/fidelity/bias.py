"""Mean signed error: whether synthetic images are too bright or too dark."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.fidelity.pair import inside
from synthassay.evaluate.metric import IMAGE_UNIT, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Bias (mean signed error)",
    axis=Axis.FIDELITY,
    better=Better.TARGET,
    target=0.0,
    unit=IMAGE_UNIT,
    per="case",
    source="doi:10.1002/mp.15150",
    settings={"clipping": "none"},
)
def bias(synthetic: Pixels, reference: Pixels, mask: SpatialMask | None = None) -> float:
    """Return the mean of synthetic - reference over the mask, unclipped.

    Normalising each picture by itself before comparing would hide this error; nothing is normalised here.

    Args:
        synthetic: ``channels *space`` in physical units.
        reference: ``channels *space`` in the same units.
        mask: ``*space``; the whole picture where None.

    Returns:
        Positive where the synthetic picture is brighter, in the images' unit; 0 is best.

    Raises:
        NotMeasured: Sizes differ, the mask is empty, or a value inside it is not finite.

    Source:
        Spadea and Maspero et al., Med Phys 48:6537 (2021), doi:10.1002/mp.15150 (mean error).

    Example:
        >>> bias(np.array([[0.0, 3.0]]), np.array([[1.0, 1.0]]))
        0.5
    """
    first, second = inside(synthetic, reference, mask)
    return float(np.mean(first - second))
