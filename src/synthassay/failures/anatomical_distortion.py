"""Anatomy bent where it should be straight."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.failures.failure import Matter, failure
from synthassay.failures.movement import moved
from synthassay.failures.tissue import inside
from synthassay.images.deformation import smooth_displacement
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality

SMOOTHNESS_MM = 16.0
"""SD of the Gaussian that smooths the field: long enough that 8 mm of displacement do not fold it."""


@failure(
    title="Anatomical distortion",
    unit="mm (95th percentile of the displacement)",
    severities=(0.5, 1.0, 2.0, 3.0, 5.0, 8.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    needs=("spacing_mm",),
    matters=Matter(
        2.0,
        "geometric accuracy asked of MR images from which radiotherapy is planned",
        "doi:10.1002/mp.14695",
    ),
)
def anatomical_distortion(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Bend the image by a smooth random field whose length inside the mask has its 95th percentile at ``severity`` mm.

    The field is white noise smoothed by a Gaussian of 16 mm, without its mean inside the mask, so that nothing is
    merely shifted; only its size depends on the severity. Structures, lesion and mask are bent along.
    """
    field = displacement(specimen, rng) * severity
    spacing = np.asarray(specimen.spacing_mm).reshape(-1, *[1] * len(specimen.space))
    places = np.indices(specimen.space) + field / spacing
    return moved(specimen, lambda a, order: ndimage.map_coordinates(a, places, order=order, mode="nearest"))


def displacement(specimen: Specimen, rng: np.random.Generator) -> np.ndarray:
    """The field of ``anatomical_distortion`` for a severity of 1 mm: ``axes *space`` in mm."""
    return smooth_displacement(specimen.spacing_mm, inside(specimen), rng, SMOOTHNESS_MM)
