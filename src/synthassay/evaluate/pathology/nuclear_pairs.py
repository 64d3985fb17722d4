"""The nuclei of a synthetic tile and of its reference, and which of them are the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial import cKDTree

from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.pair import both
from synthassay.images.nuclei import centres_of, nuclei_of, require_mpp
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels, SpatialMask

Floats = NDArray[np.float64]


def centres_of_both(
    synthetic: Pixels, reference: Pixels, unit: Unit, mpp: float | None, mask: SpatialMask | None
) -> tuple[Floats, Floats]:
    """Return the centres of the nuclei of both tiles in micrometres, ``nuclei 2`` each.

    Raises:
        NotMeasured: Micrometres per pixel are unknown or too coarse, or a tile has no two stains.
    """
    size = require_mpp(mpp)
    found = []
    named = ("the synthetic tile", "the reference")
    for picture, what in zip(both(synthetic, reference, unit, mask), named, strict=True):
        try:
            found.append(centres_of(nuclei_of(picture, size)[0], size))
        except NotMeasured as problem:
            raise NotMeasured(f"{what}: {problem.reason}") from None
    return found[0], found[1]


def matched(one: Floats, other: Floats, within: float) -> int:
    """Return the largest number of pairs, each nucleus in one pair at most, that lie within a distance.

    A nearest-neighbour rule lets two detections claim one nucleus, so that nuclei drawn twice cost nothing; a greedy
    rule depends on the order.

    Source:
        Hopcroft and Karp, SIAM J Comput 2:225 (1973), doi:10.1137/0202019.

    >>> matched(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[0.5, 0.0]]), 3.0)
    1
    """
    if not len(one) or not len(other):
        return 0
    near = cKDTree(one).sparse_distance_matrix(cKDTree(other), within, output_type="coo_matrix")
    near.data = np.ones_like(near.data)  # a distance of 0 would otherwise vanish from the sparse matrix
    return int((maximum_bipartite_matching(near.tocsr(), perm_type="column") >= 0).sum())
