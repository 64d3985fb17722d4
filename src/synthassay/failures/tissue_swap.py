"""One tissue shown as another: bone as soft tissue, one structure as its neighbour."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.tissue import inside, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality, Unit

BONE_HU, SOFT_HU = 200.0, (-100.0, 150.0)
LEAST_VOXELS = 100


@failure(
    title="Tissue swap",
    unit="% of the tissue's volume",
    severities=(2.0, 5.0, 10.0, 20.0, 40.0, 80.0),
    modalities=(Modality.MRI, Modality.CT),
    matters=Matter(10.0, "a tenth of a tissue in one piece is more than a reader overlooks", OURS),
)
def tissue_swap(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Give ``severity`` % of a tissue, in one piece, the values of another.

    CT: bone (above 200 HU) becomes soft tissue (-100 to 150 HU), and no structure is drawn there any more. Elsewhere
    two labelled structures of at least 100 voxels are taken, the first at random and the second as different from it
    as there is; the piece takes the second's label. Values keep their texture: they are shifted and scaled to the
    median and SD of the other tissue. Bone that touches the seed voxel is not sought: the piece is all of the tissue
    nearest to the seed.
    """
    given, taken, label = _tissues(specimen, rng)
    piece = nearest_part(given, severity / 100, rng, specimen.spacing_mm)
    pixels = specimen.pixels.astype(np.float64)
    for plane in pixels:
        before, after = plane[given], plane[taken]
        ratio = after.std() / before.std() if before.std() > 0 else 0.0
        plane[piece] = np.median(after) + (plane[piece] - np.median(before)) * ratio
    found = with_values(specimen, pixels)
    if specimen.structures is None:
        return found
    return found.replace(structures=np.where(piece, label, specimen.structures).astype(specimen.structures.dtype))


def nearest_part(
    region: np.ndarray, fraction: float, rng: np.random.Generator, spacing_mm: tuple[float, ...] = ()
) -> np.ndarray:
    """The part of a region that lies nearest to a voxel of it drawn at random: ``fraction`` of its voxels, at least 1.

    Args:
        region: ``*space`` bool, not empty.
        fraction: 0 to 1.
        rng: Draws the voxel; a larger fraction contains a smaller one.
        spacing_mm: Voxel size for the distance; voxels where unknown.
    """
    places = np.argwhere(region)
    seed = places[int(rng.random() * len(places))]
    scale = np.asarray(spacing_mm) if spacing_mm else np.ones(region.ndim)
    distance = (((places - seed) * scale) ** 2).sum(axis=1)
    count = int(np.clip(round(fraction * len(places)), 1, len(places)))
    part = np.zeros(region.shape, dtype=bool)
    part[tuple(places[np.argsort(distance, kind="stable")[:count]].T)] = True
    return part


def _tissues(specimen: Specimen, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
    within, values, where = inside(specimen), specimen.pixels[0], specimen.case or "the image"
    if specimen.unit is Unit.HU:
        bone = within & (values > BONE_HU)
        soft = within & (values > SOFT_HU[0]) & (values < SOFT_HU[1])
        if min(int(bone.sum()), int(soft.sum())) < LEAST_VOXELS:
            raise NotMeasured(f"{where} has {int(bone.sum())} voxels of bone, fewer than {LEAST_VOXELS}")
        return bone, soft, 0
    if specimen.structures is None:
        raise NotMeasured(f"tissue_swap needs structures where values are not HU, and {where} has none")
    drawn = np.where(within, specimen.structures, 0)
    labels, counts = np.unique(drawn[drawn > 0], return_counts=True)
    large = labels[counts >= LEAST_VOXELS]
    if len(large) < 2:
        raise NotMeasured(f"{where} has {len(large)} structures of at least {LEAST_VOXELS} voxels, and two are needed")
    medians = np.array([np.median(values[drawn == label]) for label in large])
    first = int(rng.random() * len(large))
    second = int(np.abs(medians - medians[first]).argmax())
    return drawn == large[first], drawn == large[second], int(large[second])
