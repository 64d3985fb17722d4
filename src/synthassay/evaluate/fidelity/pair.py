"""What paired measures share: two pictures of one size, and the values inside the mask, whatever lies outside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.shapes import Pixels, SpatialMask


def inside(
    synthetic: Pixels, reference: Pixels, mask: SpatialMask | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both pictures' values inside the mask as float64, ``channels values``.

    Values are picked, not multiplied by the mask, so that a NaN outside it stays outside.

    Raises:
        NotMeasured: Sizes differ, the mask is empty, or a value inside the mask is not finite.
    """
    if synthetic.shape != reference.shape:
        raise NotMeasured(f"its size is {synthetic.shape} but its reference has {reference.shape}")
    where = np.ones(synthetic.shape[1:], dtype=bool) if mask is None else mask
    if where.shape != synthetic.shape[1:]:
        raise NotMeasured(f"its size is {synthetic.shape[1:]} but its mask has {where.shape}")
    if not where.any():
        raise NotMeasured("its mask is empty")
    first, second = (picture[:, where].astype(np.float64) for picture in (synthetic, reference))
    for name, values in (("it", first), ("its reference", second)):
        bad = int((~np.isfinite(values)).sum())
        if bad:
            place = "" if mask is None else " inside the mask"
            raise NotMeasured(f"{name} has {bad} values{place} that are not finite")
    return first, second


def quiet_outside(
    synthetic: Pixels, reference: Pixels, mask: SpatialMask | None, background: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both pictures as float64 with values that are not finite outside the mask replaced by ``background``.

    Windowed measures look a few voxels across the mask's border; there both pictures then show the same background.

    Raises:
        NotMeasured: As ``inside``.
    """
    inside(synthetic, reference, mask)
    first, second = synthetic.astype(np.float64), reference.astype(np.float64)
    if mask is not None:
        bad = ~(np.isfinite(first) & np.isfinite(second))
        if bad.any():
            first[bad] = second[bad] = background
    return first, second
