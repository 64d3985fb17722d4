"""Structural similarity in as many dimensions as the image has."""

from __future__ import annotations

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.fidelity.ssim_map import SETTINGS, WINDOW, mean_ssim
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Structural similarity",
    axis=Axis.FIDELITY,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.1109/TIP.2003.819861",
    settings={**SETTINGS, "dimensions": "those of the image"},
)
def ssim(
    synthetic: Pixels, reference: Pixels, data_range: tuple[float, float], mask: SpatialMask | None = None
) -> float:
    """Return the mean structural similarity inside the mask, with 7x7 windows in pictures and 7x7x7 in volumes.

    Windows are uniform and covariances are sample covariances, as in scikit-image. The map is averaged over the mask:
    multiplying both pictures by the mask first would let the equal background raise the score (.995 for .856 in one
    brain). Values are counted from the low end of the declared range, because similarity of negative means has no
    meaning. Channels are averaged.

    Args:
        synthetic: ``channels *space`` in physical units; two spatial axes for a picture, three for a volume.
        reference: ``channels *space`` in the same units.
        data_range: Lowest and highest possible value.
        mask: ``*space``; the whole picture where None.

    Returns:
        At most 1, which only equal pictures reach.

    Raises:
        NotMeasured: Sizes differ; the mask is empty or lies at the border; a value inside the mask is not finite; or
            the picture is smaller than the window.

    Source:
        Wang et al., IEEE Trans Image Process 13:600 (2004), doi:10.1109/TIP.2003.819861, eq. 13.

    Example:
        >>> ramp = np.arange(256.0).reshape(1, 16, 16)
        >>> round(ssim(ramp, ramp + 20, (0.0, 255.0)), 4)
        0.9843
    """
    return mean_ssim(synthetic, reference, data_range, mask, (WINDOW,) * (synthetic.ndim - 1))
