"""Lesions with known extent: plaques of multiple sclerosis beside the ventricles, or one tumour with its oedema."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthassay.data.phantoms.anatomy import Traits
from synthassay.data.phantoms.brain import BrainParts, Place
from synthassay.data.phantoms.fields import BandField, cover
from synthassay.randomness import stream


@dataclass(frozen=True)
class Lesions:
    """Shares of each voxel before anatomy bounds them; ``core`` is the lesion that a reader would outline."""

    plaques: np.ndarray
    tumour: np.ndarray
    necrosis: np.ndarray
    oedema: np.ndarray
    core: np.ndarray


def draw_lesions(traits: Traits, where: Place, brain: BrainParts) -> Lesions:
    """Return the patient's lesions, all of them inside the brain."""
    rng = stream(traits.seed, "lesions")
    rough = BandField(stream(traits.seed, "lesion edge"), 9.0, bandwidth=0.5)(*where.at, within=brain.cerebrum > 0)
    return _tumour(rng, where, brain, rough) if traits.disease == "tumour" else _plaques(rng, where, brain, rough)


def _plaques(rng: np.random.Generator, where: Place, brain: BrainParts, rough: np.ndarray) -> Lesions:
    """Two of three plaques lie beside the ventricles and point away (Dawson's fingers), the others lie anywhere."""
    white = (brain.cerebrum > 0.99) & (brain.ribbon < 0.01) & (brain.nuclei < 0.01) & (brain.ventricles < 0.01)
    away = -brain.to_ventricle
    beside = white & (away > 1) & (away < 9) & (where.at[2] > 6)
    scattered = white & (away > 9)
    depth = np.full(where.grid.shape, -1e3, np.float32)
    for _ in range(int(rng.integers(7, 19))):
        pool = np.argwhere(beside if rng.random() < 0.65 and beside.any() else scattered)
        if not len(pool):
            continue
        centre = tuple(int(i) for i in pool[rng.integers(len(pool))])
        length, width = (float(np.exp(rng.normal(1.45, 0.3))), float(np.exp(rng.normal(1.0, 0.25))))
        depth = np.maximum(depth, _finger(where, brain, centre, length, width))
    share = cover(depth + 0.7 * rough, where.voxel_mm)
    nothing = np.zeros_like(share)
    core = share * (1 - brain.ribbon) * brain.cerebrum * (1 - brain.nuclei) * (1 - brain.ventricles)
    return Lesions(plaques=share, tumour=nothing, necrosis=nothing, oedema=nothing, core=core)


def _finger(where: Place, brain: BrainParts, centre: tuple[int, ...], length: float, width: float) -> np.ndarray:
    """Depth inside an ellipsoid that is longer along the way to the ventricle."""
    around = tuple(slice(max(i - 1, 0), i + 2) for i in centre)
    slope = [float(g.mean()) for g in np.gradient(brain.to_ventricle[around], *where.step_mm)]
    axis = np.array(slope) / max(float(np.linalg.norm(slope)), 1e-6)
    offset = [coordinate - coordinate[centre] for coordinate in where.at]
    along = sum(o * a for o, a in zip(offset, axis, strict=True))
    across = np.sqrt(np.maximum(sum(np.square(o) for o in offset) - np.square(along), 0))
    norm = np.sqrt(np.square(along / length) + np.square(across / width))
    return (1 - norm) * width


def _tumour(rng: np.random.Generator, where: Place, brain: BrainParts, rough: np.ndarray) -> Lesions:
    """One enhancing rim around a necrotic core, in the white matter of one hemisphere, with fingers of oedema."""
    side, y, z = where.folded
    room = (brain.cerebrum > 0.99) & (side > 20) & (brain.ribbon < 0.1) & (brain.ventricles < 0.01) & (z > -5)
    pool = np.argwhere(room & (np.abs(y + 15) < 55))
    centre = tuple(pool[rng.integers(len(pool))])
    squeeze = rng.uniform(0.8, 1.25, 3)
    away = np.sqrt(sum(np.square((c - c[centre]) * s) for c, s in zip(where.at, squeeze, strict=True)))
    radius = float(rng.uniform(9, 17))
    depth = radius - away + 1.8 * rough
    share = cover(depth, where.voxel_mm)
    rim = float(rng.uniform(3, 5.5))
    necrosis = cover(depth - rim + 0.8 * rough, where.voxel_mm)
    swell = cover(depth + float(rng.uniform(7, 15)) + 3 * rough, 2.5 * where.voxel_mm)
    inside = np.maximum(np.maximum(brain.cerebrum, brain.cerebellum), brain.stem)
    core = share * inside * (1 - brain.ventricles)
    return Lesions(plaques=np.zeros_like(share), tumour=share, necrosis=0.9 * necrosis, oedema=0.85 * swell, core=core)
