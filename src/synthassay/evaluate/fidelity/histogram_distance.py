"""Distance between the intensity histograms of an image and its reference, wherever the values lie."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.fidelity.pair import check_pair, picked
from synthassay.evaluate.metric import IMAGE_UNIT, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Histogram distance",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit=IMAGE_UNIT,
    per="case",
    source="doi:10.1023/A:1026543900054",
    settings={"distance": "Wasserstein-1 (earth mover's)", "bins": "none: values as they are", "clipping": "none"},
)
def histogram_distance(synthetic: Pixels, reference: Pixels, mask: SpatialMask | None = None) -> float:
    """Return how far values must move, on average, to turn one image's histogram inside the mask into the other's.

    It ignores where values lie: an image with its pixels in disorder scores 0. It is never more than ``mae``; where
    the two are near, the error is one of the intensity scale, not of place. Channels are averaged.

    Args:
        synthetic: ``channels *space`` in physical units.
        reference: ``channels *space`` in the same units.
        mask: ``*space``; the whole picture where None.

    Returns:
        At least 0, in the images' unit.

    Raises:
        NotMeasured: As in ``mae``.

    Source:
        Rubner, Tomasi and Guibas, Int J Comput Vis 40:99 (2000), doi:10.1023/A:1026543900054. Between equally many
        values on a line it is the mean distance of the values in order of size.

    Example:
        >>> histogram_distance(np.array([[3.0, 0.0, 1.0]]), np.array([[0.0, 1.0, 5.0]]))
        0.6666666666666666
    """
    check_pair(synthetic, reference, mask)
    first, second = (np.sort(picked(picture, mask), axis=1) for picture in (synthetic, reference))
    return float(np.abs(np.subtract(first, second, dtype=np.float64)).mean())
