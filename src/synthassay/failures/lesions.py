"""Lesions of stated diameter and contrast, put into a real image as a scanner would have shown them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.failures.tissue import FWHM, inside, tissue_sd, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit

CONTRAST_HU = 40.0
"""Contrast in HU: what a lesion takes up of contrast medium."""

CONTRAST_SD_VOLUME, CONTRAST_SD_PICTURE = 1.0, 0.5
"""Contrast in SD of the values inside the mask, for volumes and for pictures (where other tissue lies above it)."""

SOFT_TISSUE_HU = (-150.0, 200.0)
LARGEST_MM = 15.0
"""A site is sought that has room for this diameter, so that all doses lie in the same place."""

_FINER = 5  # sub-voxels along an axis with which the edge of the sphere is weighed


def with_lesion(specimen: Specimen, diameter: float, rng: np.random.Generator) -> tuple[Specimen, Specimen]:
    """The specimen with an inserted lesion and without, both with the lesion drawn as an observer would.

    A sphere of ``diameter`` mm: in volumes and in CT slices its section, each voxel weighed by the share of it that the
    sphere fills; in other pictures its projection, brightest where the sphere is thickest. It is added with 40 HU, or
    one SD of the values inside the mask (half an SD in pictures), after a blur of one voxel FWHM, the least that a
    system has.

    Args:
        specimen: A real image with ``spacing_mm``.
        diameter: In mm.
        rng: Draws the site: inside the mask, in soft tissue of a CT, away from lesions already drawn, the same for all
            diameters up to 15 mm where there is room for it.

    Returns:
        The specimen with the lesion, and the specimen as it was; both have ``lesion`` drawn.

    Raises:
        NotMeasured: No place inside the mask has room for a lesion of this diameter.
    """
    centre = site(specimen, diameter, rng)
    share = profile(specimen, centre, diameter)
    drawn = np.zeros(specimen.space, dtype=bool) if specimen.lesion is None else specimen.lesion
    system = ndimage.gaussian_filter(share, 1.0 / FWHM, mode="constant")
    outlined = drawn | (share >= 0.5 * share.max())
    lesioned = with_values(specimen, specimen.pixels + contrast(specimen) * system)
    return lesioned.replace(lesion=outlined), specimen.replace(lesion=drawn)


def contrast(specimen: Specimen) -> np.ndarray:
    """Contrast of an inserted lesion per channel, shaped to multiply pixels."""
    if specimen.unit is Unit.HU:
        return np.full((specimen.pixels.shape[0], *[1] * len(specimen.space)), CONTRAST_HU)
    share = CONTRAST_SD_VOLUME if len(specimen.space) == 3 else CONTRAST_SD_PICTURE
    return share * tissue_sd(specimen)


def site(specimen: Specimen, diameter: float, rng: np.random.Generator) -> tuple[int, ...]:
    """A voxel inside the mask around which a lesion has room.

    Raises:
        NotMeasured: There is none.
    """
    room = inside(specimen)
    if specimen.unit is Unit.HU:
        smooth = ndimage.median_filter(specimen.pixels[0], 3)
        room = room & (smooth > SOFT_TISSUE_HU[0]) & (smooth < SOFT_TISSUE_HU[1])
    if specimen.lesion is not None:
        room = room & ~specimen.lesion
    padded = np.pad(room, 1)  # what lies beyond the image is no tissue
    depth = ndimage.distance_transform_edt(padded, sampling=specimen.spacing_mm)[(slice(1, -1),) * room.ndim]
    deepest = float(depth.max())
    if deepest < diameter / 2:
        where = specimen.case or "the image"
        raise NotMeasured(
            f"{where} has no room for a lesion of {diameter:g} mm: its tissue is {2 * deepest:.3g} mm deep"
        )
    candidates = np.argwhere(depth >= min(max(diameter, LARGEST_MM) / 2, deepest))
    chosen = candidates[int(rng.random() * len(candidates))]
    return tuple(int(i) for i in chosen)


def profile(specimen: Specimen, centre: tuple[int, ...], diameter: float) -> np.ndarray:
    """Share of each voxel that a sphere fills, or its relative thickness in projection: ``*space``, 0 to 1."""
    spacing = np.asarray(specimen.spacing_mm)
    radius = diameter / 2
    reach = np.ceil(radius / spacing + 1).astype(int)
    within = [slice(max(0, c - r), min(n, c + r + 1)) for c, r, n in zip(centre, reach, specimen.space, strict=True)]
    fine = (np.arange(_FINER) - (_FINER - 1) / 2) / _FINER
    axes = [
        ((np.arange(part.start, part.stop)[:, None] - c + fine).ravel() * s) ** 2
        for part, c, s in zip(within, centre, spacing, strict=True)
    ]
    squared = np.zeros([len(axis) for axis in axes])
    for part in np.ix_(*axes):
        squared += part
    if len(specimen.space) == 2 and specimen.unit is not Unit.HU:
        filled = np.sqrt(np.maximum(0.0, radius**2 - squared)) / radius
    else:
        filled = (squared <= radius**2).astype(np.float64)
    blocks = [size for part in within for size in (part.stop - part.start, _FINER)]
    share = np.zeros(specimen.space)
    share[tuple(within)] = filled.reshape(blocks).mean(axis=tuple(range(1, 2 * len(within), 2)))
    return share
