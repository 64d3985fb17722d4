"""The brain: two folded hemispheres with ventricles and deep nuclei, a cerebellum and a stem, in the MNI 152 frame.

Shapes are signed depths in millimetres. The cortex is a ribbon of even thickness along the pial surface, and the pial
surface dips into sulci: sheets that stand on the hull, drawn as zero-crossings of band-pass random fields.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthassay.data.phantoms.anatomy import Grid, Traits
from synthassay.data.phantoms.fields import (
    BandField,
    Point,
    cover,
    distance_to_zero,
    ellipsoid,
    slab,
    smooth_field,
    soft_union,
    tube,
)
from synthassay.randomness import stream

_CENTRE: Point = (0.0, -17.0, 16.0)
_LATERAL: tuple[tuple[Point, ...], tuple[float, ...]] = (
    ((8.0, 33.0, 1.0), (7.5, 20.0, 14.0), (9.0, -5.0, 23.0), (13.0, -26.0, 22.0), (24.0, -42.0, 13.0)),
    (2.6, 6.0, 4.8, 5.0, 6.0),
)
_OCCIPITAL: tuple[tuple[Point, ...], tuple[float, ...]] = (((24.0, -42.0, 13.0), (25.0, -66.0, 6.0)), (5.0, 1.5))
_TEMPORAL: tuple[tuple[Point, ...], tuple[float, ...]] = (
    ((24.0, -42.0, 13.0), (33.0, -30.0, -9.0), (33.0, -10.0, -20.0)),
    (4.8, 2.4, 2.0),
)


@dataclass(frozen=True)
class Place:
    """Where each voxel lies in the MNI 152 frame, left and right being mirror images up to the patient's asymmetry.

    Attributes:
        at: x, y, z in millimetres of the frame.
        side: Distance from the midsagittal plane, |x|.
        grid: The voxels.
        scale: Millimetres of the patient per millimetre of the frame.
    """

    at: tuple[np.ndarray, np.ndarray, np.ndarray]
    side: np.ndarray
    grid: Grid
    scale: float

    @property
    def folded(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Coordinates with both hemispheres on the right."""
        return self.side, self.at[1], self.at[2]

    @property
    def step_mm(self) -> tuple[float, float, float]:
        """Voxel size in millimetres of the frame."""
        x, y, z = (step / self.scale for step in self.grid.spacing_mm)
        return x, y, z

    @property
    def voxel_mm(self) -> float:
        """Side of a voxel in millimetres of the frame."""
        return self.grid.voxel_mm / self.scale


def place(traits: Traits, grid: Grid) -> Place:
    """Map each voxel into the MNI frame: scaled, then bent by a smooth field of some 2.5 mm, so that sides differ."""
    axes = grid.axes()
    rng = stream(traits.seed, "shape")
    x, y, z = (
        axis / scale + 2.5 * smooth_field(rng, axes, 42.0, 140.0)
        for axis, scale in zip(axes, traits.scale, strict=True)
    )
    return Place((x, y, z), np.abs(x), grid, float(np.mean(traits.scale)))


@dataclass(frozen=True)
class BrainParts:
    """Shares of each voxel, before they compete for it.

    Attributes:
        hull: Depth in mm inside a smooth wrap of the whole brain.
        cerebrum, cerebellum, stem: Shares of the three parts, sulci included.
        sulci: Share of fissures and sulci.
        ribbon: Share of cortex, with the sulci inside it.
        ventricles, nuclei, foliage: Shares; foliage is the cerebellar cortex.
        to_ventricle: Depth in mm inside the lateral ventricles, negative outside.
    """

    hull: np.ndarray
    cerebrum: np.ndarray
    cerebellum: np.ndarray
    stem: np.ndarray
    sulci: np.ndarray
    ribbon: np.ndarray
    ventricles: np.ndarray
    nuclei: np.ndarray
    foliage: np.ndarray
    to_ventricle: np.ndarray


