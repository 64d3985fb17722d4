"""Grey level size zones: how large the connected patches of one level are."""

from __future__ import annotations

import numba
import numpy as np

from synthassay.evaluate.features.radiomics.region import Region
from synthassay.evaluate.features.radiomics.size_matrix import named, size_features

NAMES = {
    "Small": "SmallAreaEmphasis",
    "Large": "LargeAreaEmphasis",
    "LevelNonUniformity": "GrayLevelNonUniformity",
    "LevelNonUniformityNormalized": "GrayLevelNonUniformityNormalized",
    "SizeNonUniformity": "SizeZoneNonUniformity",
    "SizeNonUniformityNormalized": "SizeZoneNonUniformityNormalized",
    "Percentage": "ZonePercentage",
    "LevelVariance": "GrayLevelVariance",
    "SizeVariance": "ZoneVariance",
    "Entropy": "ZoneEntropy",
    "Low": "LowGrayLevelZoneEmphasis",
    "High": "HighGrayLevelZoneEmphasis",
    "SmallLow": "SmallAreaLowGrayLevelEmphasis",
    "SmallHigh": "SmallAreaHighGrayLevelEmphasis",
    "LargeLow": "LargeAreaLowGrayLevelEmphasis",
    "LargeHigh": "LargeAreaHighGrayLevelEmphasis",
}


def glszm_matrix(region: Region) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts ``levels sizes`` and the zone sizes that occur; zones are 8-connected in 2D, 26- in 3D."""
    levels, sizes = _zones(region.grid.copy(), region.voxels, region.neighbours())
    occurring = np.flatnonzero(np.bincount(sizes))
    column = np.searchsorted(occurring, sizes)
    counts = np.bincount((levels - 1) * occurring.size + column, minlength=region.levels * occurring.size)
    return counts.reshape(region.levels, occurring.size), occurring


def glszm_features(region: Region) -> dict[str, float]:
    """Return the 16 size-zone features.

    Source: IBSI, arXiv 1612.07003v11, section 3.8; Thibault 2014, doi:10.1109/TBME.2013.2284600.
    """
    counts, sizes = glszm_matrix(region)
    return named(size_features(counts[None], sizes), NAMES)


@numba.njit(cache=True, nogil=True)
def _zones(grid, voxels, neighbours):  # type: ignore[no-untyped-def]
    """Flood each zone once, erasing it from ``grid``; returns level and size per zone."""
    levels, sizes = np.empty(voxels.size, np.int64), np.empty(voxels.size, np.int64)
    stack = np.empty(voxels.size, np.uint64)
    zones = 0
    for seed in voxels:
        level = grid[seed]
        if level <= 0:
            continue
        grid[seed] = 0
        stack[0] = seed
        height, size = 1, 0
        while height > 0:
            height -= 1
            size += 1
            at = stack[height]
            for step in neighbours:
                if grid[at + step] == level:
                    grid[at + step] = 0
                    stack[height] = at + step
                    height += 1
        levels[zones], sizes[zones] = level, size
        zones += 1
    return levels[:zones], sizes[:zones]
