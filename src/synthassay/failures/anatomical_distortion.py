"""Anatomy bent where it should be straight."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.failures.failure import Matter, failure
from synthassay.failures.movement import moved
from synthassay.failures.tissue import inside
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
    """The field of ``anatomical_distortion`` for a severity of 1 mm: ``axes *space`` in mm.

    It is drawn on a coarse grid that reaches three SD of the Gaussian beyond the image, so that it is as smooth at the
    border as elsewhere and the same whatever the size of a voxel.
    """
    step = SMOOTHNESS_MM / 2
    beyond = 6
    spacing, within = np.asarray(specimen.spacing_mm), inside(specimen)
    size = np.ceil(spacing * specimen.space / step).astype(int) + 1 + 2 * beyond
    drawn = rng.standard_normal((len(size), *size))
    coarse = [ndimage.gaussian_filter(part, SMOOTHNESS_MM / step, mode="wrap") for part in drawn]
    field = np.stack(
        [ndimage.affine_transform(part, spacing / step, beyond, output_shape=specimen.space) for part in coarse]
    )
    field -= field[:, within].mean(axis=1).reshape(-1, *[1] * len(specimen.space))
    length = np.sqrt((field**2).sum(axis=0))
    scaled: np.ndarray = field / np.percentile(length[within], 95)
    return scaled
