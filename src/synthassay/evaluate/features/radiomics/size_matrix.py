"""The features that run-length, size-zone and dependence matrices share: how often level i comes with size j."""

from __future__ import annotations

import numpy as np
from scipy.special import entr


def size_features(counts: np.ndarray, sizes: np.ndarray) -> dict[str, np.ndarray]:
    """Return the sixteen features of matrices that count grey level against size.

    Args:
        counts: ``matrices levels sizes``; row r counts grey level r + 1. No matrix may be empty.
        sizes: The size that each column stands for.

    Returns:
        One value per matrix, under neutral names that the callers translate into their own.

    Source: IBSI, arXiv 1612.07003v11, sections 3.7, 3.8 and 3.11.
    """
    counts = counts.astype(np.float64)
    size, level = sizes.astype(np.float64), np.arange(1, counts.shape[1] + 1, dtype=np.float64)
    by_level, by_size = counts.sum(2), counts.sum(1)
    total = by_size.sum(1)
    small, large, low, high = size**-2, size**2, level**-2, level**2
    corner = np.stack([low, high]) @ counts @ np.stack([small, large]).T / total[:, None, None]
    return {
        "Small": by_size @ small / total,
        "Large": by_size @ large / total,
        "LevelNonUniformity": (by_level**2).sum(1) / total,
        "LevelNonUniformityNormalized": (by_level**2).sum(1) / total**2,
        "SizeNonUniformity": (by_size**2).sum(1) / total,
        "SizeNonUniformityNormalized": (by_size**2).sum(1) / total**2,
        "Percentage": total / (by_size @ size),
        "LevelVariance": _variance(by_level / total[:, None], level),
        "SizeVariance": _variance(by_size / total[:, None], size),
        "Entropy": entr(counts / total[:, None, None]).sum((1, 2)) / np.log(2),
        "Low": by_level @ low / total,
        "High": by_level @ high / total,
        "SmallLow": corner[:, 0, 0],
        "SmallHigh": corner[:, 1, 0],
        "LargeLow": corner[:, 0, 1],
        "LargeHigh": corner[:, 1, 1],
    }


def named(features: dict[str, np.ndarray], names: dict[str, str]) -> dict[str, float]:
    """Average each feature over the matrices and give it its family's name."""
    return {name: float(features[neutral].mean()) for neutral, name in names.items()}


def _variance(share: np.ndarray, at: np.ndarray) -> np.ndarray:
    mean = (share @ at)[:, None]
    return (share * (at - mean) ** 2).sum(1)
