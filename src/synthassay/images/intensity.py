"""Pixel values: to the model's scale and back, in units that are stated and never guessed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels, SpatialMask

HU_REMEDY = (
    'Give DICOM CT with its rescale values, a NIfTI sidecar with "Units": "HU", or read_image(..., unit=Unit.HU).'
)


@dataclass(frozen=True)
class IntensityScale:
    """A linear map between physical values in [low, high] and the model's [-1, 1].

    >>> IntensityScale(-1000.0, 1000.0).to_model(np.array([[-2000.0, 0.0, 500.0]]))
    array([[-1. ,  0. ,  0.5]], dtype=float32)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ImageError("intensity scale", "needs finite low < high", value=(self.low, self.high))

    def to_model(self, pixels: Pixels) -> Pixels:
        """Return float32 in [-1, 1]; values outside [low, high] are clipped.

        Raises:
            ImageError: A value is NaN or infinite.
        """
        require_finite(pixels, "intensity scale")
        scaled = (np.asarray(pixels, dtype=np.float64) - self.low) * (2.0 / (self.high - self.low)) - 1.0
        return np.clip(scaled, -1.0, 1.0).astype(np.float32)

    def to_physical(self, pixels: Pixels) -> Pixels:
        """Return float32 in [low, high]; model values outside [-1, 1] are clipped, because they have no meaning.

        Raises:
            ImageError: A value is NaN or infinite.
        """
        require_finite(pixels, "intensity scale")
        inside = np.clip(np.asarray(pixels, dtype=np.float64), -1.0, 1.0)
        return (self.low + (inside + 1.0) * (0.5 * (self.high - self.low))).astype(np.float32)


def percentile_normalise(pixels: Pixels, mask: SpatialMask | None = None, percentile: float = 99.5) -> Pixels:
    """Divide by a percentile inside a mask, so that MR signals of different gain become comparable.

    Args:
        pixels: ``channels *space``, non-negative inside the mask; every channel has its own percentile.
        mask: ``*space``, where the tissue is; everywhere if absent.
        percentile: In (0, 100].

    Returns:
        Float32 with the percentile at 1; brighter voxels stay above 1.

    Raises:
        ImageError: The mask is empty or of another size, a value is not finite, or the percentile is not positive.
    """
    require_finite(pixels, "percentile_normalise")
    inside = np.ones(pixels.shape[1:], dtype=bool) if mask is None else mask
    if inside.shape != pixels.shape[1:]:
        raise ImageError("mask", f"has size {inside.shape} where the image has {pixels.shape[1:]}")
    if not inside.any():
        raise ImageError("mask", "is empty, so there is no tissue to measure", remedy="Check how the mask was made.")
    out = np.empty(pixels.shape, dtype=np.float32)
    for channel, plane in enumerate(pixels):
        top = float(np.percentile(plane[inside], percentile))
        if top <= 0:
            raise ImageError(
                f"channel {channel}",
                f"has no positive value at percentile {percentile:g} inside the mask",
                value=top,
                remedy="Check that the mask covers tissue and that the image is not empty.",
            )
        out[channel] = plane / top
    return out


def require_finite(pixels: Pixels, where: str) -> None:
    """Refuse NaN and infinity, with their count.

    Raises:
        ImageError: A value is not finite.
    """
    if not np.issubdtype(pixels.dtype, np.floating):
        return
    bad = int(pixels.size - np.count_nonzero(np.isfinite(pixels)))
    if bad:
        raise ImageError(
            where,
            f"has {bad} voxels that are NaN or infinite",
            value=f"{100 * bad / pixels.size:.3g} % of {pixels.size}",
            remedy="Repair or exclude the image; a NaN would spread through training and measures.",
        )


def require_hu(image: Image, where: str) -> None:
    """Refuse an image that is not proven to be in HU, or whose values contradict it.

    Args:
        image: To be used under a CT protocol.
        where: File or case, for the message.

    Raises:
        ImageError: The unit is not HU; or no value lies outside [-1, 1] (normalised); or nothing is negative while most
            of what is there lies around 1000 (an offset of 1000 or 1024 was not subtracted).
    """
    if image.unit is not Unit.HU:
        raise ImageError(
            where,
            "holds values in arbitrary units, and the CT protocol measures in HU",
            value=image.unit.value,
            remedy=HU_REMEDY,
        )
    low, high = float(image.pixels.min()), float(image.pixels.max())
    if low >= -1.0 and high <= 1.0:
        raise ImageError(
            where, "is said to be in HU but lies within [-1, 1]: it was normalised", value=(low, high), remedy=HU_REMEDY
        )
    dense = image.pixels[image.pixels > 200]
    if low >= 0 and dense.size and 850 <= float(np.median(dense)) <= 1200:
        raise ImageError(
            where,
            "is said to be in HU but has no negative value and soft tissue around 1000: an offset was not subtracted",
            value=f"median above 200 is {float(np.median(dense)):g}",
            remedy="Subtract the offset (1000 or 1024; the data's origin says which).",
        )


def to_grey(image: Image, where: str = "image") -> Image:
    """Return one channel of a picture that was stored as RGB with three equal channels, as many radiographs are.

    Raises:
        ImageError: The channels differ, so that a grey picture would lose colour.
    """
    if image.pixels.shape[0] == 1:
        return image
    differing = int((image.pixels != image.pixels[:1]).any(axis=0).sum())
    if differing:
        remedy = "Convert it outside, with a stated formula, or treat the set as RGB."
        raise ImageError(where, f"has colour in {differing} pixels and cannot become grey without loss", remedy=remedy)
    return image.with_pixels(image.pixels[:1].copy(), unit=Unit.ARBITRARY)


def to_integers(image: Image, where: str, *, largest: int) -> Pixels:
    """Return the pixels as whole numbers in [0, largest], rounded to nearest and never rescaled.

    Args:
        image: Values in their own scale, such as 0 to 255 grey levels.
        where: File, for the message.
        largest: Largest number that the format holds: 255 or 65535.

    Returns:
        ``uint8`` where every value fits (and the input was not 16-bit), else ``uint16``; the error is at most 0.5.

    Raises:
        ImageError: A value does not fit, or the picture lies within [0, 1] and would become black and white.
    """
    pixels = image.pixels
    if pixels.dtype in (np.uint8, np.uint16) and np.iinfo(pixels.dtype).max <= largest:
        return pixels
    require_finite(pixels, where)
    whole = np.rint(pixels)
    if whole.min() < 0 or whole.max() > largest:
        raise ImageError(
            where,
            f"has values outside [0, {largest}], which this format cannot hold",
            value=(float(pixels.min()), float(pixels.max())),
            remedy="Write NIfTI or DICOM, or bring the image to whole grey levels first.",
        )
    if pixels.max() <= 1 and not np.array_equal(whole, pixels):
        raise ImageError(
            where,
            "lies within [0, 1] and would become black and white",
            value=(float(pixels.min()), float(pixels.max())),
            remedy="Bring it to its physical scale first (IntensityScale.to_physical), or write NIfTI.",
        )
    wide = pixels.dtype == np.uint16 or whole.max() > 255
    return whole.astype(np.uint16 if wide else np.uint8)
