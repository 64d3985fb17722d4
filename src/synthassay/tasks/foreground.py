"""Where there is a body or a brain, derived from an image that comes without a mask."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.records.vocabulary import Unit
from synthassay.shapes import SpatialMask

BODY_HU = -300.0  # between lung and fat: skin is in, air is out
STRIPPED_SHARE = 0.05


def foreground(image: Image, where: str) -> SpatialMask:
    """Return where the subject is, as a boolean array over the image's space.

    - HU: above -300 HU, the largest connected part, holes filled slice by slice along the last axis (lungs, sinuses
      and air in the throat are inside the body).
    - Other units, background exactly one value in at least 5 % of the places and that value the smallest
      (skull-stripped or masked): all other places.
    - Other units, else: above Otsu's threshold between background and subject, the largest connected part, holes
      filled.

    Args:
        image: Image without a mask of its own; channels are averaged.
        where: Name of the case, for the message.

    Raises:
        ImageError: Nothing is in the foreground.

    Source: doi:10.1109/TSMC.1979.4310076 (Otsu's threshold).
    """
    values = image.pixels.astype(np.float64).mean(axis=0)
    lowest = values.min()
    if image.unit == Unit.HU:
        found = _largest_filled(values > BODY_HU)
    elif np.mean(values == lowest) >= STRIPPED_SHARE:
        found = values > lowest
    elif values.max() > lowest:
        found = _largest_filled(values > threshold_otsu(values.ravel()))
    else:
        found = np.zeros(values.shape, bool)
    if not found.any():
        remedy = "Check the image, or give a mask ([data] mask in the study file)."
        raise ImageError(where, "shows nothing but background, so there is nowhere to measure", remedy=remedy)
    return found


def _largest_filled(mask: SpatialMask) -> SpatialMask:
    parts, count = ndimage.label(mask)
    if count == 0:
        return mask
    largest = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    if largest.ndim == 2:
        return ndimage.binary_fill_holes(largest)
    planes = [ndimage.binary_fill_holes(largest[..., z]) for z in range(largest.shape[-1])]
    return np.stack(planes, axis=-1)
