"""Data sets with planted copies, written as files of several kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image as Pillow


def pictures(count: int, seed: int = 0, size: int = 48) -> np.ndarray:
    """Smooth random pictures, uint8: no two alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(size=(count, 12, 12))
    fine = np.kron(coarse, np.ones((1, size // 12, size // 12))) + 0.3 * rng.normal(size=(count, size, size))
    low, high = fine.min(axis=(1, 2), keepdims=True), fine.max(axis=(1, 2), keepdims=True)
    return np.round(255 * (fine - low) / (high - low)).astype(np.uint8)


def save(path: Path, picture: np.ndarray) -> None:
    """Write a picture in the format of its ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, picture)
    else:
        Pillow.fromarray(picture).save(path)
