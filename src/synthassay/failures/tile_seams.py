"""Volumes made tile by tile, each tile with an offset of its own."""

from __future__ import annotations

import numpy as np

from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.tissue import inside, tissue_sd, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality

LEAST_TILE = 8


@failure(
    title="Tile seams",
    unit="% of the tissue SD (RMS offset of the tiles)",
    severities=(1.0, 2.0, 5.0, 10.0, 20.0, 40.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY, Modality.PATHOLOGY),
    matters=Matter(10.0, "a grid of a tenth of the tissue's contrast is seen by eye and found by a classifier", OURS),
)
def tile_seams(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Add an offset to every tile: a quarter of each axis (at least 8 voxels) on a side, beginning at a random voxel.

    The offsets are normal; their RMS over the mask is ``severity`` % of the SD of the values inside it.
    """
    tiles = tile_numbers(specimen.space, rng)
    within = inside(specimen)
    offsets = rng.standard_normal(int(tiles.max()) + 1)[tiles]
    offsets -= offsets[within].mean()
    offsets /= max(float(np.sqrt((offsets[within] ** 2).mean())), 1e-12)
    return with_values(specimen, specimen.pixels + severity / 100 * tissue_sd(specimen) * offsets * within)


def tile_numbers(space: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Which tile every voxel belongs to: ``*space`` int, from 0."""
    number = np.zeros(space, dtype=int)
    for axis, length in enumerate(space):
        side = max(LEAST_TILE, length // 4)
        column = (np.arange(length) + int(rng.integers(side))) // side
        number = number * (length // side + 2) + column.reshape(
            [-1 if other == axis else 1 for other in range(len(space))]
        )
    return number
