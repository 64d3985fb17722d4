"""Peak signal-to-noise ratio over a declared range."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import inside
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Peak signal-to-noise ratio",
    axis=Axis.FIDELITY,
    better=Better.HIGHER,
    unit="dB",
    per="case",
    source="doi:10.1109/TIP.2003.819861",
    settings={"clipping": "none", "equal_pictures": "not measured"},
)
def psnr(
    synthetic: Pixels, reference: Pixels, data_range: tuple[float, float], mask: SpatialMask | None = None
) -> float:
    """Return 10 log10(range^2 / mean squared error inside the mask).

    The range is declared by the protocol or the study and stands beside the number; values outside it are not
    clipped, because clipping hides the errors that matter most in dense bone and metal.

    Args:
        synthetic: ``channels *space`` in physical units.
        reference: ``channels *space`` in the same units.
        data_range: Lowest and highest possible value.
        mask: ``*space``; the whole picture where None.

    Returns:
        Decibels.

    Raises:
        NotMeasured: The pictures are equal inside the mask, so that the ratio is infinite and would swallow any mean;
            or as in ``mae``.

    Source:
        Wang et al., IEEE Trans Image Process 13:600 (2004), doi:10.1109/TIP.2003.819861, section I.

    Example:
        >>> round(psnr(np.array([[0.0, 10.0]]), np.array([[0.0, 0.0]]), (0.0, 255.0)), 4)
        31.1411
    """
    first, second = inside(synthetic, reference, mask)
    error = float(np.square(first - second).mean())
    if error == 0:
        raise NotMeasured("it equals its reference, so the signal-to-noise ratio is infinite")
    return float(20 * np.log10(data_range[1] - data_range[0]) - 10 * np.log10(error))
