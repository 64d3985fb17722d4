"""One image and its mask -> its named radiomic features."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from synthassay.errors import UnknownName
from synthassay.evaluate.features.radiomics.discretise import Binning
from synthassay.evaluate.features.radiomics.first_order import first_order
from synthassay.evaluate.features.radiomics.glcm import glcm_features
from synthassay.evaluate.features.radiomics.gldm import gldm_features
from synthassay.evaluate.features.radiomics.glrlm import glrlm_features
from synthassay.evaluate.features.radiomics.glszm import glszm_features
from synthassay.evaluate.features.radiomics.ngtdm import ngtdm_features
from synthassay.evaluate.features.radiomics.region import Region, region_of

FAMILIES: dict[str, Callable[[Region], dict[str, float]]] = {
    "firstorder": first_order,
    "glcm": glcm_features,
    "glrlm": glrlm_features,
    "glszm": glszm_features,
    "gldm": gldm_features,
    "ngtdm": ngtdm_features,
}


def radiomic_features(
    image: np.ndarray,
    mask: np.ndarray | None = None,
    *,
    binning: Binning,
    families: Sequence[str] = tuple(FAMILIES),
    voxel_volume: float = 1.0,
) -> dict[str, float]:
    """Return the named features of one image: 94 over all families.

    Nothing is resampled, normalised or clipped: intensities count as they are, so HU stay HU.

    Args:
        image: Intensities, 2D or 3D.
        mask: Where to measure, same shape; None for everywhere. What lies outside is never read.
        binning: Fixed bin width for calibrated units, fixed bin count for arbitrary ones.
        families: Which of ``firstorder glcm glrlm glszm gldm ngtdm``.
        voxel_volume: mm^3 (mm^2) per element; scales ``firstorder_TotalEnergy`` only.

    Returns:
        ``family_Name`` to value. Texture of a region in which no two elements touch is NaN.

    Raises:
        ImageError: Shapes differ, or an intensity inside the mask is not finite.
        NotMeasured: The mask holds fewer than two elements.

    Source: IBSI, arXiv 1612.07003v11; feature names as pyradiomics, doi:10.1158/0008-5472.CAN-17-0339.

    Example:
        >>> checks = np.indices((8, 8)).sum(0) % 2
        >>> found = radiomic_features(checks * 100.0, binning=Binning(width=50.0))
        >>> round(found["glcm_Contrast"], 3), round(found["firstorder_Mean"], 1), len(found)
        (2.0, 50.0, 94)
    """
    unknown = [name for name in families if name not in FAMILIES]
    if unknown:
        raise UnknownName("radiomic family", unknown[0], FAMILIES)
    region = region_of(np.asarray(image), mask, binning)
    out: dict[str, float] = {}
    for family in families:
        found = first_order(region, voxel_volume) if family == "firstorder" else FAMILIES[family](region)
        out.update({f"{family}_{name}": value for name, value in found.items()})
    return out
