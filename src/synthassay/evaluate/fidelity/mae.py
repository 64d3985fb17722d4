"""Mean absolute error in the images' own unit."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.fidelity.pair import inside
from synthassay.evaluate.metric import IMAGE_UNIT, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Mean absolute error",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit=IMAGE_UNIT,
    per="case",
    source="arXiv:2403.08447",
    settings={"clipping": "none"},
)
def mae(synthetic: Pixels, reference: Pixels, mask: SpatialMask | None = None) -> float:
    """Return the mean of |synthetic - reference| over the mask, unclipped.

    Args:
        synthetic: ``channels *space`` in physical units.
        reference: ``channels *space`` in the same units.
        mask: ``*space``; the whole picture where None.

    Returns:
        At least 0, in the images' unit; 0 only for equal pictures.

    Raises:
        NotMeasured: Sizes differ, the mask is empty, or a value inside it is not finite.

    Source:
        Huijben et al., SynthRAD2023 challenge report (2024), arXiv:2403.08447 (SynthRAD2023, MAE in the body mask).

    Example:
        >>> mae(np.array([[0.0, 3.0]]), np.array([[1.0, 1.0]]))
        1.5
    """
    first, second = inside(synthetic, reference, mask)
    return float(np.abs(first - second).mean())
