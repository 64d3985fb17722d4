"""Lesions of the real and of the synthetic image, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.structure.label_maps import checked_spacing
from synthassay.evaluate.structure.physical import ball_voxels, parts
from synthassay.shapes import SpatialMask

LEAST_MM = 3.0
DETECTED_ABOVE = 0.1
SETTINGS: dict[str, str | float | int | bool] = {
    "lesion": "connected part, corners included",
    "least_size": f"that of a ball (disc) of {LEAST_MM:g} mm; smaller ones are left out of both images",
}
DETECTION: dict[str, str | float | int | bool] = {
    **SETTINGS,
    "detected": f"intersection over union with the synthetic lesions that touch it above {DETECTED_ABOVE:g}",
}


@dataclass(frozen=True)
class LesionMatch:
    """How the lesions of two images fit.

    Attributes:
        dice: Per real lesion its Dice coefficient with the synthetic lesions that touch it, together.
        overlap: Per real lesion its intersection over union with them.
        invented: Synthetic lesions that touch no real one, of whatever size.
    """

    dice: tuple[float, ...]
    overlap: tuple[float, ...]
    invented: int


def match_lesions(synthetic_lesion: SpatialMask, lesion: SpatialMask, spacing_mm: tuple[float, ...]) -> LesionMatch:
    """Return how the lesions of the real and the synthetic image fit.

    Raises:
        NotMeasured: The voxel size is unknown, or sizes differ.
    """
    if synthetic_lesion.shape != lesion.shape:
        raise NotMeasured(f"its lesions have size {synthetic_lesion.shape} but the real image's have {lesion.shape}")
    least = ball_voxels(LEAST_MM, checked_spacing(spacing_mm, lesion.ndim))
    real, real_sizes = parts(lesion)
    made, made_sizes = parts(synthetic_lesion)
    common = _common(real, made, (len(real_sizes), len(made_sizes)))
    dice, overlap = [], []
    for number in np.flatnonzero(real_sizes >= least):
        touching = common[number] > 0
        both, size = common[number].sum(), real_sizes[number] + made_sizes[touching].sum()
        dice.append(float(2 * both / size))
        overlap.append(float(both / (size - both)))
    invented = int(((common.sum(0) == 0) & (made_sizes >= least)).sum())
    return LesionMatch(tuple(dice), tuple(overlap), invented)


def lesions_one_by_one(lesion: SpatialMask, spacing_mm: Sequence[float]) -> list[SpatialMask]:
    """Return each lesion of at least the least size as a mask of its own."""
    labels, sizes = parts(lesion)
    least = ball_voxels(LEAST_MM, spacing_mm)
    return [labels == number + 1 for number in np.flatnonzero(sizes >= least)]


def _common(real: np.ndarray, made: np.ndarray, counts: tuple[int, int]) -> np.ndarray:
    """Voxels that each real lesion shares with each synthetic one."""
    both = (real > 0) & (made > 0)
    pairs = (real[both].astype(np.int64) - 1) * counts[1] + made[both] - 1
    return np.bincount(pairs, minlength=counts[0] * counts[1]).reshape(counts)
