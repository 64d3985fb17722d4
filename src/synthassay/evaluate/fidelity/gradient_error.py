"""Error of the gradient's magnitude: whether edges are as steep as in the real image."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import quiet_outside
from synthassay.evaluate.fidelity.stencil import gradient_slabs, known_spacing, with_neighbours
from synthassay.evaluate.metric import IMAGE_UNIT, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Gradient-magnitude error",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit=f"{IMAGE_UNIT} per mm",
    per="case",
    source="arXiv:1511.05440",
    settings={
        "gradient": "central differences, per mm along each axis",
        "border": "pixels whose neighbours are not all in the mask and the image are left out",
    },
)
def gradient_error(
    synthetic: Pixels, reference: Pixels, spacing_mm: tuple[float, ...], mask: SpatialMask | None = None
) -> float:
    """Return the mean of | |gradient of synthetic| - |gradient of reference| | inside the mask; channels are averaged.

    Only pixels count whose neighbours along each axis lie in the mask, so that the outline of the mask and what lies
    beyond it do not matter. Blur and noise both raise it.

    Args:
        synthetic: ``channels *space`` in physical units.
        reference: ``channels *space`` in the same units.
        spacing_mm: Size of a pixel along each axis.
        mask: ``*space``; the whole picture where None.

    Returns:
        At least 0, in the images' unit per mm.

    Raises:
        NotMeasured: The spacing is unknown; no pixel has all its neighbours in the mask; or as in ``mae``.

    Source:
        Mathieu, Couprie and LeCun, ICLR 2016, arXiv:1511.05440, section 3.3 (gradient difference, there as a loss).

    Example:
        >>> ramp = np.arange(25.0).reshape(1, 5, 5) % 5
        >>> gradient_error(3 * ramp, ramp, (1.0, 0.5))
        4.0
    """
    first, second = quiet_outside(synthetic, reference, mask, 0.0)
    spacing = known_spacing(spacing_mm, first.shape[1:])
    where = with_neighbours(np.ones(first.shape[1:], bool) if mask is None else mask)
    if not where.any():
        raise NotMeasured("no pixel has all its neighbours in the mask and in the image")
    total = 0.0
    for one, two in zip(first, second, strict=True):
        pairs = zip(gradient_slabs(one, spacing), gradient_slabs(two, spacing), strict=True)
        for (rows, steep), (_, expected) in pairs:
            total += float(np.abs(steep - expected)[where[rows]].sum())
    return total / (len(first) * int(where.sum()))
