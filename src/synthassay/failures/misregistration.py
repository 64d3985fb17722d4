"""The right anatomy in the wrong place."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.movement import direction, moved
from synthassay.failures.tissue import in_voxels, inside
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality


@failure(
    title="Misregistration",
    unit="mm",
    severities=(0.5, 1.0, 2.0, 3.0, 5.0, 8.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    needs=("spacing_mm",),
    matters=Matter(
        2.0, "target registration error accepted in radiotherapy: about a voxel, 2 to 3 mm", "doi:10.1002/mp.12256"
    ),
)
def misregistration(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Shift the image, with all that is drawn on it, by ``severity`` mm in a random direction; edges are continued."""
    shift = in_voxels(specimen, severity) * direction(rng, len(specimen.space))
    return moved(specimen, lambda array, order: ndimage.shift(array, shift, order=order, mode="nearest"))


@failure(
    title="Rotation",
    unit="degrees",
    severities=(0.5, 1.0, 2.0, 4.0, 8.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    needs=("spacing_mm",),
    matters=Matter(2.0, "moves what lies 57 mm from the centre by 2 mm, the shift that matters", OURS),
)
def misrotation(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Turn the image by ``severity`` degrees about the centre of its mask; about a random axis in volumes."""
    dimensions = len(specimen.space)
    angle = np.deg2rad(severity)
    drawn = direction(rng, 3)
    if dimensions == 3:
        turn = Rotation.from_rotvec(angle * drawn).as_matrix()
    else:
        angle = np.copysign(angle, drawn[0])
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    spacing = np.asarray(specimen.spacing_mm)
    matrix = turn * spacing[None, :] / spacing[:, None]
    centre = np.argwhere(inside(specimen)).mean(axis=0)
    offset = centre - matrix @ centre
    return moved(specimen, lambda a, order: ndimage.affine_transform(a, matrix, offset, order=order, mode="nearest"))
