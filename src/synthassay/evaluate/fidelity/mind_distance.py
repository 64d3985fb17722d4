"""Distance of local structure between an image and its reference, whatever their contrast."""

from __future__ import annotations

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.fidelity.mind import SETTINGS, mean_difference
from synthassay.evaluate.fidelity.pair import quiet_outside
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="MIND distance to the reference",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="1",
    per="case",
    source="doi:10.1016/j.media.2012.05.008",
    settings=SETTINGS,
)
def mind_distance(synthetic: Pixels, reference: Pixels, mask: SpatialMask | None = None) -> float:
    """Return the mean absolute difference of both images' modality-independent neighbourhood descriptors.

    A descriptor says which of a pixel's neighbours look like the pixel itself. It does not change under an offset, a
    factor or an inversion of contrast, and says where structure is, not how bright. Distances are in pixels, not mm.

    Args:
        synthetic: ``channels *space``.
        reference: ``channels *space``.
        mask: ``*space``; the whole picture where None.

    Returns:
        From 0 to 1; white noise against white noise has about 0.3.

    Raises:
        NotMeasured: One of the images is constant; no pixel has its surroundings in the mask; or as in ``mae``.

    Source:
        Heinrich et al., Med Image Anal 16:1423 (2012), doi:10.1016/j.media.2012.05.008, eqs. 4 to 7.

    Example:
        >>> real = np.random.default_rng(0).normal(size=(1, 12, 12))
        >>> round(mind_distance(5 - 2 * real, real), 9)
        0.0
    """
    first, second = quiet_outside(synthetic, reference, mask, 0.0)
    return mean_difference(first, second, mask, ("it", "its reference"))
