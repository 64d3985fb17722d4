"""Stain normalisation by sparse, non-negative stain separation."""

from __future__ import annotations

import math

import numpy as np

from synthassay.generators.base import generator
from synthassay.generators.macenko import Dyes, Macenko
from synthassay.images.stain import optical_density, stains_of, tissue_of

SPARSENESS = 0.1 / math.log(10)  # the paper's 0.1 is for optical densities in base e
TURNS = 40
PIXELS = 20_000


@generator("vahadane", serves={"stain_normalise"}, source="doi:10.1109/TMI.2016.2529665")
class Vahadane(Macenko):
    """As ``macenko``, with stain vectors and amounts that are never negative and mostly one dye per pixel.

    ``min 1/2 |V - W H|^2 + w sum H`` over W >= 0 with columns of length 1 and H >= 0, by 40 turns of coordinate
    descent from Macenko's vectors, on at most 20,000 tissue pixels evenly spread; then H of every pixel with W fixed.

    Source: doi:10.1109/TMI.2016.2529665 (Vahadane et al. 2016, equation 4); optical density in base 10 as everywhere
    here, hence w = 0.1 / ln 10 for its 0.1; and coordinate descent in place of SPAMS.
    """

    def dyes(self, tile: np.ndarray) -> Dyes:
        """Return sparse, non-negative stain vectors and amounts."""
        density = optical_density(tile)
        tissue = density[:, tissue_of(density)]
        some = tissue[:, :: max(1, tissue.shape[1] // PIXELS)]
        vectors = np.maximum(stains_of(tile).matrix, 0)
        for _ in range(TURNS):
            vectors = _renewed(vectors, some, sparse_amounts(some, vectors))
        amounts = sparse_amounts(density.reshape(3, -1), vectors)
        return vectors, amounts.reshape(2, *tile.shape[1:])


def sparse_amounts(density: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return H >= 0, ``2 pixels``, that minimises ``1/2 |v - W h|^2 + w sum h`` for each pixel, exactly.

    With two dyes the best h has both positive (a 2x2 system), or one of them 0, or both.

    Args:
        density: ``3 pixels``.
        vectors: ``2 3``, of length 1.
    """
    asked = vectors @ density - SPARSENESS
    overlap = float(vectors[0] @ vectors[1])
    both = np.linalg.solve(np.array([[1.0, overlap], [overlap, 1.0]]), asked)
    alone = np.maximum(asked, 0)
    gains = np.square(alone) / 2
    best = np.where(gains[0] >= gains[1], 0, 1)
    single = np.where(np.arange(2)[:, None] == best, alone, 0.0)
    return np.where((both >= 0).all(axis=0), both, single)


def _renewed(vectors: np.ndarray, density: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """One sweep of coordinate descent over the stain vectors."""
    new = vectors.copy()
    for dye in range(2):
        strength = float(amounts[dye] @ amounts[dye])
        if strength == 0:
            continue
        rest = density - np.outer(new[1 - dye], amounts[1 - dye])
        found = np.maximum(rest @ amounts[dye] / strength, 0)
        length = float(np.linalg.norm(found))
        new[dye] = found / length if length > 0 else new[dye]
    return new
