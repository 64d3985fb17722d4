"""The Fréchet radiomics distance, version 1, as published, with each of its oddities as a switch.

This is here so that published numbers can be met. Our own measure is ``frechet_distance`` on the radiomic embedding,
which does none of what the switches do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_laplace, generate_binary_structure, label, map_coordinates

from synthassay.errors import ImageError, NotMeasured
from synthassay.evaluate.distribution.gaussian import frechet_from_features
from synthassay.evaluate.features.radiomics.discretise import Binning
from synthassay.evaluate.features.radiomics.extract import radiomic_features
from synthassay.evaluate.features.wavelet import wavelet_bands
from synthassay.shapes import Features

FAMILIES = ("firstorder", "glcm", "glrlm", "glszm", "ngtdm")
LEFT_OUT = frozenset({"firstorder_StandardDeviation", "glcm_MCC", "glcm_SumAverage"})
SIGMAS_MM = (2.0, 3.0, 4.0, 5.0)
BINS = Binning(width=5.0)
SHIFT = 300.0
SCALE = 100.0
LEAST_FOR_LOG = 4


@dataclass(frozen=True)
class FrdOptions:
    """What version 1 does; every field as published, and what it costs.

    Attributes:
        normalise: Every image is brought to mean 0 and SD 100 by itself: a shift in HU disappears.
        resample_mm: Every image is resampled to this pixel size first: a picture without spacing, taken as 1 mm, is
            halved. None leaves it.
        skip_log_in_2d: The Laplacian-of-Gaussian features, a fifth of the vector, are left out for pictures in silence.
        diagnostics: Image means, extremes and voxel counts stand among the features.
        free_corner: One corner pixel is left out of an image without a mask, because the extractor refuses a full mask.
    """

    normalise: bool = True
    resample_mm: float | None = 2.0
    skip_log_in_2d: bool = True
    diagnostics: bool = True
    free_corner: bool = True


PUBLISHED = FrdOptions()


def frd_features(
    image: np.ndarray,
    mask: np.ndarray | None = None,
    *,
    spacing_mm: Sequence[float] = (),
    options: FrdOptions = PUBLISHED,
) -> dict[str, float]:
    """Return the named features of one image: 77 per filtered image, and 13 diagnostics.

    Args:
        image: Two or three axes.
        mask: Where to measure; None for everywhere.
        spacing_mm: Pixel size; 1 mm where unknown, as the published code assumes.
        options: The oddities.

    Returns:
        In 2D as published 398 (original and 4 wavelet bands), in 3D 1,014 (with 4 Laplacians and 8 bands).

    Raises:
        ImageError: Another number of axes.
        NotMeasured: The mask holds fewer than two elements.

    Source: Konz, Osuala et al., arXiv 2412.01496; settings of the authors' package. The Laplacian of Gaussian of
    volumes is exact here and a recursive approximation there, which differ by about one per cent of its largest value.
    """
    if image.ndim not in (2, 3):
        raise ImageError("image", "has neither two nor three spatial axes", value=image.shape)
    image = image.astype(np.float64)
    mask = np.ones(image.shape, bool) if mask is None else np.asarray(mask, bool)
    if options.free_corner and mask.all():
        mask[(0,) * mask.ndim] = False
    spacing = np.asarray(spacing_mm if len(spacing_mm) else (1.0,) * image.ndim, float)
    first = _diagnostics("Image-original", image) | _counts("Mask-original", mask)
    if options.normalise:
        image = (image - image.mean()) / image.std(ddof=1) * SCALE
    found = first if options.diagnostics else {}
    if options.resample_mm is not None:
        image, mask, spacing = _resampled(image, mask, spacing, options.resample_mm)
        second = _diagnostics("Image-interpolated", image) | _counts("Mask-interpolated", mask)
        found = {**found, **second, **_diagnostics("Mask-interpolated", image[mask])} if options.diagnostics else {}
    for kind, part in _filtered(image, spacing, options).items():
        found |= {f"{kind}_{name}": value for name, value in _described(part, mask, float(spacing.prod())).items()}
    return found


def frd_v1(first: Features, second: Features, *, by_first_alone: bool = True, as_in_paper: bool = False) -> float:
    """Return log(d²) between two sets of raw features, standardised by the first.

    Images with an undefined feature are dropped from their set; features that are constant in the first set are dropped
    from both, so the number of dimensions depends on which set comes first, and so does the value.

    Args:
        first: ``cases features``, raw; gives means and (population) standard deviations.
        second: ``cases features``, raw.
        by_first_alone: As published; False standardises each set by itself, which the package does for stored features
            and which makes the difference of the means disappear.
        as_in_paper: log(d) of the paper's equation 3, half of what the package returns.

    Raises:
        NotMeasured: Fewer than two images, or no feature, is left.

    Source: Konz, Osuala et al., arXiv 2412.01496, eq. 3, and the authors' package.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> round(frd_v1(rng.normal(size=(400, 3)), rng.normal(size=(400, 3)) + 2.0), 1)
        2.6
    """
    rows = [part[~np.isnan(part).any(axis=1)].astype(np.float32).astype(np.float64) for part in (first, second)]
    if min(len(part) for part in rows) < 2:
        raise NotMeasured("fewer than two images have all features")
    bases = (rows[0], rows[0]) if by_first_alone else (rows[0], rows[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        z = [(part - base.mean(0)) / base.std(0) for part, base in zip(rows, bases, strict=True)]
    kept = np.isfinite(z[0]).all(0) & np.isfinite(z[1]).all(0)
    if not kept.any():
        raise NotMeasured("no feature varies in the first set")
    squared = frechet_from_features(z[0][:, kept], z[1][:, kept])
    return float(np.log(squared)) / (2 if as_in_paper else 1)


def _filtered(image: np.ndarray, spacing: np.ndarray, options: FrdOptions) -> dict[str, np.ndarray]:
    found = {"original": image}
    if image.ndim == 3 or not options.skip_log_in_2d:
        for sigma in SIGMAS_MM:
            if min(image.shape) >= LEAST_FOR_LOG and (np.array(image.shape) >= np.ceil(sigma / spacing) + 1).all():
                found[f"log-sigma-{sigma:g}-mm"] = sigma**2 * _laplacian(image, sigma, spacing)
    return found | {f"wavelet-{name}": band for name, band in wavelet_bands(image).items()}


def _laplacian(image: np.ndarray, sigma: float, spacing: np.ndarray) -> np.ndarray:
    if np.ptp(spacing) == 0:
        return np.asarray(gaussian_laplace(image, sigma / spacing[0], mode="nearest")) / spacing[0] ** 2
    raise NotMeasured("the published distance resamples volumes to equal spacing before its Laplacian of Gaussian")


def _described(part: np.ndarray, mask: np.ndarray, volume: float) -> dict[str, float]:
    found = radiomic_features(part, mask, binning=BINS, families=FAMILIES)
    lifted = part[mask] + SHIFT  # the package's guard against negative values, in three features
    energy = float(lifted @ lifted)
    found |= {
        "firstorder_Energy": energy,
        "firstorder_TotalEnergy": energy * volume,
        "firstorder_RootMeanSquared": float(np.sqrt(energy / lifted.size)),
    }
    return {name: value for name, value in found.items() if name not in LEFT_OUT}


def _resampled(
    image: np.ndarray, mask: np.ndarray, spacing: np.ndarray, target: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cubic spline for the image, nearest neighbour for the mask, on a grid aligned with the image's corner."""
    ratio = spacing / target
    if np.allclose(ratio, 1):
        return image, mask, spacing
    sizes = np.ceil(np.array(image.shape) * ratio).astype(int)
    axes = [0.5 * (1 / r - 1) + np.arange(size) / r for r, size in zip(ratio, sizes, strict=True)]
    places = np.meshgrid(*axes, indexing="ij")
    inside = np.all([(p < side - 0.5) for p, side in zip(places, image.shape, strict=True)], axis=0)
    resampled = np.where(inside, map_coordinates(image, places, order=3, mode="mirror"), 0.0)
    nearest = [np.minimum(np.floor(p + 0.5).astype(int), side - 1) for p, side in zip(places, image.shape, strict=True)]
    return resampled, mask[tuple(nearest)] & inside, np.full(image.ndim, target)


def _diagnostics(name: str, values: np.ndarray) -> dict[str, float]:
    found = {"Mean": values.mean(), "Minimum": values.min(), "Maximum": values.max()}
    return {f"diagnostics_{name}_{key}": float(value) for key, value in found.items()}


def _counts(name: str, mask: np.ndarray) -> dict[str, float]:
    parts = label(mask, generate_binary_structure(mask.ndim, mask.ndim))[1]
    return {f"diagnostics_{name}_VoxelNum": float(mask.sum()), f"diagnostics_{name}_VolumeNum": float(parts)}
