"""The gamma index of two dose grids: how far, in dose and in millimetres at once, is the nearest point that agrees?"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.shapes import Spatial, SpatialMask

CUTOFF_PERCENT = 10.0
MAX_GAMMA = 2.0
STEPS_PER_DTA = 20

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Criterion:
    """What counts as agreement.

    Attributes:
        percent: Dose difference, in % of the normalisation dose or, where ``local``, of the reference dose there.
        mm: Distance to agreement.
        local: Whether the dose difference is relative to each reference dose.
        cutoff_percent: Points below this share of the normalisation dose are not judged.
    """

    percent: float
    mm: float
    local: bool = False
    cutoff_percent: float = CUTOFF_PERCENT

    def __post_init__(self) -> None:
        if not (self.percent > 0 and self.mm > 0 and self.cutoff_percent > 0):
            raise ValueError(f"criterion and cut-off must be positive, got {self}")

    @property
    def stratum(self) -> str:
        """How tables name it, for example ``criterion=global 2%/2mm``."""
        return f"criterion={'local' if self.local else 'global'} {self.percent:g}%/{self.mm:g}mm"


def gamma_index(
    synthetic_dose: Spatial,
    reference_dose: Spatial,
    spacing_mm: tuple[float, ...],
    criterion: Criterion,
    *,
    normalisation: float | None = None,
    max_gamma: float = MAX_GAMMA,
    steps: int = STEPS_PER_DTA,
) -> Floats:
    """Return the gamma index at every reference point above the cut-off.

    The synthetic dose is interpolated linearly within the cells of its grid. In each cell the minimum is exact along
    the axis on which the dose is steepest; along the others it is searched on a lattice of at least ``steps`` points
    per distance to agreement, nearest first. A cell is passed by where neither its distance nor its doses can lower
    the minimum.

    Args:
        synthetic_dose: Dose on the synthetic image, ``*space`` with two or three axes, in Gy.
        reference_dose: Dose on the real image, same grid and unit.
        spacing_mm: Spacing per axis in mm.
        criterion: What counts as agreement.
        normalisation: Dose that percentages refer to, in Gy; the highest finite reference dose where None.
        max_gamma: Larger values are cut to it; above 1.
        steps: Lattice points per distance to agreement.

    Returns:
        Gamma, 0 to ``max_gamma``; NaN exactly where the reference dose is below the cut-off or not finite. The lattice
        can only raise a value: where doses are smooth by under 0.02, where they are noisy by under 0.05.

    Raises:
        NotMeasured: Grids differ in size, the spacing is unknown, or the reference holds no dose.

    Source:
        Low et al., Med Phys 25:656 (1998), doi:10.1118/1.598248, eq. 4-8; search by distance: Wendling et al., Med Phys
        34:1647 (2007), doi:10.1118/1.2721657.

    Example:
        >>> reference = np.full((5, 5), 50.0)
        >>> float(gamma_index(reference + 1.0, reference, (2.0, 2.0), Criterion(2, 2))[2, 2])
        1.0
    """
    top = check_doses(synthetic_dose, reference_dose, spacing_mm)
    if normalisation is not None:
        top = normalisation
    if not (max_gamma > 1 and steps >= 1 and top > 0):
        raise ValueError(f"max_gamma must exceed 1, steps and normalisation 0: {max_gamma}, {steps}, {top}")
    judged = above_cutoff(reference_dose, criterion, top)
    grid, wanted, spacing = _three_axes(synthetic_dose, judged, spacing_mm)
    doses = np.asarray(reference_dose, np.float64)[judged]
    tolerance = criterion.percent / 100 * (doses if criterion.local else np.full(len(doses), top))
    points = np.maximum(1, np.ceil(spacing * steps / criterion.mm)).astype(np.int64)
    points[np.array(wanted.shape) == 1] = 0
    found = np.full(judged.shape, np.nan)
    found[judged] = _search(
        grid, np.argwhere(wanted), doses, tolerance, spacing / criterion.mm, points, float(max_gamma)
    )
    return found


def pass_rate(gamma: Floats) -> float:
    """Return the share of judged points, in %, whose gamma is at most 1.

    Judged are the points above the cut-off: ``gamma_index`` gives each of them a number, so that a point that finds no
    agreement anywhere fails and is not left out.

    Raises:
        NotMeasured: No point is judged.

    Example:
        >>> pass_rate(np.array([0.2, 1.0, 2.0, np.nan]))
        66.66666666666667
    """
    judged = ~np.isnan(gamma)
    if not judged.any():
        raise NotMeasured("no point of the reference dose lies above the cut-off")
    return float(100.0 * (gamma[judged] <= 1.0).sum() / judged.sum())


def above_cutoff(reference_dose: Spatial, criterion: Criterion, normalisation: float) -> SpatialMask:
    """Return where gamma is judged: the reference dose is finite and at least the cut-off."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(reference_dose) & (reference_dose >= criterion.cutoff_percent / 100 * normalisation)


