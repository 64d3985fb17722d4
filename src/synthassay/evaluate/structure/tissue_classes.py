"""Body, air inside it, soft tissue and bone of each CT image by its own Hounsfield units."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import quiet_outside
from synthassay.evaluate.fidelity.tissue import AIR_BELOW_HU, BONE_FROM_HU
from synthassay.evaluate.structure.label_maps import StructurePair, checked_spacing, structure_pairs
from synthassay.evaluate.structure.physical import ball_voxels, parts
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels, SpatialMask

NAMES = {1: "tissue=air", 2: "tissue=soft", 3: "tissue=bone"}
AIR, SOFT, BONE = NAMES
BODY = "tissue=body"
SPECK_MM = 6.0
OUTSIDE_HU = -1024.0
SETTINGS: dict[str, str | float | int | bool] = {
    "body": f"largest part from {AIR_BELOW_HU:g} HU, with what its axial slices enclose",
    "air": f"below {AIR_BELOW_HU:g} HU inside the body",
    "bone": f"from {BONE_FROM_HU:g} HU",
    "soft": "the rest of the body",
    "specks": f"air and bone smaller than a ball (disc) of {SPECK_MM:g} mm count as soft tissue",
}


def tissue_pairs(
    synthetic: Pixels,
    reference: Pixels,
    unit: Unit,
    spacing_mm: Sequence[float],
    mask: SpatialMask | None,
    measure: Callable[[StructurePair], float],
) -> dict[str, float]:
    """Return ``measure`` of the body and of each tissue that either image has, each classified by its own values.

    Raises:
        NotMeasured: The unit is not HU, there are several channels, the voxel size is unknown, sizes differ, a value
            inside the mask is not finite, or neither image shows a body.
    """
    if unit is not Unit.HU:
        raise NotMeasured("tissue classes need Hounsfield units")
    if len(synthetic) != 1:
        raise NotMeasured(f"tissue classes need one channel and it has {len(synthetic)}")
    spacing = checked_spacing(tuple(spacing_mm), synthetic.ndim - 1)
    first, second = quiet_outside(synthetic, reference, mask, OUTSIDE_HU)
    ours, theirs = (tissue_map(hounsfield[0], spacing, mask) for hounsfield in (first, second))
    body = [pair for _, pair in structure_pairs((ours > 0).astype(np.int8), (theirs > 0).astype(np.int8))]
    by_tissue = {NAMES[label]: measure(pair) for label, pair in structure_pairs(ours, theirs)}
    return {BODY: measure(body[0]), **by_tissue}


def tissue_map(
    hounsfield: np.ndarray, spacing_mm: Sequence[float], mask: SpatialMask | None = None
) -> NDArray[np.int8]:
    """Return 1 for air, 2 for soft tissue and 3 for bone inside the body, 0 outside it or outside the mask.

    Args:
        hounsfield: ``*space`` in HU; z is the last axis of a volume.
        spacing_mm: Voxel size per axis.
        mask: Where to measure. The body is found before the mask is applied, so that a tight mask does not cut it up.
    """
    found = np.zeros(hounsfield.shape, np.int8)
    body = _enclosed(_largest(hounsfield >= AIR_BELOW_HU))
    found[body] = SOFT
    least = ball_voxels(SPECK_MM, spacing_mm)
    found[_without_specks(body & (hounsfield < AIR_BELOW_HU), least)] = AIR
    found[_without_specks(body & (hounsfield >= BONE_FROM_HU), least)] = BONE
    if mask is not None:
        found[~mask] = 0
    return found


def _largest(mask: np.ndarray) -> np.ndarray:
    labels, sizes = parts(mask)
    return labels == sizes.argmax() + 1 if len(sizes) > 1 else mask


def _without_specks(mask: np.ndarray, least: float) -> np.ndarray:
    labels, sizes = parts(mask)
    return np.concatenate([[False], sizes >= least])[labels]


def _enclosed(mask: np.ndarray) -> np.ndarray:
    """Add what does not reach the rim of its axial slice; one labelling serves all slices."""
    if mask.ndim == 2:
        return ndimage.binary_fill_holes(mask)
    in_plane = ndimage.generate_binary_structure(3, 1) & np.array([False, True, False])
    labels, count = ndimage.label(~mask, in_plane)
    open_to_the_rim = np.zeros(count + 1, bool)
    for rim in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        open_to_the_rim[rim] = True
    open_to_the_rim[0] = False
    return ~open_to_the_rim[labels]
