"""What two scans of one subject differ by: the noise of an image, and a simulated repeat of its acquisition."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.failures.failure import Damaged
from synthassay.failures.movement import moved
from synthassay.failures.tissue import inside, with_values, without_nan
from synthassay.images.specimen import Specimen

LEAST_VOXELS = 50
LARGEST_SHIFT = 0.25
"""Largest shift of a repeat along an axis, in voxels: what is left after registration of two scans."""

_OUTLIER_FREE = 1.482602218505602  # median absolute deviation -> SD of a Gaussian


def noise_level(specimen: Specimen) -> np.ndarray:
    """SD of the noise inside the mask, per channel.

    The product of second differences along every axis cancels anatomy that is smooth, and edges along an axis; its
    median absolute deviation over the flatter half of the mask, one voxel away from its border, gives the SD of white
    noise. Noise that is smooth, as after interpolation, is underestimated, since only its finest part is seen; texture
    as fine as the noise is counted as noise.

    Args:
        specimen: Pixels ``channels *space``, two or more axes.

    Returns:
        One number per channel in the unit of the pixels, 0 or more.

    Raises:
        NotMeasured: Fewer than 50 voxels lie inside the mask and away from its border.

    Source:
        Immerkaer 1996, doi:10.1006/cviu.1996.0060, eq. 3 (the mask, in two dimensions).

    Example:
        >>> noise = np.random.default_rng(1).normal(0, 3, (1, 64, 64))
        >>> float(noise_level(Specimen(noise))[0].round(1))
        3.0
    """
    dimensions = len(specimen.space)
    core = ndimage.binary_erosion(inside(specimen), np.ones((3,) * dimensions), border_value=0)
    if int(core.sum()) < LEAST_VOXELS:
        where = specimen.case or "the image"
        raise NotMeasured(f"{where} has {int(core.sum())} voxels away from the border of its mask, too few for noise")
    return np.array([_of_plane(plane.astype(np.float64), core) for plane in specimen.pixels])


def require_noise(specimen: Specimen) -> np.ndarray:
    """The noise level shaped to multiply pixels, for doses in noise SD.

    Raises:
        NotMeasured: The image has no noise, so that a dose in noise SD means nothing.
    """
    level = noise_level(specimen)
    if not (level > 0).all():
        raise NotMeasured(f"{specimen.case or 'the image'} has no noise, so a dose in noise SD means nothing")
    return level.reshape(-1, *[1] * len(specimen.space))


def repeat_scan(specimen: Specimen, rng: np.random.Generator) -> Specimen:
    """A simulated repeat of the acquisition: the same subject, independent noise, a shift of up to 0.25 voxel.

    White noise of the level that the image has is added inside the mask, so that the repeat differs from the image by
    about one noise SD; two real scans differ by sqrt(2) SD, which ``repeat_pair`` gives. What is drawn on the image
    stays the same array: an observer would not see the shift.

    Args:
        specimen: A real image.
        rng: Draws the shift and the noise.

    Returns:
        The repeat, with noise sqrt(2) times as large as the image has.

    Raises:
        NotMeasured: The noise level cannot be measured.
    """
    level = noise_level(specimen).reshape(-1, *[1] * len(specimen.space))
    shift = rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, len(specimen.space))
    noise = rng.standard_normal(specimen.pixels.shape)
    shifted = moved(
        without_nan(specimen), lambda plane, order: ndimage.shift(plane, shift, order=order, mode="nearest")
    )
    pixels = np.where(inside(specimen), shifted.pixels + level * noise, specimen.pixels)
    return with_values(specimen, pixels)


def repeat_pair(specimen: Specimen, rng: np.random.Generator) -> Damaged:
    """Two simulated scans of one subject, alike in distribution: the null against which paired measures are judged.

    Both sides are repeats of the image, so that they differ by sqrt(2) noise SD as two real scans do, and neither is
    the smoother one.

    Raises:
        NotMeasured: The noise level cannot be measured.
    """
    return Damaged(repeat_scan(specimen, rng), repeat_scan(specimen, rng))


def _of_plane(plane: np.ndarray, core: np.ndarray) -> float:
    finite = np.where(np.isfinite(plane), plane, 0.0)
    detail = finite
    for axis in range(plane.ndim):
        detail = ndimage.convolve1d(detail, [1.0, -2.0, 1.0], axis=axis, mode="nearest")
    steepness = ndimage.gaussian_gradient_magnitude(finite, 1.5, mode="nearest")
    flat = core & (steepness <= np.median(steepness[core]))
    found = detail[flat] / 6.0 ** (plane.ndim / 2)
    return float(_OUTLIER_FREE * np.median(np.abs(found - np.median(found))))
