"""What is kept of each image when many are compared for copies: a small pattern, and a hash of all its pixels.

A pattern is the image averaged down to a small grid, with its mean taken out and its length made 1. The distance
between two patterns is sqrt(2 - 2 r), where r is their correlation, so brightness and contrast do not count. Images are
read one at a time; memory holds patterns only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthassay.data.image_set import ImageSet
from synthassay.errors import NotMeasured

GRID = {2: 64, 3: 32}
DECIMALS = 3


@dataclass(frozen=True)
class Prints:
    """Patterns and hashes of a set of images.

    Attributes:
        patterns: ``cases channels *grid``, float32; each has mean 0 and length 1, or is 0 for a constant image.
        hashes: SHA-256 of each image's size and pixels, rounded to ``DECIMALS``.
    """

    patterns: NDArray[np.float32]
    hashes: tuple[str, ...]
    cases: tuple[str, ...]
    subjects: tuple[str, ...]

    @property
    def rows(self) -> NDArray[np.float32]:
        """The patterns as ``cases values``."""
        return self.patterns.reshape(len(self.patterns), -1)

    def __len__(self) -> int:
        return len(self.patterns)


def take_prints(images: ImageSet, subjects: Sequence[str]) -> Prints:
    """Read a set image by image and keep its prints.

    Raises:
        NotMeasured: Images differ in size, or hold values that are not finite.
    """
    patterns: list[NDArray[np.float32]] = []
    hashes = []
    size: tuple[int, ...] | None = None
    for entry in images.entries:
        pixels = entry.load().pixels
        if size is not None and pixels.shape != size:
            raise NotMeasured(f"{images.name} image {entry.case} has size {pixels.shape}, others have {size}")
        if not np.isfinite(pixels).all():
            raise NotMeasured(f"{images.name} image {entry.case} holds values that are not finite")
        size = pixels.shape
        patterns.append(pattern(pixels))
        hashes.append(pixel_hash(pixels))
    return Prints(np.stack(patterns), tuple(hashes), tuple(images.cases), tuple(subjects))


def pattern(pixels: np.ndarray) -> NDArray[np.float32]:
    """Return the pattern of one image, ``channels *grid``.

    Example:
        >>> a = np.arange(16.0).reshape(1, 4, 4)
        >>> bool(np.allclose(pattern(a), pattern(3 * a + 7)))
        True
    """
    space = pixels.shape[1:]
    steps = [-(-size // GRID[len(space)]) for size in space]
    small = pixels.astype(np.float64)
    for axis, step in enumerate(steps, start=1):
        kept = small.shape[axis] // step * step
        small = np.take(small, range(kept), axis=axis)
        small = small.reshape(*small.shape[:axis], kept // step, step, *small.shape[axis + 1 :]).mean(axis=axis + 1)
    return unit_length(small[np.newaxis])[0].astype(np.float32)


def unit_length(patterns: np.ndarray) -> np.ndarray:
    """Take each pattern's mean out and make its length 1; constant ones become 0."""
    rows = patterns.reshape(len(patterns), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    scale = np.abs(patterns).reshape(len(patterns), -1).max(axis=1, keepdims=True)
    constant = length <= 1e-6 * np.maximum(scale, 1e-30)
    return np.where(constant, 0.0, rows / np.where(constant, 1.0, length)).reshape(patterns.shape)


def pixel_hash(pixels: np.ndarray) -> str:
    """Return the SHA-256 of an image's size and pixels; files with other headers hold the same image."""
    rounded = np.round(np.ascontiguousarray(pixels, dtype=np.float32), DECIMALS) + np.float32(0)  # -0 becomes 0
    return hashlib.sha256(str(pixels.shape).encode() + rounded.tobytes()).hexdigest()


def distance_of(correlation: float) -> float:
    """Return the distance of two patterns with this correlation.

    >>> distance_of(0.5)
    1.0
    """
    return float(np.sqrt(max(0.0, 2 - 2 * correlation)))
