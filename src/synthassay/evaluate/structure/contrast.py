"""Contrast of each lesion against the tissue around it, in the real and in the synthetic image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import quiet_outside
from synthassay.evaluate.structure.label_maps import checked_spacing
from synthassay.evaluate.structure.lesions import LEAST_MM, lesions_one_by_one
from synthassay.evaluate.structure.lesions import SETTINGS as OF_LESIONS
from synthassay.evaluate.structure.physical import distance_mm
from synthassay.shapes import Pixels, SpatialMask

RING_MM = (2.0, 7.0)
LEAST_RING = 20
ROSE = 5.0
SETTINGS: dict[str, str | float | int | bool] = {
    **OF_LESIONS,
    "surroundings": f"{RING_MM[0]:g} to {RING_MM[1]:g} mm from the lesion, outside all lesions",
    "visible": f"real contrast times root of the lesion's voxels at least {ROSE:g} times the surroundings' deviation",
}


@dataclass(frozen=True)
class LesionContrast:
    """What a lesion that can be seen in the real image looks like in both.

    Attributes:
        real: Mean of the lesion minus mean of its surroundings; ``synthetic`` likewise.
        real_noise: Standard deviation of the surroundings; ``synthetic_noise`` likewise.
    """

    real: float
    synthetic: float
    real_noise: float
    synthetic_noise: float

    @property
    def ratio(self) -> float:
        """Synthetic over real contrast: 1 as in the real image, 0 erased, below 0 inverted."""
        return self.synthetic / self.real

    @property
    def noise_ratio(self) -> float:
        """Synthetic over real contrast-to-noise ratio."""
        return self.ratio * self.real_noise / self.synthetic_noise


def lesion_contrasts(
    synthetic: Pixels,
    reference: Pixels,
    lesion: SpatialMask,
    spacing_mm: tuple[float, ...],
    mask: SpatialMask | None,
) -> list[LesionContrast]:
    """Return the contrast of each lesion that can be seen in the real image; channels are averaged first.

    Raises:
        NotMeasured: The voxel size is unknown, sizes differ, a value inside the mask is not finite, or the real image
            has no lesion, or none that can be seen.
    """
    spacing = checked_spacing(spacing_mm, lesion.ndim)
    if lesion.shape != reference.shape[1:]:
        raise NotMeasured(f"its size is {reference.shape[1:]} but the drawing of its lesions has {lesion.shape}")
    pictures = [picture.mean(0, dtype=np.float64) for picture in quiet_outside(synthetic, reference, mask, 0.0)]
    allowed = ~lesion if mask is None else mask & ~lesion
    drawn = lesions_one_by_one(lesion if mask is None else lesion & mask, spacing)
    if not drawn:
        raise NotMeasured(f"the real image has no lesion of {LEAST_MM:g} mm or more")
    measured = [_contrast(pictures, one, allowed, spacing) for one in drawn]
    seen = [found for found in measured if found is not None]
    if not seen:
        raise NotMeasured(f"none of {len(drawn)} lesions stands out from its surroundings in the real image")
    return seen


def _contrast(
    pictures: list[np.ndarray], lesion: SpatialMask, allowed: SpatialMask, spacing: tuple[float, ...]
) -> LesionContrast | None:
    box = _around(lesion, spacing)
    inside = lesion[box]
    away = distance_mm(inside, spacing)
    ring = allowed[box] & (away >= RING_MM[0]) & (away <= RING_MM[1])
    if ring.sum() < LEAST_RING:
        return None
    (synthetic, its_noise), (real, noise) = (_figures(picture[box], inside, ring) for picture in pictures)
    if not real or abs(real) * np.sqrt(inside.sum()) < ROSE * noise:
        return None
    return LesionContrast(real, synthetic, noise, its_noise)


def _figures(picture: np.ndarray, inside: SpatialMask, ring: SpatialMask) -> tuple[float, float]:
    around = picture[ring]
    return float(picture[inside].mean() - around.mean()), float(around.std(ddof=1))


def _around(lesion: SpatialMask, spacing: tuple[float, ...]) -> tuple[slice, ...]:
    places = np.argwhere(lesion)
    reach = np.ceil(RING_MM[1] / np.asarray(spacing)).astype(int)
    low, high = np.maximum(places.min(0) - reach, 0), places.max(0) + reach + 1
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
