"""Structural similarity at up to five scales."""

from __future__ import annotations

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.multi_scale import (
    K1,
    K2,
    LEAST_SCALES,
    WEIGHTS,
    combine,
    scale_means,
    scales_that_fit,
)
from synthassay.evaluate.fidelity.windows import Window
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask

WINDOW = Window(size=7)


@metric(
    title="Multi-scale structural similarity",
    axis=Axis.FIDELITY,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.1109/ACSSC.2003.1292216",
    settings={
        "window": WINDOW.size,
        "weights": "uniform",
        "covariance": "sample (n - 1)",
        "k1": K1,
        "k2": K2,
        "border": "windows that leave the picture are left out",
        "zero": "low end of the data range",
        "dimensions": "those of the image",
        "scales": "as many of 5 as keep each axis at least as long as the window; at least 2",
        "scale_weights": ", ".join(f"{weight:g}" for weight in WEIGHTS) + "; with fewer scales scaled to their sum",
        "halving": "means of 2 along each axis; in the mask where all are",
        "exponents": "applied to means over the mask",
        "luminance": "at the coarsest scale",
        "negative_means": "count as 0",
    },
)
def ms_ssim(
    synthetic: Pixels, reference: Pixels, data_range: tuple[float, float], mask: SpatialMask | None = None
) -> float:
    """Return the product over scales of the mean contrast-structure, with the luminance at the coarsest scale.

    Each scale is half as fine as the one before. The number of scales follows from the image's size alone: five need
    112 pixels along the shortest axis, four 56, three 28, two 14. Images of different size may so have different
    numbers of scales, which are not comparable with each other.

    Args:
        synthetic: ``channels *space`` in physical units; two spatial axes for a picture, three for a volume.
        reference: ``channels *space`` in the same units.
        data_range: Lowest and highest possible value.
        mask: ``*space``; the whole picture where None.

    Returns:
        From 0 to 1, which only equal pictures reach.

    Raises:
        NotMeasured: Sizes differ; the mask is empty; a value inside it is not finite; the picture is too small for two
            scales; or at some scale no whole window has its centre in the mask.

    Source:
        Wang, Simoncelli and Bovik, Asilomar 2003, doi:10.1109/ACSSC.2003.1292216, eq. 7 and section 3.2.

    Example:
        >>> ramp = np.arange(32.0 * 32).reshape(1, 32, 32)
        >>> round(ms_ssim(ramp, ramp + 100, (0.0, 1023.0)), 4)
        0.9922
    """
    scales = scales_that_fit(synthetic.shape[1:], WINDOW.size)
    if scales < LEAST_SCALES:
        raise NotMeasured(
            f"its shortest axis has {min(synthetic.shape[1:])} pixels, and two scales with windows of {WINDOW.size} "
            f"need {2 * WINDOW.size}"
        )
    return combine(scale_means(synthetic, reference, data_range, mask, WINDOW, scales))
