"""Grey level run lengths: how far a level goes on in a straight line, per direction."""

from __future__ import annotations

import numba
import numpy as np

from synthassay.evaluate.features.radiomics.region import BORDER, Region
from synthassay.evaluate.features.radiomics.size_matrix import named, size_features

NAMES = {
    "Small": "ShortRunEmphasis",
    "Large": "LongRunEmphasis",
    "LevelNonUniformity": "GrayLevelNonUniformity",
    "LevelNonUniformityNormalized": "GrayLevelNonUniformityNormalized",
    "SizeNonUniformity": "RunLengthNonUniformity",
    "SizeNonUniformityNormalized": "RunLengthNonUniformityNormalized",
    "Percentage": "RunPercentage",
    "LevelVariance": "GrayLevelVariance",
    "SizeVariance": "RunVariance",
    "Entropy": "RunEntropy",
    "Low": "LowGrayLevelRunEmphasis",
    "High": "HighGrayLevelRunEmphasis",
    "SmallLow": "ShortRunLowGrayLevelEmphasis",
    "SmallHigh": "ShortRunHighGrayLevelEmphasis",
    "LargeLow": "LongRunLowGrayLevelEmphasis",
    "LargeHigh": "LongRunHighGrayLevelEmphasis",
}


def glrlm_matrices(region: Region) -> np.ndarray:
    """Return the counts ``directions levels lengths``; a direction in which no line holds two elements is left out."""
    directions = region.directions()
    counts = _count(region.grid, region.voxels, directions, region.levels, max(region.box))
    longest = int(np.flatnonzero(counts.any((0, 1)))[-1]) + 1
    several = np.array(
        [counts[d, :, 1:].any() or _lines_share(region.grid, region.voxels, step) for d, step in enumerate(directions)]
    )
    return counts[several, :, :longest]


def glrlm_features(region: Region) -> dict[str, float]:
    """Return the 16 run-length features, each the mean over directions of its value per direction.

    Source: IBSI, arXiv 1612.07003v11, section 3.7; Galloway 1975, doi:10.1016/S0146-664X(75)80008-6.
    """
    return features_of(glrlm_matrices(region))


def features_of(counts: np.ndarray) -> dict[str, float]:
    """Return the features of the counts ``matrices levels lengths``, averaged over the matrices."""
    if not len(counts):
        return dict.fromkeys(NAMES.values(), float("nan"))
    return named(size_features(counts, np.arange(1, counts.shape[2] + 1)), NAMES)


@numba.njit(cache=True, nogil=True)
def _count(grid, voxels, directions, levels, longest):  # type: ignore[no-untyped-def]
    """Carry each run's length forwards in raster order, and count it where it ends."""
    counts = np.zeros((directions.size, levels, longest), np.int64)
    length = np.zeros(grid.size, np.int32)
    for d in range(directions.size):
        table, step = counts[d], directions[d]
        for at in voxels:
            level = grid[at]
            run = 1 + length[at - step] * (grid[at - step] == level)  # no branch: texture makes it unpredictable
            length[at] = run
            if grid[at + step] != level:
                table[np.uint64(level - 1), np.uint64(run - 1)] += 1
    return counts


@numba.njit(cache=True, nogil=True)
def _lines_share(grid, voxels, step):  # type: ignore[no-untyped-def]
    """Whether some line along ``step`` holds two elements of the region, perhaps with a gap between them."""
    for at in voxels:
        ahead = at + step
        while grid[ahead] != BORDER:
            if grid[ahead] > 0:
                return True
            ahead += step
    return False
