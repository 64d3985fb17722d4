"""The stains of each tile of a set as one row of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.pathology.pair import tissue_amounts
from synthassay.evaluate.pathology.tiles import wasserstein
from synthassay.images.specimen import Specimen
from synthassay.images.stain import STAINS, checked_rgb, stains_of

Floats = NDArray[np.float64]

QUANTILES = 33
MOST_MATCHED = 400
VECTOR_OF = {name: range(3 * k, 3 * k + 3) for k, name in enumerate(STAINS)}
AMOUNT_OF = {name: range(6 + QUANTILES * k, 6 + QUANTILES * (k + 1)) for k, name in enumerate(STAINS)}
"""Columns of a row: three of each stain's vector, then as many quantiles of each stain's amount on tissue."""


def stain_row(tile: Specimen) -> Floats:
    """Return one row with both stain vectors of a tile and evenly spaced quantiles of both amounts.

    Raises:
        NotMeasured: It is no RGB picture, has too little tissue, or one stain only.
    """
    picture = checked_rgb(tile.pixels, tile.unit, tile.mask)
    stains = stains_of(picture)
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES
    amounts = np.quantile(tissue_amounts(picture, stains), at, axis=1)
    return np.concatenate([stains.haematoxylin, stains.eosin, amounts[:, 0], amounts[:, 1]])[None]


def matched_angle(judged: Sample, comparator: Sample) -> float:
    """Return the mean angle in degrees when each vector of one set is matched with one of the other at least cost.

    For sets of equal size this is the 1-Wasserstein distance on the sphere of directions. At most 400 vectors a side
    enter; samples come in random order.
    """
    one, other = (sample.features[:MOST_MATCHED] for sample in (judged, comparator))
    # 2 arcsin of half the chord: exact for small angles, where arccos loses half its digits
    chord = np.linalg.norm(one[:, None] - other[None], axis=2)
    angles = np.degrees(2 * np.arcsin(np.clip(chord / 2, 0, 1)))
    return float(angles[linear_sum_assignment(angles)].mean())


def amount_distance(judged: Sample, comparator: Sample) -> float:
    """Return the 1-Wasserstein distance between the pooled quantiles of amounts, each tile with equal weight."""
    return wasserstein(judged.features, comparator.features)
