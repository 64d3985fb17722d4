"""Structure where there is only air."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.failures.failure import Matter, failure
from synthassay.failures.tissue import AIR_HU, inside, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality, Unit

LEAST_OUTSIDE = 0.01
GRAIN_VOXELS = 2.0


@failure(
    title="Background garbage",
    unit="% of the mean signal (RMS outside the mask)",
    severities=(1.0, 2.5, 5.0, 10.0, 20.0, 40.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    needs=("mask",),
    matters=Matter(
        2.5,
        "largest ghosting ratio with which a scanner passes accreditation",
        "American College of Radiology, MRI Quality Control Manual (2015), percent signal ghosting",
    ),
)
def background_garbage(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Add smooth blobs outside the mask; their RMS there is ``severity`` % of the mean signal inside (HU + 1000)."""
    within = inside(specimen)
    outside = ~within
    if outside.mean() < LEAST_OUTSIDE:
        raise NotMeasured(f"the mask of {specimen.case or 'the image'} leaves less than 1 % of it as background")
    zero = AIR_HU if specimen.unit is Unit.HU else 0.0
    drawn = rng.standard_normal(specimen.pixels.shape)
    pixels = []
    for plane, noise in zip(specimen.pixels.astype(np.float64), drawn, strict=True):
        blobs = np.abs(ndimage.gaussian_filter(noise, GRAIN_VOXELS, mode="wrap")) * outside
        blobs /= np.sqrt((blobs[outside] ** 2).mean())
        pixels.append(plane + severity / 100 * abs(plane[within].mean() - zero) * blobs)
    return with_values(specimen, np.stack(pixels))
