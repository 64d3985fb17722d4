"""More noise than the scanner has, and noise of another grain."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.repeat import noise_level, require_noise
from synthassay.failures.tissue import FWHM, blurred, in_voxels, inside, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality


@failure(
    title="Added noise",
    unit="noise SD",
    severities=(0.25, 0.5, 1.0, 2.0, 4.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    matters=Matter(1.0, "doubles the noise variance, as half the radiation dose or half the scan time does", OURS),
)
def added_noise(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Add white Gaussian noise of ``severity`` times the noise SD of the image, inside the mask.

    The bias that magnitude images have where noise is as strong as signal is not simulated.
    """
    noise = rng.standard_normal(specimen.pixels.shape)
    return with_values(specimen, specimen.pixels + severity * require_noise(specimen) * noise * inside(specimen))


@failure(
    title="Noise texture",
    unit="mm FWHM",
    severities=(1.0, 2.0, 3.0, 4.0, 6.0, 8.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    needs=("spacing_mm",),
    matters=Matter(4.0, "grain coarser than the smallest lesion that counts (3 mm) is taken for lesions", OURS),
)
def noise_texture(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Make the grain of the noise coarser and keep its variance: blur the noise by ``severity`` mm FWHM and rescale it.

    The noise is what a local Wiener filter takes away inside the mask (a window of 3 voxels, the noise level of the
    image): all of the detail where the image is flat, little of it at edges, which therefore stay sharp.
    """
    sigma, within = in_voxels(specimen, severity / FWHM), inside(specimen)
    pixels = []
    for plane, level in zip(specimen.pixels.astype(np.float64), noise_level(specimen), strict=True):
        noise = noise_of(plane, float(level)) * within
        coarse = blurred(noise, sigma) * within
        spread, left = noise[within].std(), coarse[within].std()
        if not (spread > 0 and left > 0):
            raise NotMeasured(f"{specimen.case or 'the image'} has no noise whose grain could change")
        pixels.append(plane - noise + coarse * (spread / left))
    return with_values(specimen, np.stack(pixels))


def noise_of(plane: np.ndarray, level: float) -> np.ndarray:
    """What a local Wiener filter with a window of 3 voxels takes away from one channel, given the noise SD."""
    mean = ndimage.uniform_filter(plane, 3, mode="nearest")
    variance = ndimage.uniform_filter(plane**2, 3, mode="nearest") - mean**2
    return (plane - mean) * np.minimum(1.0, level**2 / np.maximum(variance, 1e-12 * max(level, 1e-6) ** 2))
