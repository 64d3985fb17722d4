"""Grey level dependence: how many of an element's neighbours share its level."""

from __future__ import annotations

import numba
import numpy as np

from synthassay.evaluate.features.radiomics.region import Region
from synthassay.evaluate.features.radiomics.size_matrix import named, size_features

NAMES = {
    "Small": "SmallDependenceEmphasis",
    "Large": "LargeDependenceEmphasis",
    "LevelNonUniformity": "GrayLevelNonUniformity",
    "SizeNonUniformity": "DependenceNonUniformity",
    "SizeNonUniformityNormalized": "DependenceNonUniformityNormalized",
    "LevelVariance": "GrayLevelVariance",
    "SizeVariance": "DependenceVariance",
    "Entropy": "DependenceEntropy",
    "Low": "LowGrayLevelEmphasis",
    "High": "HighGrayLevelEmphasis",
    "SmallLow": "SmallDependenceLowGrayLevelEmphasis",
    "SmallHigh": "SmallDependenceHighGrayLevelEmphasis",
    "LargeLow": "LargeDependenceLowGrayLevelEmphasis",
    "LargeHigh": "LargeDependenceHighGrayLevelEmphasis",
}


def gldm_matrix(region: Region) -> np.ndarray:
    """Return the counts ``levels dependences``; column c counts elements with c equal neighbours (coarseness 0)."""
    return _count(region.grid, region.voxels, region.neighbours(), region.levels)


def gldm_features(region: Region) -> dict[str, float]:
    """Return the 14 dependence features; a dependence counts the element itself, so it starts at 1.

    Source: IBSI, arXiv 1612.07003v11, section 3.11 (there NGLDM); Sun and Wee 1983,
    doi:10.1016/0734-189X(83)90032-4.
    """
    counts = gldm_matrix(region)
    return named(size_features(counts[None], np.arange(1, counts.shape[1] + 1)), NAMES)


@numba.njit(cache=True, nogil=True)
def _count(grid, voxels, neighbours, levels):  # type: ignore[no-untyped-def]
    counts = np.zeros((levels, neighbours.size + 1), np.int64)
    for at in voxels:
        level, same = grid[at], 0
        for step in neighbours:
            if grid[at + step] == level:
                same += 1
        counts[level - 1, same] += 1
    return counts
