"""Root mean squared error in the images' own unit."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.fidelity.pair import inside
from synthassay.evaluate.metric import IMAGE_UNIT, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Root mean squared error",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit=IMAGE_UNIT,
    per="case",
    source="doi:10.1002/mp.15150",
    settings={"clipping": "none"},
)
def rmse(synthetic: Pixels, reference: Pixels, mask: SpatialMask | None = None) -> float:
    """Return the root of the mean squared difference over the mask, unclipped.

    Beside the mean absolute error it tells few large errors from many small ones: it is never smaller, and the two
    are equal only where the error has one size everywhere.

    Args:
        synthetic: ``channels *space`` in physical units.
        reference: ``channels *space`` in the same units.
        mask: ``*space``; the whole picture where None.

    Returns:
        At least 0, in the images' unit.

    Raises:
        NotMeasured: Sizes differ, the mask is empty, or a value inside it is not finite.

    Source:
        Spadea and Maspero et al., Med Phys 48:6537 (2021), doi:10.1002/mp.15150, table of image metrics.

    Example:
        >>> round(rmse(np.array([[0.0, 3.0]]), np.array([[1.0, 1.0]])), 6)
        1.581139
    """
    first, second = inside(synthetic, reference, mask)
    return float(np.sqrt(np.square(first - second).mean()))
