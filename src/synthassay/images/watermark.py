"""An invisible mark in the pixels: a pattern of keyed signs, weaker than the image's own noise, found by correlation.

A spread-spectrum mark (Cox et al. 1997, doi:10.1109/83.650120) with one key per image, so that no pattern is common to
a set: averaging its images does not show the mark, and a classifier cannot learn it. Where an image is flat (air,
padding) nothing is added. The signs come from the standard library alone, so that any language can find it again.

    signs   s = +1 or -1 per pixel, from the bits of SHAKE-256 of the key
    pattern p = G(s, 0.3) - G(s, 1.2), scaled to root mean square 1; G a Gaussian of that width in pixels
    marked  y = x + strength * p where x is not flat
    score   z = sum(s * r) / sqrt(sum(r^2)), r = B(clip(B(y) / local deviation)), B the same band

The signs are independent of an image that was not marked with them. So z has mean 0 and variance 1 whatever the image
shows, and by Hoeffding's inequality (doi:10.1080/01621459.1963.10500830) reaches t with a chance of at most
exp(-t^2 / 2): the false alarms are bounded by a theorem and not by a sample of images.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter, uniform_filter

from synthassay.errors import ImageError

FRACTION = 0.25
"""Strength over noise."""
FALSE_ALARMS = 1e-6
THRESHOLD = math.sqrt(2 * math.log(1 / FALSE_ALARMS))
"""Score from which on an image counts as marked; 5.26 by Hoeffding's inequality."""
NARROW, WIDE, NEIGHBOURHOOD, CLIP = 0.3, 1.2, 5, 3.0
LEAST_PIXELS = 400
Floats = NDArray[np.float64]


class Marked(NamedTuple):
    """Marked pixels of the same type, the mark's root mean square and the image's noise where it is not flat."""

    pixels: np.ndarray
    strength: float
    noise: float


def key_of(identity: str, case: str) -> bytes:
    """Return the key of one image of a release: public, since whoever checks a release must have it.

    Args:
        identity: Fingerprint of the release's manifest.
        case: Name of the image in it.
    """
    return f"synthassay watermark 1\0{identity}\0{case}".encode()


def mark_pixels(
    pixels: np.ndarray, key: bytes, *, fraction: float = FRACTION, data_range: tuple[float, float] | None = None
) -> Marked:
    """Add the mark; whole numbers stay whole, by keyed dithering, which keeps the mark where it is below one step.

    Args:
        pixels: ``channels *space``; all channels get the same pattern.
        key: Of this image.
        fraction: Strength over noise; for whole numbers the noise is taken as at least one step.
        data_range: Values that no pixel may leave.

    Returns:
        The marked pixels.

    Raises:
        ImageError: There is no noise to hide in: the image is flat, too small, or without noise and of real numbers.
    """
    values = pixels.astype(np.float64)
    active = _active(values)
    if int(active.sum()) < LEAST_PIXELS:
        raise ImageError("watermark", "has too few pixels that are not flat", value=int(active.sum()), remedy=REMEDY)
    whole = bool(np.array_equal(values, np.rint(values)))
    noise = noise_of(values, active)
    strength = fraction * (max(noise, 1.0) if whole else noise)
    if not strength > 0:
        raise ImageError("watermark", "has no noise to hide a mark in", remedy=REMEDY)
    signs = _signs(key, values.shape[1:])
    pattern = _band(signs)
    pattern *= strength / math.sqrt(float(np.mean(pattern[active] ** 2)))
    found = values + np.where(active, pattern, 0.0)
    if whole:
        found = np.where(active, np.floor(found + _uniform(key, values.shape[1:])), values)
    low, high = _limits(pixels.dtype, data_range)
    found = np.clip(found, min(low, float(values.min())), max(high, float(values.max())))
    return Marked(found.astype(pixels.dtype), strength, noise)


REMEDY = "Release it without --watermark."