def check_doses(synthetic_dose: Spatial, reference_dose: Spatial, spacing_mm: tuple[float, ...]) -> float:
    """Return the highest finite reference dose.

    Raises:
        NotMeasured: Grids differ in size, the spacing is unknown, or the reference holds no dose.
    """
    if synthetic_dose.shape != reference_dose.shape:
        raise NotMeasured(f"its dose has size {synthetic_dose.shape} but the reference dose has {reference_dose.shape}")
    if len(spacing_mm) != reference_dose.ndim or not all(s > 0 for s in spacing_mm):
        raise NotMeasured(f"the voxel size of its dose is not known: {spacing_mm} for size {reference_dose.shape}")
    if reference_dose.ndim not in (2, 3):
        raise NotMeasured(f"a dose grid has two or three axes, not {reference_dose.ndim}")
    finite = reference_dose[np.isfinite(reference_dose)]
    top = float(finite.max()) if finite.size else 0.0
    if not top > 0:
        raise NotMeasured("the reference dose is nowhere above 0 Gy")
    return top


def _three_axes(
    dose: Spatial, judged: SpatialMask, spacing_mm: tuple[float, ...]
) -> tuple[Floats, SpatialMask, Floats]:
    """Return dose, mask and spacing with three axes; an axis of length one is doubled in the dose, to make cells."""
    grid, wanted, spacing = np.asarray(dose, np.float64), judged, np.array(spacing_mm, np.float64)
    if wanted.ndim == 2:
        grid, wanted, spacing = grid[None], wanted[None], np.r_[1.0, spacing]
    for axis, size in enumerate(wanted.shape):
        grid = np.repeat(grid, 2, axis) if size == 1 else grid
    return np.ascontiguousarray(grid), wanted, spacing


@numba.njit(cache=True, nogil=True)
def _search(dose, at, reference, tolerance, scaled, points, max_gamma):  # type: ignore[no-untyped-def]
    """Gamma of each reference point ``at``: the root of the least squared distance over the cells in reach."""
    cells, nearest = _cells_in_reach(scaled, points, max_gamma)
    low, high, steepest = _cells_of(dose, scaled)
    values, rows, columns = dose.ravel(), dose.shape[1] * dose.shape[2], dose.shape[2]
    turns = np.array([[1, 2, 0], [0, 2, 1], [0, 1, 2]])
    strides = np.array([rows, columns, 1])
    found = np.empty(len(at))
    for p in range(len(at)):
        i, j, k = at[p]
        here = (dose[i, j, k] - reference[p]) / tolerance[p]
        best = np.fmin(max_gamma * max_gamma, here * here)
        for c in range(len(cells)):
            if nearest[c] >= best:
                break
            a, b, d = i + cells[c, 0], j + cells[c, 1], k + cells[c, 2]
            if a < 0 or b < 0 or d < 0 or a >= low.shape[0] or b >= low.shape[1] or d >= low.shape[2]:
                continue
            gap = max(low[a, b, d] - reference[p], reference[p] - high[a, b, d], 0.0) / tolerance[p]
            if nearest[c] + gap * gap < best:  # false for NaN: a cell with an unknown corner is passed by
                start, turn = a * rows + b * columns + d, turns[steepest[a, b, d]]
                best = _in_cell(
                    values, start, strides, turn, cells[c], scaled, points, reference[p], tolerance[p], best
                )
        found[p] = np.sqrt(best)
    return found