def build_brain(traits: Traits, where: Place) -> BrainParts:
    """Return the parts of one patient's brain on the grid of ``where``."""
    h = where.voxel_mm
    cerebrum = _cerebrum(where)
    cerebellum = _cerebellum(where)
    stem = tube(
        where.at, ((0, -22, -8), (0, -24, -22), (0, -30, -40), (0, -38, -58), (0, -44, -90)), (13, 14, 13, 9, 7)
    )
    lateral = _lateral_ventricles(traits, where)
    midline = _midline_ventricles(traits, where)
    sulci, ribbon = _folds(traits, where, cerebrum)
    hull = soft_union(soft_union(cerebrum, cerebellum, 9.0), stem, 4.0)
    return BrainParts(
        hull=hull,
        cerebrum=cover(cerebrum, h),
        cerebellum=cover(cerebellum, h),
        stem=cover(stem, h),
        sulci=sulci,
        ribbon=ribbon,
        ventricles=np.maximum(cover(lateral, h), midline),
        nuclei=_nuclei(where),
        foliage=_foliage(traits, where, cerebellum),
        to_ventricle=lateral,
    )


def _cerebrum(where: Place) -> np.ndarray:
    """Depth inside the cerebral hull: a vault that ends above the skull base, and two temporal lobes."""
    side, y, z = where.folded
    vault = ellipsoid(where.at, _CENTRE, (68, 88, 63), power=2.25)
    # orbital gyri reach lower than the hypothalamus; behind, the tentorium slopes down and outwards
    floor = z + 23 - 11 * np.exp(-np.square((y + 14) / 17)) - 9 * np.clip((-y - 20) / 20, 0, 1) + 0.12 * side
    floor = floor - 0.004 * np.square(np.clip(y - 30, 0, None))
    temporal = ellipsoid(where.folded, (44, -14, -17), (23, 45, 25), power=2.2, yaw=0.12)
    return soft_union(np.minimum(vault, floor), temporal, 4.0)


def _cerebellum(where: Place) -> np.ndarray:
    hemisphere = ellipsoid(where.folded, (23, -63, -37), (28, 28, 20), power=2.2)
    return soft_union(hemisphere, ellipsoid(where.at, (0, -60, -33), (12, 24, 20)), 5.0)


def _lateral_ventricles(traits: Traits, where: Place) -> np.ndarray:
    widen = 1.0 * traits.ventricles
    depth: np.ndarray | None = None
    for points, radii in (_LATERAL, _OCCIPITAL, _TEMPORAL):
        horn = tube(where.folded, points, [widen * r for r in radii])
        depth = horn if depth is None else np.maximum(depth, horn)
    assert depth is not None
    septum = where.side - 0.8  # the septum pellucidum keeps left and right apart
    return np.minimum(depth, septum)


def _midline_ventricles(traits: Traits, where: Place) -> np.ndarray:
    h = where.voxel_mm
    x, y, z = where.at
    third = np.minimum(ellipsoid((0 * x, y, z), (0, -13, 3), (1e3, 16, 13)), 1e3)
    slit = cover(third, h) * slab(where.side, 1.6 * traits.ventricles, h)
    fourth = cover(ellipsoid(where.at, (0, -45, -33), (7 * traits.ventricles**0.5, 5, 12)), h)
    return np.maximum(slit, fourth)


def _nuclei(where: Place) -> np.ndarray:
    """Share of caudate, putamen, pallidum and thalamus."""
    parts = (
        ellipsoid(where.folded, (14, 15, 6), (5.5, 11, 9), yaw=-0.2),
        tube(where.folded, ((14, 8, 16), (17, -8, 22), (20, -24, 21)), (3.5, 2.5, 1.6)),
        ellipsoid(where.folded, (27, 3, 2), (5.2, 15, 10), yaw=0.16),
        ellipsoid(where.folded, (20, -3, -1), (4, 9, 6.5), yaw=0.3),
        ellipsoid(where.folded, (11.5, -19, 8), (8.5, 13.5, 9), yaw=0.45),
    )
    depth = parts[0]
    for part in parts[1:]:
        depth = np.maximum(depth, part)
    return cover(depth, where.voxel_mm)


