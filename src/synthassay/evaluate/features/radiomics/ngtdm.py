"""Neighbourhood grey tone difference: how far an element's level lies from the mean of its neighbours."""

from __future__ import annotations

import numba
import numpy as np

from synthassay.evaluate.features.radiomics.region import Region

NAMES = ("Coarseness", "Contrast", "Busyness", "Complexity", "Strength")
COARSEST = 1e6  # what IBSI assigns to the coarseness of a region without any difference


def ngtdm_matrix(region: Region) -> tuple[np.ndarray, np.ndarray]:
    """Return, per grey level, how many elements have a neighbour in the region, and their summed |difference|."""
    return _sum(region.grid, region.voxels, region.neighbours(), region.levels)


def ngtdm_features(region: Region) -> dict[str, float]:
    """Return the 5 tone-difference features. A region in which no two elements touch has none: NaN.

    Source: IBSI, arXiv 1612.07003v11, section 3.10; Amadasun and King 1989, doi:10.1109/21.44046.
    """
    counts, differences = ngtdm_matrix(region)
    level = np.flatnonzero(counts) + 1.0
    if not level.size:
        return dict.fromkeys(NAMES, float("nan"))
    s, p = differences[counts > 0], counts[counts > 0] / counts.sum()
    apart = level[:, None] - level[None, :]
    pairs = level.size * (level.size - 1)
    weighted, spread = float(p @ s), float(np.abs((level * p)[:, None] - (level * p)[None, :]).sum())
    mixed = (p * s)[:, None] + (p * s)[None, :]
    return {
        "Coarseness": 1 / weighted if weighted > 0 else COARSEST,
        "Contrast": float(p @ apart**2 @ p) * float(s.sum()) / counts.sum() / pairs if pairs else 0.0,
        "Busyness": weighted / spread if spread > 0 else 0.0,
        "Complexity": float((np.abs(apart) * mixed / (p[:, None] + p[None, :])).sum() / counts.sum()),
        "Strength": float(((p[:, None] + p[None, :]) * apart**2).sum() / s.sum()) if s.sum() > 0 else 0.0,
    }


@numba.njit(cache=True, nogil=True)
def _sum(grid, voxels, neighbours, levels):  # type: ignore[no-untyped-def]
    counts, differences = np.zeros(levels, np.int64), np.zeros(levels)
    for at in voxels:
        total, around = 0, 0
        for step in neighbours:
            other = grid[at + step]
            if other > 0:
                total += other
                around += 1
        if around > 0:
            level = grid[at]
            counts[level - 1] += 1
            differences[level - 1] += abs(level - total / around)
    return counts, differences