@numba.njit(cache=True, nogil=True)
def _cells_in_reach(scaled, points, max_gamma):  # type: ignore[no-untyped-def]
    """Cells by the offset of their lower corner, nearest first, and each one's least squared distance."""
    reach = np.empty(3, np.int64)
    for axis in range(3):
        reach[axis] = int(np.ceil(max_gamma / scaled[axis])) if points[axis] else 0
    sides = np.maximum(2 * reach, 1)
    offsets = np.empty((sides[0] * sides[1] * sides[2], 3), np.int64)
    squared = np.zeros(len(offsets))
    for c in range(len(offsets)):
        rest = c
        for axis in range(2, -1, -1):
            offset = rest % sides[axis] - reach[axis]
            rest //= sides[axis]
            offsets[c, axis] = offset
            gap = max(offset, -offset - 1, 0) * scaled[axis]
            squared[c] += gap * gap
    order = np.argsort(squared, kind="mergesort")
    return offsets[order], squared[order]


@numba.njit(cache=True, nogil=True)
def _cells_of(dose, scaled):  # type: ignore[no-untyped-def]
    """Lowest and highest corner of each cell (NaN where one is), and the axis along which the dose changes most."""
    shape = (dose.shape[0] - 1, dose.shape[1] - 1, dose.shape[2] - 1)
    low, high, steepest = np.empty(shape), np.empty(shape), np.empty(shape, np.int8)
    for i in range(shape[0]):
        for j in range(shape[1]):
            for k in range(shape[2]):
                corners = dose[i : i + 2, j : j + 2, k : k + 2]
                low[i, j, k], high[i, j, k] = corners.min(), corners.max()
                one = abs((corners[1] - corners[0]).sum()) / scaled[0]
                two = abs((corners[:, 1] - corners[:, 0]).sum()) / scaled[1]
                three = abs((corners[:, :, 1] - corners[:, :, 0]).sum()) / scaled[2]
                steepest[i, j, k] = 2 if three >= max(one, two) else (1 if two >= one else 0)
    return low, high, steepest


@numba.njit(cache=True, nogil=True)
def _in_cell(values, start, strides, turn, cell, scaled, points, reference, tolerance, best):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Lower ``best`` by the points of one cell: a lattice along two axes, exact along the third, the steepest."""
    i, j, k = turn
    side, aside, along = strides[i], strides[j], strides[k]
    for m in range(points[i] + 1):
        u = m if cell[i] >= 0 else points[i] - m  # nearest lattice plane first
        s = u / points[i] if points[i] else 0.0
        x = (cell[i] + s) * scaled[i]
        if x * x >= best:
            break
        p00 = (1 - s) * values[start] + s * values[start + side]
        p01 = (1 - s) * values[start + along] + s * values[start + side + along]
        p10 = (1 - s) * values[start + aside] + s * values[start + side + aside]
        p11 = (1 - s) * values[start + aside + along] + s * values[start + side + aside + along]
        for n in range(points[j] + 1):
            v = n if cell[j] >= 0 else points[j] - n
            t = v / points[j] if points[j] else 0.0
            y = (cell[j] + t) * scaled[j]
            flat = x * x + y * y
            if flat >= best:
                break
            near = (p00 + t * (p10 - p00) - reference) / tolerance
            rise = (p01 + t * (p11 - p01) - reference) / tolerance - near
            # least of (scaled (cell + w))^2 + (near + w rise)^2 over w in 0..1
            w = -(scaled[k] * scaled[k] * cell[k] + near * rise) / (scaled[k] * scaled[k] + rise * rise)
            w = min(max(w, 0.0), 1.0)
            z, difference = scaled[k] * (cell[k] + w), near + w * rise
            best = min(best, flat + z * z + difference * difference)
    return best
