"""Nuclei that vanish from a section, and nuclei that run together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.morphology import convex_hull_image

from synthassay.errors import NotMeasured
from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.tissue import with_values
from synthassay.images.nuclei import Labels, centres_of, nuclei_of, require_mpp
from synthassay.images.specimen import Specimen
from synthassay.images.stain import WHITE, checked_rgb, optical_density, tissue_of
from synthassay.records.vocabulary import Modality

AROUND_UM, RIM_UM = 3.0, 1.0
NEAR_UM = 15.0
LEAST_NUCLEI = 5

Floats = NDArray[np.float64]


@failure(
    title="Nuclei removed",
    unit="% of the nuclei",
    severities=(2.0, 5.0, 10.0, 20.0, 40.0, 80.0),
    modalities=(Modality.PATHOLOGY,),
    dimensions=(2,),
    matters=Matter(10.0, "one nucleus in ten may be the mitosis or the tumour cell on which a grade rests", OURS),
)
def nuclei_removed(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Replace ``severity`` % of the nuclei, at least one, by the tissue around them.

    Nuclei are those that ``images.nuclei`` finds; one that it misses stays.

    Raises:
        NotMeasured: Micrometres per pixel are unknown or too coarse, stains cannot be told apart, or fewer than five
            nuclei are found.
    """
    density, nuclei, mpp = _looked_at(specimen)
    order = rng.permutation(int(nuclei.max())) + 1
    gone = np.isin(nuclei, order[: int(np.ceil(severity / 100 * len(order)))])
    rim = max(1, round(RIM_UM / mpp))
    gone = ndimage.binary_dilation(gone, iterations=rim) & ((nuclei == 0) | gone)
    # what is neither nucleus nor glass, so that a hole is filled with cytoplasm or stroma
    other = tissue_of(density) & ~ndimage.binary_dilation(nuclei > 0, iterations=rim)
    if not other.any():
        raise NotMeasured(f"{specimen.case or 'the tile'} has no tissue besides nuclei")
    filled = np.where(gone, _surroundings(density, other, AROUND_UM / mpp), density)
    return _seen(specimen, density, filled)


@failure(
    title="Nuclei merged",
    unit="% of the nuclei",
    severities=(2.0, 5.0, 10.0, 20.0, 40.0, 80.0),
    modalities=(Modality.PATHOLOGY,),
    dimensions=(2,),
    matters=Matter(10.0, "one merged nucleus in ten passes for the large, irregular nuclei of a higher grade", OURS),
)
def nuclei_merged(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Fill the gap between ``severity`` % of the nuclei, at least one, and their nearest neighbour within 15 µm.

    Raises:
        NotMeasured: As ``nuclei_removed``; or no nucleus has a neighbour within 15 µm.
    """
    density, nuclei, mpp = _looked_at(specimen)
    distance, nearest = cKDTree(centres := centres_of(nuclei, mpp)).query(centres, k=2)
    able = np.flatnonzero(distance[:, 1] <= NEAR_UM)
    order = rng.permutation(able)
    if not len(order):
        raise NotMeasured(f"no nucleus of {specimen.case or 'the tile'} has another within {NEAR_UM:g} micrometres")
    merged = density.copy()
    for one in order[: int(np.ceil(severity / 100 * len(centres)))]:
        _bridge(merged, density, nuclei, (int(one) + 1, int(nearest[one, 1]) + 1))
    return _seen(specimen, density, merged)


def _looked_at(specimen: Specimen) -> tuple[Floats, Labels, float]:
    mpp = require_mpp(specimen.mpp)
    nuclei, _ = nuclei_of(checked_rgb(specimen.pixels, specimen.unit, specimen.mask), mpp)
    if nuclei.max() < LEAST_NUCLEI:
        where = specimen.case or "the tile"
        raise NotMeasured(f"{int(nuclei.max())} nuclei are found in {where}; {LEAST_NUCLEI} are needed")
    return optical_density(checked_rgb(specimen.pixels, specimen.unit)), nuclei, mpp


def _surroundings(density: Floats, of: NDArray[np.bool_], sigma: float) -> Floats:
    """Mean density of the pixels ``of`` around every pixel; of the nearest of them where none is near."""
    weight = ndimage.gaussian_filter(of.astype(np.float64), sigma)
    nearest = ndimage.distance_transform_edt(~of, return_distances=False, return_indices=True)
    near = np.stack([ndimage.gaussian_filter(plane * of, sigma) for plane in density]) / np.maximum(weight, 1e-9)
    return np.where(weight > 1e-3, near, density[:, nearest[0], nearest[1]])


def _bridge(merged: Floats, density: Floats, nuclei: Labels, pair: tuple[int, int]) -> None:
    """Paint the convex hull of two nuclei with their mean density, other nuclei and the two themselves left alone."""
    both = np.isin(nuclei, pair)
    rows, columns = (slice(int(axis.min()), int(axis.max()) + 1) for axis in np.nonzero(both))
    gap = convex_hull_image(both[rows, columns]) & (nuclei[rows, columns] == 0)
    merged[:, rows, columns][:, gap] = density[:, both].mean(axis=1, keepdims=True)


def _seen(specimen: Specimen, before: Floats, after: Floats) -> Specimen:
    """The specimen with other densities; pixels whose density stays keep their value to the last digit."""
    same = (before == after).all(axis=0)
    return with_values(specimen, np.where(same, specimen.pixels, WHITE * 10.0**-after))
