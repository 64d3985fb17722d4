"""What a failure asks of a specimen: where its tissue is, how much its values vary, what a value can be at all."""

from __future__ import annotations

import numpy as np
from scipy import fft

from synthassay.errors import NotMeasured
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels, Spatial, SpatialMask

AIR_HU = -1000.0
"""Where the scale of attenuation begins: a gain of a CT turns about this value."""

LOWEST_HU = -1024.0
"""Least value that a scanner stores (12 bit with an offset of 1024)."""

FWHM = 2.3548200450309493
"""Full width at half maximum of a Gaussian, in SD."""


def inside(specimen: Specimen) -> SpatialMask:
    """The mask, or everywhere where none is drawn.

    Raises:
        NotMeasured: The mask is empty.
    """
    if specimen.mask is None:
        return np.ones(specimen.space, dtype=bool)
    if not specimen.mask.any():
        raise NotMeasured(f"the mask of {specimen.case or 'the image'} is empty")
    return specimen.mask


def tissue_sd(specimen: Specimen) -> np.ndarray:
    """SD of the values inside the mask, per channel, shaped to multiply pixels.

    Raises:
        NotMeasured: The image is constant there, so that doses in SD mean nothing.
    """
    within = inside(specimen)
    spread = np.array([plane[within].std(dtype=np.float64) for plane in specimen.pixels])
    if not (spread > 0).all():
        raise NotMeasured(f"{specimen.case or 'the image'} is constant inside its mask, so a dose in SD means nothing")
    return spread.reshape(-1, *[1] * len(specimen.space))


def in_voxels(specimen: Specimen, millimetres: float) -> np.ndarray:
    """A length in millimetres in voxels along each spatial axis."""
    return millimetres / np.asarray(specimen.spacing_mm, dtype=np.float64)


def blurred(plane: Spatial, sigma: np.ndarray) -> np.ndarray:
    """One channel blurred by a Gaussian, exactly also where its SD is a fraction of a voxel.

    Each frequency of the cosine transform, which mirrors the image at its borders, is multiplied by the Gaussian's
    transform exp(-2 (pi sigma f)²); a kernel sampled on voxels would do nothing below a quarter of a voxel.

    Args:
        plane: ``*space``.
        sigma: SD along each axis, in voxels.
    """
    spectrum = fft.dctn(plane.astype(np.float64), norm="ortho")
    for axis, (length, width) in enumerate(zip(plane.shape, sigma, strict=True)):
        frequency = np.arange(length) / (2 * length)
        passed = np.exp(-2 * (np.pi * width * frequency) ** 2)
        spectrum *= passed.reshape([-1 if other == axis else 1 for other in range(plane.ndim)])
    found: np.ndarray = fft.idctn(spectrum, norm="ortho")
    return found


def with_values(specimen: Specimen, pixels: Pixels) -> Specimen:
    """The specimen with other pixels, kept within what its unit can hold.

    HU end at -1024 (or at the image's own least value, where that is lower); an image without negative values has none
    afterwards, since a magnitude or a detector count has none; RGB ends at 0 and 255. Nothing ends the scale above,
    except in RGB. The type of the pixels stays, whole numbers becoming float32.
    """
    low, high = -np.inf, np.inf
    least = float(specimen.pixels.min())
    if specimen.unit is Unit.HU:
        low = min(LOWEST_HU, least)
    elif specimen.unit is Unit.RGB:
        low, high = 0.0, 255.0
    elif least >= 0:
        low = 0.0
    floating = np.issubdtype(specimen.pixels.dtype, np.floating)
    kept = np.clip(pixels, low, high).astype(specimen.pixels.dtype if floating else np.float32)
    return specimen.replace(pixels=kept)


def without_nan(specimen: Specimen) -> Specimen:
    """The specimen with the least value there is wherever a value outside the mask is not finite.

    Filters would otherwise spread what is not finite over the image.

    Raises:
        NotMeasured: A value inside the mask is NaN or infinite.
    """
    blind = ~np.isfinite(specimen.pixels)
    if not blind.any():
        return specimen
    within = int((blind & inside(specimen)).sum())
    if within:
        where = specimen.case or "the image"
        raise NotMeasured(f"{within} values inside the mask of {where} are NaN or infinite")
    return specimen.replace(pixels=np.where(blind, specimen.pixels[~blind].min(), specimen.pixels))
