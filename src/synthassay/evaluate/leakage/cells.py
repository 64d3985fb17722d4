"""Distances to training images compared cell by cell: the statistic behind ``c_t``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.neighbours import blocks
from synthassay.evaluate.diversity.bins import clusters, nearest_centre
from synthassay.shapes import Features

CELL_IMAGES, MOST_CELLS = 10, 20


@dataclass(frozen=True)
class Copying:
    """C_T, and what became of the cells.

    Attributes:
        merged: Cells with too few held-out images, joined to their nearest neighbours.
        left_out: Cells with too few judged images.
    """

    value: float
    merged: int
    left_out: int


def cells_for(images: int) -> int:
    """Return the number of cells for so many images on the smaller side: three times the least number per cell.

    >>> [cells_for(n) for n in (20, 100, 10_000)]
    [1, 3, 20]
    """
    return min(max(images // (3 * CELL_IMAGES), 1), MOST_CELLS)


def training_cells(training: Features, count: int) -> Features:
    """Return the centres of ``count`` cells of the training images."""
    return training.mean(0, keepdims=True) if count == 1 else clusters(training, count)


def data_copying(judged: Features, unseen: Features, training: Features, centres: Features) -> Copying:
    """Return C_T over the cells around ``centres``.

    Args:
        judged: ``cases features`` of synthetic images.
        unseen: ``cases features`` of real images that the generator never saw.
        training: ``cases features`` of its training images.
        centres: ``cells features``.

    Raises:
        NotMeasured: No cell holds enough judged images.

    Source: Meehan et al. 2020, arXiv 2004.05675, section 3.2: cells weighted by their unseen images, cells with too few
    judged images left out. A cell without unseen images, for which the authors' code stops, is merged into the nearest.
    """
    enough = np.bincount(nearest_centre(unseen, centres), minlength=len(centres)) >= CELL_IMAGES
    kept = centres[enough] if enough.any() else training.mean(0, keepdims=True)
    own, other, base = (nearest_centre(x, kept) for x in (judged, unseen, training))
    total = weight = 0.0
    left_out = 0
    for cell in range(len(kept)):
        inside = base == cell
        if (own == cell).sum() < CELL_IMAGES or not inside.any():
            left_out += 1
            continue
        near, far = (nearest_distance(x[at == cell], training[inside]) for x, at in ((judged, own), (unseen, other)))
        total += len(far) * mann_whitney_z(near, far)
        weight += len(far)
    if not weight:
        raise NotMeasured(f"none of {len(kept)} cells holds {CELL_IMAGES} synthetic images")
    return Copying(total / weight, len(centres) - len(kept), left_out)


def nearest_distance(rows: Features, training: Features) -> np.ndarray:
    """Return each row's squared distance to its nearest training row."""
    out = np.empty(len(rows))
    for at, squared in blocks(rows, training):
        out[at] = squared.min(1)
    return out


def mann_whitney_z(first: np.ndarray, second: np.ndarray) -> float:
    """Return the z of U for ``first`` lying above ``second``, with continuity correction as in the authors' code.

    Source: Meehan et al. 2020, arXiv 2004.05675, eq. 1; Mann and Whitney 1947, doi:10.1214/aoms/1177730491.

    >>> round(mann_whitney_z(np.arange(10.0), np.arange(10.0) + 20), 2)
    -3.74
    """
    n, m = len(first), len(second)
    u = rankdata(np.concatenate([first, second]))[:n].sum() - n * (n + 1) / 2
    return float((u - n * m / 2 + 0.5) / np.sqrt(n * m * (n + m + 1) / 12))