def _folds(traits: Traits, where: Place, cerebrum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of sulci and of cortex with the sulci inside it."""
    h, thick = where.voxel_mm, traits.cortex_mm / where.scale
    core = _core(where)
    depth = np.minimum(cerebrum, where.side)
    guard = np.clip((-core - 1.0) / 4.0, 0, 1)  # sulci end before the deep structures
    sheets = [*_sulcal_sheets(traits, where, depth), *_lateral_fissure(traits, where), _interhemispheric(traits, where)]
    sulci = ribbon = np.zeros(where.grid.shape, np.float32)
    for distance, half_width, reach in sheets:
        open_here = guard * np.clip(reach, 0, 1)
        sulci = np.maximum(sulci, slab(distance, half_width * open_here, h))
        wall = thick * np.clip(guard * 2, 0, 1) * np.clip(1 + reach, 0, 1)
        ribbon = np.maximum(ribbon, slab(distance, half_width * open_here + wall, h))
    return sulci, np.maximum(ribbon, cover(thick - cerebrum, h))


def _core(where: Place) -> np.ndarray:
    """Depth inside the deep structures and the corpus callosum, where nothing folds."""
    return soft_union(
        ellipsoid(where.folded, (14, -8, 8), (24, 42, 23), power=2.3),
        ellipsoid(where.at, (0, -4, 6), (16, 40, 24)),
        4.0,
    )


def _sulcal_sheets(traits: Traits, where: Place, depth: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Zero-crossings of fields that hardly change towards the centre: sheets that stand on the surface."""
    offsets = [axis - c for axis, c in zip(where.at, _CENTRE, strict=True)]
    radius = np.sqrt(sum(np.square(o / r) for o, r in zip(offsets, (1.0, 1.28, 0.95), strict=True)))
    shrink = 62.0 / np.maximum(radius, 8.0)
    shrink = 0.55 * shrink + 0.45  # a little change with depth makes the walls curve
    on_hull = [o * shrink for o in offsets]
    side = np.where(where.at[0] < 0, 300.0, 0.0)  # each hemisphere folds in its own way
    sheets = []
    for name, wavelength, reach_mm, width in (("primary", 27.0, 21.0, 0.75), ("secondary", 14.0, 13.0, 0.45)):
        field = BandField(stream(traits.seed, "folds", name), wavelength, bandwidth=0.22)
        values = field(on_hull[0] + side, on_hull[1], on_hull[2], within=depth > -6)
        half_width = width * (0.55 + 1.5 * traits.atrophy) * (1.25 - np.clip(depth / reach_mm, 0, 1))
        sheets.append((distance_to_zero(values, where.step_mm), half_width, (reach_mm - depth) / 3.0))
    return sheets


def _lateral_fissure(traits: Traits, where: Place) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The Sylvian fissure, rising backwards from the temporal pole, and the cleft over the insula at its bottom."""
    side, y, z = where.folded
    wave = smooth_field(stream(traits.seed, "fissure"), where.grid.axes(), 16.0, 140.0)
    rise = -8.0 - 0.42 * (y - 18) + 0.4 * (side - 48) + 2.5 * wave
    off = (z - rise) / np.hypot(1, 0.58)
    extent = np.minimum(22 - y, y + 46)
    width = 0.7 + 1.3 * traits.atrophy
    opening = np.minimum(side - 38.0, extent) / 3.0
    insula = np.minimum(12 - np.abs(off), extent - 4) / 4.0
    bowed = np.abs(side - 40.5 + 0.006 * np.square(y + 8) + 1.2 * wave)
    return [
        (np.abs(off), width * np.clip((side - 30) / 24, 0.5, 1.2), opening),
        (bowed, np.full_like(side, 0.8 * width), insula),
    ]


def _interhemispheric(traits: Traits, where: Place) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return where.side, np.full_like(where.side, 0.6 + 0.9 * traits.atrophy), np.ones_like(where.side)


def _foliage(traits: Traits, where: Place, cerebellum: np.ndarray) -> np.ndarray:
    """Share of cerebellar cortex: everything but the white core and its branches."""
    x, y, z = where.at
    field = BandField(stream(traits.seed, "folia"), 11.0, bandwidth=0.3)
    branches = 4.0 * field(0.5 * x, 0.8 * y, 1.3 * z, within=cerebellum > -4)
    return cover(10.5 - cerebellum + branches, where.voxel_mm)
