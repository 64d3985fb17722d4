"""Normalised cross-correlation: whether two images rise and fall together."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import inside
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Normalised cross-correlation",
    axis=Axis.FIDELITY,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.1098/rspl.1895.0041",
    settings={"means": "subtracted", "extent": "global, not in windows"},
)
def normalised_cross_correlation(synthetic: Pixels, reference: Pixels, mask: SpatialMask | None = None) -> float:
    """Return Pearson's correlation of both images' values inside the mask; channels are averaged.

    An offset and a positive factor do not count: read it beside ``bias``, which sees nothing else.

    Args:
        synthetic: ``channels *space``.
        reference: ``channels *space``.
        mask: ``*space``; the whole picture where None.

    Returns:
        From -1 to 1.

    Raises:
        NotMeasured: One of the images is constant inside the mask; or as in ``mae``.

    Source:
        Pearson, Proc R Soc Lond 58:240 (1895), doi:10.1098/rspl.1895.0041.

    Example:
        >>> real = np.array([[0.0, 1.0, 2.0, 5.0]])
        >>> round(normalised_cross_correlation(2 * real + 7, real), 12)
        1.0
    """
    first, second = inside(synthetic, reference, mask)
    for name, picture in (("it", first), ("its reference", second)):
        if (np.ptp(picture, axis=1) == 0).any():
            raise NotMeasured(f"{name} is constant inside the mask, and nothing correlates with a constant")
    first -= first.mean(axis=1, keepdims=True)
    second -= second.mean(axis=1, keepdims=True)
    found = [one @ two / (np.linalg.norm(one) * np.linalg.norm(two)) for one, two in zip(first, second, strict=True)]
    return float(np.clip(np.mean(found), -1.0, 1.0))
