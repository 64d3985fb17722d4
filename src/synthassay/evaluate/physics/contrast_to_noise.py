"""Whether tissues stand out from each other against the noise as they do in the real image."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import metric
from synthassay.evaluate.physics.noise_power import noise_power
from synthassay.evaluate.physics.regions import SETTINGS, uniform_regions
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, Spatial, SpatialMask

TISSUES, DRAWN = "between=fat and soft tissue", "between=structures and surroundings"
FAT_HU, SOFT_HU = (-150.0, -30.0), (0.0, 100.0)
LEAST_VOXELS = 20
RING_VOXELS = 2


@metric(
    title="Contrast-to-noise ratio, synthetic over real",
    axis=Axis.FIDELITY,
    better=Better.TARGET,
    target=1.0,
    unit="1",
    per="case",
    source="doi:10.1002/mp.13763",
    strata=(TISSUES, DRAWN),
    settings={**SETTINGS, "fat": "-150 to -30 HU in the real image", "soft tissue": "0 to 100 HU in the real image"},
)
def contrast_to_noise(
    synthetic: Pixels,
    reference: Pixels,
    mask: SpatialMask,
    spacing_mm: tuple[float, ...],
    unit: Unit,
    structures: Spatial | None = None,
) -> dict[str, float]:
    """Return |mean - mean| / noise of the synthetic over that of the real image, on places of the real image.

    Between fat and soft tissue where values are Hounsfield units, and between drawn structures and the two voxels
    around them where structures are drawn (mean over structures). Noise is the standard deviation in uniform regions.

    Args:
        synthetic: ``channels *space``.
        reference: ``channels *space``.
        mask: ``*space``: where the subject is.
        spacing_mm: Voxel size.
        unit: What a pixel means.
        structures: ``*space``: integer label map.

    Returns:
        Ratios per pair of tissues; above 1 tissues stand out more than in the real image, as they do after denoising.

    Raises:
        NotMeasured: Neither Hounsfield units nor structures, too few voxels or uniform regions, or an image without
            noise.

    Source:
        AAPM TG-233, Samei et al., Med Phys 46:e735 (2019), doi:10.1002/mp.13763.

    Example:
        >>> real = np.where(np.arange(64) < 32, -100.0, 50.0) * np.ones((1, 64, 1))
        >>> noise = np.random.default_rng(0).normal(scale=10, size=real.shape)
        >>> body = np.ones((64, 64), bool)
        >>> found = contrast_to_noise(real + noise / 2, real + noise, body, (1.0, 1.0), Unit.HU)
        >>> {name: round(value, 2) for name, value in found.items()}
        {'between=fat and soft tissue': 2.0}
    """
    regions = uniform_regions(synthetic, reference, mask, spacing_mm)
    made, real = (noise_power(part, spacing_mm[:2]).variance for part in (regions.synthetic, regions.reference))
    if not (made > 0 and real > 0):
        raise NotMeasured("an image without any noise has no contrast-to-noise ratio")
    noise = math.sqrt(real / made)
    pair = (synthetic.mean(axis=0), reference.mean(axis=0))
    found: dict[str, float] = {}
    if unit is Unit.HU:
        tissues = [mask & (pair[1] >= low) & (pair[1] < high) for low, high in (FAT_HU, SOFT_HU)]
        found |= _ratio(TISSUES, [_contrasts(pair, *tissues)], noise)
    if structures is not None:
        drawn = [_contrasts(pair, *_ring(structures == label, mask)) for label in np.unique(structures[structures > 0])]
        found |= _ratio(DRAWN, drawn, noise)
    if not found:
        raise NotMeasured("it needs Hounsfield units of fat and soft tissue, or structures drawn on the real image")
    return found


def _ring(inside: SpatialMask, mask: SpatialMask) -> tuple[SpatialMask, SpatialMask]:
    around = ndimage.binary_dilation(inside, iterations=RING_VOXELS) & ~inside
    return inside & mask, around & mask


def _contrasts(pair: tuple[np.ndarray, np.ndarray], one: SpatialMask, other: SpatialMask) -> tuple[float, float] | None:
    if min(one.sum(), other.sum()) < LEAST_VOXELS:
        return None
    made, real = (abs(float(image[one].mean() - image[other].mean())) for image in pair)
    return made, real


def _ratio(name: str, contrasts: list[tuple[float, float] | None], noise: float) -> dict[str, float]:
    ratios = [made / real * noise for made, real in (c for c in contrasts if c is not None) if real > 0]
    return {name: float(np.mean(ratios))} if ratios else {}
