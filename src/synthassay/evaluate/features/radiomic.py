"""The radiomic embedding: texture and intensity of the image and of its details at three scales; needs no weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.ndimage import correlate1d, distance_transform_edt, gaussian_filter

from synthassay.errors import ImageError
from synthassay.evaluate.features.embedding import EMBEDDINGS, Embedding
from synthassay.evaluate.features.radiomics.discretise import Binning
from synthassay.evaluate.features.radiomics.extract import FAMILIES, radiomic_features
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Features

SCALES = (1.0, 2.0, 4.0)  # sigma of the Laplacian of Gaussian, in the finest spacing
HU_BIN_WIDTH = 25.0
LEVELS = 32
DETAIL_FAMILIES = ("firstorder", "glcm")
REDUNDANT = frozenset({"firstorder_TotalEnergy", "firstorder_StandardDeviation", "glcm_SumAverage"})
ARBITRARY = frozenset({"ngtdm_Coarseness"})


class RadiomicEmbedding(Embedding):
    """90 features of the image and 40 of each of its Laplacian-of-Gaussian details at sigma 1, 2 and 4: 210 in all.

    Intensities are taken as they are: nothing is resampled, normalised or clipped. Grey levels of images in HU have a
    fixed width of 25 HU; of arbitrary units, 32 bins between each region's own minimum and maximum, as IBSI advises.
    Details always have 32 bins. Volumes have true 3D features. Channels are described one by one.

    Features that another repeats exactly (total energy, standard deviation, sum average) are left out, so that nothing
    counts twice; so is coarseness, which is by definition 10^6 for a region without texture. The filter's scale is in
    units of the finest spacing; along a coarser axis it spans fewer elements.

    Source: IBSI 1, arXiv 1612.07003v11; IBSI 2 for the filter, arXiv 2006.05470; the idea of a Fréchet distance on
    radiomic features, arXiv 2412.01496.
    """

    source: ClassVar[str] = "arXiv:1612.07003"

    def settings(self, unit: Unit) -> dict[str, str | float | int | bool]:
        """Grey levels and filters."""
        return {"grey_levels": str(_binning(unit)), "detail_sigmas": ", ".join(f"{s:g}" for s in SCALES)}

    def names(self, shape: Sequence[int]) -> tuple[str, ...]:
        """Names such as ``original_glcm_Contrast`` or ``log2_firstorder_Variance``, for ``channels *space``."""
        sample = np.arange(4.0 ** (len(shape) - 1)).reshape((4,) * (len(shape) - 1))
        return tuple(_describe(np.stack([sample] * shape[0]), None, _binning(Unit.ARBITRARY), np.ones(sample.ndim)))

    def features(
        self,
        images: np.ndarray,
        *,
        spacing: Sequence[float] = (),
        unit: Unit = Unit.ARBITRARY,
        mask: np.ndarray | None = None,
    ) -> Features:
        """Return ``cases features``; texture that a region does not have is NaN.

        Raises:
            ImageError: Images are not ``cases channels *space``, or a value inside the mask is not finite.
            NotMeasured: A mask holds fewer than two elements.
        """
        if images.ndim not in (4, 5) or not len(images):
            raise ImageError("images", "are not an array of cases, channels and two or three axes", value=images.shape)
        space = images.ndim - 2
        if mask is not None and mask.ndim == space:
            mask = np.broadcast_to(mask, (len(images), *mask.shape))
        elements = _elements_per_unit(spacing, space)
        binning = _binning(unit)
        rows = (
            _describe(image, None if mask is None else mask[case], binning, elements)
            for case, image in enumerate(images)
        )
        return np.array([list(row.values()) for row in rows], dtype=np.float64)


EMBEDDINGS.add("radiomic")(RadiomicEmbedding())


def laplacian_of_gaussian(image: np.ndarray, sigma: float, elements: np.ndarray) -> np.ndarray:
    """Return sigma^2 times the Laplacian of the smoothed image, both in physical units along every axis.

    The derivative is the second difference of the smoothed image, not a sampled derivative of a Gaussian: that one is
    meaningless below one element, as it would be across thick slices. Beyond the border the nearest value goes on.

    Args:
        image: Two or three axes.
        sigma: In units of the finest spacing.
        elements: Elements per such unit, along each axis.

    Source: Lindeberg 1998, doi:10.1023/A:1008045108935 (scale-normalised Laplacian).
    """
    smooth = gaussian_filter(image, sigma * elements, mode="nearest")
    curvature = sum(
        correlate1d(smooth, [1.0, -2.0, 1.0], axis, mode="nearest") * count**2 for axis, count in enumerate(elements)
    )
    return np.asarray(curvature * sigma**2)


def continued(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the image with the nearest value inside the mask at each place outside it, as filters do at a border.

    So nothing outside the mask is read, and no edge arises where it ends.

    Example:
        >>> continued(np.array([[np.nan, 1.0, 5.0, 7.0]]), np.array([[False, True, True, False]]))
        array([[1., 1., 5., 5.]])
    """
    if not mask.any():
        return image
    nearest = distance_transform_edt(~mask, return_distances=False, return_indices=True)
    return np.asarray(image[tuple(nearest)])


def _binning(unit: Unit) -> Binning:
    return Binning(width=HU_BIN_WIDTH) if unit is Unit.HU else Binning(count=LEVELS)


def _describe(image: np.ndarray, mask: np.ndarray | None, binning: Binning, elements: np.ndarray) -> dict[str, float]:
    out: dict[str, float] = {}
    for number, channel in enumerate(image.astype(np.float64)):
        channel_name = f"channel{number}_" if len(image) > 1 else ""
        parts = {"original": radiomic_features(channel, mask, binning=binning, families=tuple(FAMILIES))}
        shown = channel if mask is None else continued(channel, mask)
        for sigma in SCALES:
            detail = laplacian_of_gaussian(shown, sigma, elements)
            parts[f"log{sigma:g}"] = radiomic_features(
                detail, mask, binning=Binning(count=LEVELS), families=DETAIL_FAMILIES
            )
        for part, found in parts.items():
            kept = {name: value for name, value in found.items() if name not in REDUNDANT | ARBITRARY}
            out |= {f"{channel_name}{part}_{name}": value for name, value in kept.items()}
    return out


def _elements_per_unit(spacing: Sequence[float], space: int) -> np.ndarray:
    """Elements per unit of the finest spacing, along each axis; 1 everywhere where the spacing is unknown."""
    if not len(spacing):
        return np.ones(space)
    if len(spacing) != space or min(spacing) <= 0:
        raise ImageError(
            "spacing", "does not give one positive size per spatial axis", value=tuple(spacing),
            remedy=f"Give {space} sizes in millimetres, or none where they are unknown.",
        )  # fmt: skip
    return min(spacing) / np.asarray(spacing, float)
