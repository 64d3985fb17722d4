"""Edges harder than any scanner makes them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.tissue import FWHM, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality

RADIUS_FWHM = 3.0
"""Full width at half maximum of the unsharp mask, in voxels."""


@failure(
    title="Over-sharpening",
    unit="unsharp gain",
    severities=(0.1, 0.25, 0.5, 1.0, 2.0, 4.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    matters=Matter(1.0, "doubles the finest detail, and with it the noise", OURS),
)
def over_sharpening(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Add ``severity`` times the difference between the image and its blur (a Gaussian of 3 voxels FWHM)."""
    pixels = specimen.pixels.astype(np.float64)
    blur = [ndimage.gaussian_filter(plane, RADIUS_FWHM / FWHM, mode="nearest") for plane in pixels]
    return with_values(specimen, pixels + severity * (pixels - np.stack(blur)))