def score_of(pixels: np.ndarray, key: bytes, space: tuple[int, ...] | None = None) -> float:
    """Return the detector's score: about 0 without this mark; at least ``THRESHOLD`` means marked.

    Args:
        pixels: ``channels *space``.
        key: Of the image that it may be.
        space: Size of the image when it was marked, where it may have been resized since.
    """
    values = pixels.astype(np.float64).mean(axis=0)
    if space is not None and values.shape != space:
        values = _resized(values, space)
    flat = ~_active(values[None])
    band = _band(values)
    deviation = np.sqrt(np.maximum(uniform_filter(band**2, NEIGHBOURHOOD, mode="nearest"), 0.0))
    usual = float(np.median(deviation[~flat])) if not flat.all() else 0.0
    if usual <= 0:
        return 0.0
    residual = np.clip(band / (deviation + 0.05 * usual), -CLIP, CLIP)
    residual[flat] = 0.0
    residual = _band(residual)
    size = math.sqrt(float(np.sum(residual**2)))
    return float(np.sum(residual * _signs(key, values.shape))) / size if size > 0 else 0.0


def set_score(scores: Sequence[float]) -> float:
    """Return the score of a whole set: where single images were too much altered, all of them together still tell.

    It has the same bound as that of one image.

    >>> set_score([2.0] * 9)
    6.0
    """
    return float(sum(scores)) / math.sqrt(len(scores)) if scores else 0.0


def noise_of(values: Floats, active: NDArray[np.bool_] | None = None) -> float:
    """Return the standard deviation of an image's finest detail, robustly, where it is not flat.

    By the median of the diagonal differences of neighbours (Donoho and Johnstone 1994, doi:10.1093/biomet/81.3.425).

    Args:
        values: ``channels *space``.
        active: ``*space``: where to look; where it is not flat, if absent.
    """
    active = _active(values) if active is None else active
    detail = values[..., :-1, :-1] - values[..., 1:, :-1] - values[..., :-1, 1:] + values[..., 1:, 1:]
    inside = active[..., :-1, :-1] & active[..., 1:, 1:]
    if values.ndim == 4:  # planes lie along the first two axes of a volume, which may have few slices
        detail = values[:, :-1, :-1] - values[:, 1:, :-1] - values[:, :-1, 1:] + values[:, 1:, 1:]
        inside = active[:-1, :-1] & active[1:, 1:]
    chosen = detail[:, inside]
    return float(np.median(np.abs(chosen)) / 0.6745 / 2.0) if chosen.size else 0.0


def _active(values: Floats) -> NDArray[np.bool_]:
    """Where no channel is the same over its 3 x 3 neighbourhood in the plane."""
    size = (1, 3, 3) if values.ndim == 3 else (1, 3, 3, 1)
    return np.any(maximum_filter(values, size) > minimum_filter(values, size), axis=0)


def _band(values: Floats) -> Floats:
    """Detail between two widths, in each plane of a volume: neighbouring slices are too far apart to count."""
    plane = [1.0, 1.0] if values.ndim == 2 else [1.0, 1.0, 0.0]
    narrow: Floats = gaussian_filter(values, [NARROW * p for p in plane], mode="constant")
    wide: Floats = gaussian_filter(values, [WIDE * p for p in plane], mode="constant")
    return np.asarray(narrow - wide, np.float64)


def _signs(key: bytes, space: tuple[int, ...]) -> Floats:
    count = math.prod(space)
    bits = np.unpackbits(np.frombuffer(hashlib.shake_256(key).digest((count + 7) // 8), np.uint8), count=count)
    return np.where(bits.reshape(space) > 0, 1.0, -1.0)


def _uniform(key: bytes, space: tuple[int, ...]) -> Floats:
    numbers = np.frombuffer(hashlib.shake_256(b"dither\0" + key).digest(2 * math.prod(space)), "<u2")
    return (numbers.reshape(space).astype(np.float64) + 0.5) / 65536.0


def _limits(kind: np.dtype, data_range: tuple[float, float] | None) -> tuple[float, float]:
    low, high = data_range or (-math.inf, math.inf)
    if np.issubdtype(kind, np.integer):
        low, high = max(low, np.iinfo(kind).min), min(high, np.iinfo(kind).max)
    return low, high


def _resized(values: Floats, space: tuple[int, ...]) -> Floats:
    from skimage.transform import resize

    return np.asarray(resize(values, space, order=3, mode="edge", anti_aliasing=False, preserve_range=True))
