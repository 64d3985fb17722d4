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
    _check_sizes(synthetic, reference, mask)
    first, second = (picked(picture, mask) for picture in (synthetic, reference))
    _check_finite(first, second, mask)
    return first.astype(np.float64), second.astype(np.float64)


def check_pair(synthetic: Pixels, reference: Pixels, mask: SpatialMask | None) -> None:
    """Refuse a pair that has no honest number, for measures that pick the values themselves.

    Raises:
        NotMeasured: As ``inside``.
    """
    _check_sizes(synthetic, reference, mask)
    if not (np.isfinite(synthetic).all() and np.isfinite(reference).all()):
        _check_finite(picked(synthetic, mask), picked(reference, mask), mask)


def picked(picture: Pixels, mask: SpatialMask | None) -> np.ndarray:
    """Return the values inside the mask as they are stored, ``channels values``."""
    return picture.reshape(len(picture), -1) if mask is None else picture[:, mask]


def quiet_outside(
    synthetic: Pixels, reference: Pixels, mask: SpatialMask | None, background: float
) -> tuple[Pixels, Pixels]:
    """Return both pictures with values that are not finite outside the mask replaced by ``background``.

    Windowed measures look a few voxels across the mask's border; there both pictures then show the same background.

    Raises:
        NotMeasured: As ``inside``.
    """
    _check_sizes(synthetic, reference, mask)
    if np.isfinite(synthetic).all() and np.isfinite(reference).all():
        return synthetic, reference
    _check_finite(picked(synthetic, mask), picked(reference, mask), mask)
    seen = np.isfinite(synthetic) & np.isfinite(reference)
    return np.where(seen, synthetic, background), np.where(seen, reference, background)


def _check_sizes(synthetic: Pixels, reference: Pixels, mask: SpatialMask | None) -> None:
    if synthetic.shape != reference.shape:
        raise NotMeasured(f"its size is {synthetic.shape} but its reference has {reference.shape}")
    if mask is not None and mask.shape != synthetic.shape[1:]:
        raise NotMeasured(f"its size is {synthetic.shape[1:]} but its mask has {mask.shape}")
    if mask is not None and not mask.any():
        raise NotMeasured("its mask is empty")


def _check_finite(first: np.ndarray, second: np.ndarray, mask: SpatialMask | None) -> None:
    for name, values in (("it", first), ("its reference", second)):
        bad = int((~np.isfinite(values)).sum())
        if bad:
            place = "" if mask is None else " inside the mask"
            raise NotMeasured(f"{name} has {bad} values{place} that are not finite")
