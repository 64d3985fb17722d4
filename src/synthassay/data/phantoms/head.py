"""A whole head: the brain in its fluid, skull, scalp and face, with lesions, as shares of each voxel."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.data.phantoms.anatomy import Anatomy, Grid, Structure, Tissue, Traits
from synthassay.data.phantoms.brain import BrainParts, Place, build_brain, place
from synthassay.data.phantoms.fields import BandField, cover, ellipsoid, smooth_field, soft_union, tube
from synthassay.data.phantoms.lesions import Lesions, draw_lesions
from synthassay.randomness import stream


def build_head(traits: Traits, grid: Grid | None = None) -> Anatomy:
    """Return one patient's anatomy on a grid; the same patient on a finer grid shows the same anatomy.

    Args:
        traits: The patient, from ``draw_traits``.
        grid: Voxels; 80x96x80 of 2 mm where none is given.
    """
    grid = grid or Grid()
    where = place(traits, grid)
    brain = build_brain(traits, where)
    canvas = _Canvas(grid)
    lesions = draw_lesions(traits, where, brain)
    _paint_brain(canvas, brain, lesions)
    _paint_head(canvas, traits, where, brain)
    fractions = canvas.finished()
    return Anatomy(
        grid=grid,
        traits=traits,
        fractions=fractions,
        structures=_structures(fractions, brain, lesions),
        brain=_extracted(fractions, brain) | (lesions.core >= 0.5),
        lesion=lesions.core >= 0.5,
    )


class _Canvas:
    """Fills voxels from the inside outwards: each tissue takes its share of what is left."""

    def __init__(self, grid: Grid) -> None:
        self._fractions = np.zeros((len(Tissue), *grid.shape), np.float32)
        self._left = np.ones(grid.shape, np.float32)

    def paint(self, tissue: Tissue, share: np.ndarray) -> None:
        taken = self._left * share
        self._fractions[tissue] += taken
        self._left -= taken

    def finished(self) -> np.ndarray:
        self._fractions[Tissue.AIR] += self._left
        return self._fractions


def _paint_brain(canvas: _Canvas, brain: BrainParts, lesions: Lesions) -> None:
    tissue = np.maximum(np.maximum(brain.cerebrum, brain.cerebellum), brain.stem)
    canvas.paint(Tissue.CSF, brain.ventricles * tissue)
    canvas.paint(Tissue.CSF, brain.sulci * brain.cerebrum * (1 - brain.stem))
    canvas.paint(Tissue.CSF, lesions.necrosis * tissue)
    canvas.paint(Tissue.TUMOUR, lesions.tumour * tissue)
    white = (1 - brain.ribbon) * brain.cerebrum
    canvas.paint(Tissue.PLAQUE, lesions.plaques * white * (1 - brain.nuclei))
    canvas.paint(Tissue.OEDEMA, lesions.oedema * white)
    canvas.paint(Tissue.DEEP_GREY, brain.nuclei * brain.cerebrum)
    canvas.paint(Tissue.WHITE, brain.stem * (1 - brain.cerebrum))
    canvas.paint(Tissue.GREY, brain.cerebrum * brain.ribbon)
    canvas.paint(Tissue.WHITE, brain.cerebrum)
    canvas.paint(Tissue.GREY, brain.cerebellum * brain.foliage)
    canvas.paint(Tissue.WHITE, brain.cerebellum)


def _paint_head(canvas: _Canvas, traits: Traits, where: Place, brain: BrainParts) -> None:
    h, x, y, z = where.voxel_mm, *where.at
    rng = stream(traits.seed, "skull")
    uneven = smooth_field(rng, where.grid.axes(), 30.0, 140.0)
    gap = 1.6 + 2.2 * traits.atrophy + 0.5 * uneven
    dura = brain.hull + gap
    upper = cover((z + 46 - 0.18 * y) / 2, h)  # below, the skull gives way to the base and the neck
    thick = (traits.skull_mm + 0.9 * smooth_field(rng, where.grid.axes(), 26.0, 140.0)) / where.scale
    inside_skull = cover(dura, h)
    skull = cover(dura + thick, h)
    canal = cover(ellipsoid((x, y, 0 * z), (0, -42, 0), (12, 12, 1e3)), h) * (1 - upper)
    canvas.paint(Tissue.CSF, inside_skull * np.maximum(upper, canal))
    _paint_face(canvas, traits, where, dura + thick)
    diploe = cover(thick * 0.26 - np.abs(dura + thick / 2), h) * cover((z + 8) / 4, h)
    canvas.paint(Tissue.MARROW, diploe * upper)
    base = cover(-np.abs(z + 50 - 0.18 * y) + 3.0, h)
    canvas.paint(Tissue.BONE, skull * upper * np.where(z < -30, 0.85, 1) + 0 * base)
    _paint_spine(canvas, where)
    scalp = _head_surface(traits, where, dura + thick)
    skin = cover(scalp, h) - cover(scalp - 1.8, h)
    canvas.paint(Tissue.MUSCLE, skin)
    muscle = _muscle(traits, where)
    canvas.paint(Tissue.MUSCLE, cover(scalp, h) * muscle)
    canvas.paint(Tissue.FAT, cover(scalp, h))


def _head_surface(traits: Traits, where: Place, skull: np.ndarray) -> np.ndarray:
    """Depth inside the skin: the vault with its scalp, joined to face and neck."""
    vault = skull + traits.scalp_mm / where.scale
    face = ellipsoid(where.at, (0, 26, -52), (62, 62, 62), power=2.3)
    neck = ellipsoid(where.at, (0, -34, -90), (62, 68, 60), power=2.2)
    nose = ellipsoid(where.at, (0, 88, -58), (13, 16, 22))
    return soft_union(soft_union(soft_union(vault, face, 7.0), neck, 9.0), nose, 5.0)


def _muscle(traits: Traits, where: Place) -> np.ndarray:
    """Share of muscle in soft tissue: temporalis, neck and face, streaked with fat."""
    z = where.at[2]
    temporalis = ellipsoid(where.folded, (72, 16, -12), (9, 34, 36))
    streaks = BandField(stream(traits.seed, "muscle"), 20.0, bandwidth=0.5)(*where.at, within=z < -15)
    deep = cover(-34 - z + 5 * streaks, 6.0) * (0.86 + 0.14 * np.tanh(4 * streaks + 2.4))
    return np.maximum(deep, cover(temporalis, where.voxel_mm))


def _paint_face(canvas: _Canvas, traits: Traits, where: Place, skull: np.ndarray) -> None:
    """Eyes with their fat, air cells with thin walls, petrous bone."""
    h = where.voxel_mm
    cells = BandField(stream(traits.seed, "air cells"), 12.0)(*where.at, within=where.at[2] < 0)
    outside = cover(-skull + 1.0, h)
    below = cover(-(skull - 7.0), h)
    eye = ellipsoid(where.folded, (33, 62, -33), (12.5, 12.5, 12.5))
    orbit = tube(where.folded, ((33, 60, -33), (18, 24, -31)), (18, 5))
    sinuses = np.maximum(
        np.maximum(
            ellipsoid(where.at, (0, 46, -42), (12, 27, 17)) - 1.5 * np.abs(cells),
            ellipsoid(where.at, (0, 20, -42), (12, 10, 9)),
        ),
        np.maximum(
            ellipsoid(where.folded, (30, 52, -66), (14, 15, 15)), ellipsoid(where.folded, (11, 76, -8), (12, 4, 11))
        ),
    )
    mastoid = ellipsoid(where.folded, (53, -40, -46), (10, 14, 16))
    petrous = np.maximum(mastoid, tube(where.folded, ((50, -36, -42), (20, -22, -40)), (11, 6)))
    canvas.paint(Tissue.CSF, cover(eye, h) * outside)
    canvas.paint(Tissue.MUSCLE, (cover(eye + 1.5, h)) * outside)
    air = np.maximum(cover(sinuses, h) * outside, cover(mastoid - 3, h) * cover(2.5 * cells, h) * 0.8)
    air = np.maximum(air, cover(ellipsoid(where.at, (0, 18, -80), (11, 9, 40)), h))
    canvas.paint(Tissue.AIR, air)
    canvas.paint(Tissue.BONE, np.maximum(cover(sinuses + 2.0, h) * outside * 0.7, cover(petrous, h) * below))
    muscles = cover(2.2 - np.abs(tube(where.folded, ((33, 54, -33), (18, 24, -31)), (7, 3))), h)
    canvas.paint(Tissue.MUSCLE, muscles * cover(orbit, h) * 0.6 * outside)
    canvas.paint(Tissue.FAT, cover(orbit, h) * outside)
    wall = cover(orbit + 2.5, h)
    canvas.paint(Tissue.BONE, wall * outside * 0.8)


def _paint_spine(canvas: _Canvas, where: Place) -> None:
    """Clivus, first vertebrae and the bony ring around the canal."""
    h, (x, y, z) = where.voxel_mm, where.at
    clivus = tube(where.at, ((0, 6, -34), (0, -14, -52), (0, -22, -66)), (7, 8, 7))
    ring = np.abs(ellipsoid((x, y, 0 * z), (0, -42, 0), (17, 17, 1e3))) - 4
    arch = np.minimum(-ring, -64 - z)
    mandible = np.minimum(2.8 - np.abs(ellipsoid(where.at, (0, 18, -90), (48, 50, 40))), 46 - y)
    canvas.paint(Tissue.BONE, np.maximum(np.maximum(cover(clivus, h), cover(arch, h) * 0.8), cover(mandible, h) * 0.9))


def _structures(fractions: np.ndarray, brain: BrainParts, lesions: Lesions) -> np.ndarray:
    largest = fractions.argmax(0)
    names = {
        Tissue.AIR: Structure.BACKGROUND, Tissue.MUSCLE: Structure.SOFT_TISSUE, Tissue.FAT: Structure.SOFT_TISSUE,
        Tissue.BONE: Structure.SKULL, Tissue.MARROW: Structure.SKULL, Tissue.CSF: Structure.CSF,
        Tissue.GREY: Structure.CORTEX, Tissue.WHITE: Structure.WHITE_MATTER, Tissue.DEEP_GREY: Structure.DEEP_GREY,
        Tissue.PLAQUE: Structure.LESION, Tissue.TUMOUR: Structure.LESION, Tissue.OEDEMA: Structure.WHITE_MATTER,
    }  # fmt: skip
    table = np.array([names[tissue] for tissue in Tissue], np.uint8)
    labels = table[largest]
    labels[(brain.ventricles >= 0.5) & (labels == Structure.CSF)] = Structure.VENTRICLES
    neural = np.isin(labels, (Structure.CORTEX, Structure.WHITE_MATTER))
    labels[neural & (brain.cerebrum < 0.5) & (brain.cerebellum >= brain.stem)] = Structure.CEREBELLUM
    labels[neural & (brain.cerebrum < 0.5) & (brain.cerebellum < brain.stem)] = Structure.BRAINSTEM
    labels[lesions.core >= 0.5] = Structure.LESION
    return labels


def _extracted(fractions: np.ndarray, brain: BrainParts) -> np.ndarray:
    """The brain mask: neural tissue with the fluid between, closed, without the canal below the medulla."""
    fluid = fractions[Tissue.CSF] >= 0.5
    neural = fractions[Tissue.GREY :].sum(0) >= 0.5
    wrapped = (brain.hull > 0) & (neural | fluid)
    return ndimage.binary_fill_holes(ndimage.binary_opening(wrapped))
