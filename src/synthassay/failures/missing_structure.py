"""A structure that is not there, its place filled by what surrounds it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.repeat import noise_level
from synthassay.failures.tissue import inside, with_values
from synthassay.failures.tissue_swap import nearest_part
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality

LEAST_VOXELS, LARGEST_SHARE = 27, 0.1
"""A structure is removed that has at least 27 voxels and at most a tenth of the mask."""


@failure(
    title="Missing structure",
    unit="% of the structure's volume",
    severities=(10.0, 25.0, 50.0, 75.0, 100.0),
    modalities=(Modality.MRI, Modality.CT),
    needs=("structures",),
    matters=Matter(50.0, "half of a structure gone is a finding in any reading", OURS),
)
def missing_structure(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Remove ``severity`` % of one structure, in one piece, and fill its place with what surrounds the structure.

    The structure is drawn among the half that stands out most from its surroundings. The place is filled with the
    smoothed values outside it and noise of the image's level, and with the label that lies nearest outside.
    """
    assert specimen.structures is not None
    structure = specimen.structures == structure_to_remove(specimen, rng)
    piece = nearest_part(structure, severity / 100, rng, specimen.spacing_mm)
    noise = rng.standard_normal(specimen.pixels.shape)
    source = inside(specimen) & ~structure
    pixels = specimen.pixels.astype(np.float64)
    for plane, level, drawn in zip(pixels, noise_level(specimen), noise, strict=True):
        plane[piece] = filling(plane, source, piece) + level * drawn[piece]
    spacing = specimen.spacing_mm or None
    nearest = ndimage.distance_transform_edt(structure, sampling=spacing, return_distances=False, return_indices=True)
    around = specimen.structures[tuple(nearest)]
    return with_values(specimen, pixels).replace(structures=np.where(piece, around, specimen.structures))


def structure_to_remove(specimen: Specimen, rng: np.random.Generator) -> int:
    """The label of a structure that is neither tiny nor large and stands out from what surrounds it.

    Raises:
        NotMeasured: There is none of that size.
    """
    assert specimen.structures is not None
    within, values = inside(specimen), specimen.pixels[0]
    largest = LARGEST_SHARE * within.sum()
    outstanding: dict[int, float] = {}
    for label, box in enumerate(ndimage.find_objects(specimen.structures.astype(int)), start=1):
        if box is None:
            continue
        wider = tuple(slice(max(0, part.start - 2), part.stop + 2) for part in box)
        structure = (specimen.structures[wider] == label) & within[wider]
        if not LEAST_VOXELS <= structure.sum() <= largest:
            continue
        shell = ndimage.binary_dilation(structure, iterations=2) & within[wider] & ~structure
        if shell.any():
            outstanding[label] = abs(float(np.median(values[wider][structure]) - np.median(values[wider][shell])))
    if not outstanding:
        where = specimen.case or "the image"
        raise NotMeasured(f"{where} has no structure of {LEAST_VOXELS} voxels to {LARGEST_SHARE:.0%} of its mask")
    ranked = sorted(outstanding, key=lambda label: -outstanding[label])
    half = ranked[: (len(ranked) + 1) // 2]
    return half[int(rng.random() * len(half))]


def filling(plane: np.ndarray, source: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Values for ``place``: the mean of the ``source`` around it, weighed by the narrowest Gaussian that reaches it."""
    found = np.full(plane.shape, np.nan)
    sigma = 1.0
    while np.isnan(found[place]).any() and sigma <= max(plane.shape):
        weight = ndimage.gaussian_filter(source.astype(np.float64), sigma, truncate=3.0)
        total = ndimage.gaussian_filter(np.where(source, plane, 0.0), sigma, truncate=3.0)
        reached = np.isnan(found) & (weight > 0.02)
        found[reached] = total[reached] / weight[reached]
        sigma *= 2
    return np.where(np.isnan(found), np.median(plane[source]) if source.any() else 0.0, found)[place]
