"""Distances between two surfaces in mm, each surface element weighted by its area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numba
import numpy as np
from numpy.typing import NDArray

from synthassay.shapes import SpatialMask, Values

FAR = 1e30


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """How far each surface element lies from the other surface.

    Attributes:
        from_reference: mm from each element of the reference's surface to the synthetic one's, ascending.
        reference_areas: Area of each of these elements in mm² (mm in pictures).
        from_synthetic: mm from each element of the synthetic surface to the reference's, ascending.
        synthetic_areas: Area of each of these elements.
    """

    from_reference: Values
    reference_areas: Values
    from_synthetic: Values
    synthetic_areas: Values

    def percentile(self, percent: float) -> float:
        """Return the larger of both directions' percentiles by area, in mm; 100 is the Hausdorff distance."""
        return max(
            _percentile(self.from_reference, self.reference_areas, percent),
            _percentile(self.from_synthetic, self.synthetic_areas, percent),
        )

    def within(self, tolerance_mm: float) -> float:
        """Return the share of both surfaces that lies no farther than ``tolerance_mm`` from the other."""
        near = self.reference_areas[self.from_reference <= tolerance_mm].sum()
        near += self.synthetic_areas[self.from_synthetic <= tolerance_mm].sum()
        return float(near / (self.reference_areas.sum() + self.synthetic_areas.sum()))

    def mean(self) -> float:
        """Return the average symmetric surface distance in mm."""
        total = self.from_reference @ self.reference_areas + self.from_synthetic @ self.synthetic_areas
        return float(total / (self.reference_areas.sum() + self.synthetic_areas.sum()))


def surface_distances(reference: SpatialMask, synthetic: SpatialMask, spacing_mm: Sequence[float]) -> SurfaceDistances:
    """Return the distances between the surfaces of two masks, neither of which is empty.

    A surface runs through the corners between voxels that belong to the structure and voxels that do not, the border of
    the image included. Its elements lie at those corners; an element's area is that of the surface which the eight
    voxels (four pixels) around the corner enclose.

    Args:
        reference: ``*space``, two or three axes.
        synthetic: ``*space`` of the same size.
        spacing_mm: Voxel size per axis.

    Source:
        Nikolov et al., J Med Internet Res 23:e26151 (2021), doi:10.2196/26151, supplement.
    """
    spacing = tuple(float(step) for step in spacing_mm)
    box = _box(reference | synthetic)
    areas = element_areas(spacing)
    first, second = (_corner_codes(mask[box]) for mask in (reference, synthetic))
    full = len(areas) - 1
    on_first, on_second = ((codes != 0) & (codes != full) for codes in (first, second))
    to_second = _distances(on_second, on_first, spacing)
    to_first = _distances(on_first, on_second, spacing)
    return SurfaceDistances(
        *_ascending(to_second, areas[first[on_first]]), *_ascending(to_first, areas[second[on_second]])
    )


@cache
def element_areas(spacing_mm: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the area in mm² (length in mm) of the surface element at a corner, by the code of the voxels around it.

    In a picture the contour joins the middles of the sides between pixels; in a volume the element is that of marching
    cubes, with the smaller part taken for the inside, so that an element has one area seen from either side.

    >>> element_areas((1.0, 1.0))[[0b0001, 0b0011]].round(3).tolist()
    [0.707, 1.0]
    """
    if len(spacing_mm) == 2:
        return _contour_lengths(*spacing_mm)
    return np.array([_triangles_area(code, np.array(spacing_mm)) for code in range(256)])


def _contour_lengths(rows: float, columns: float) -> NDArray[np.float64]:
    corner = np.hypot(rows, columns) / 2
    lengths = np.full(16, corner)
    lengths[[0b0000, 0b1111]] = 0
    lengths[[0b0011, 0b1100]] = columns  # one row inside, the other outside: the contour runs along the columns' axis
    lengths[[0b0101, 0b1010]] = rows
    lengths[[0b0110, 0b1001]] = 2 * corner
    return lengths


def _triangles_area(code: int, spacing: NDArray[np.float64]) -> float:
    triangles = _triangles(code if code.bit_count() <= 4 else 255 - code)
    if not len(triangles):
        return 0.0
    one, two, three = np.moveaxis(triangles * spacing, 1, 0)
    return float(np.linalg.norm(np.cross(two - one, three - one), axis=1).sum() / 2)


@cache
def _triangles(code: int) -> NDArray[np.float64]:
    from skimage.measure import marching_cubes

    if code == 0:
        return np.empty((0, 3, 3))
    cell = np.array([code >> bit & 1 for bit in range(8)], np.float64).reshape(2, 2, 2)
    corners, faces, _, _ = marching_cubes(cell, 0.5, method="lorensen")
    return corners[faces].astype(np.float64)


def _corner_codes(mask: SpatialMask) -> NDArray[np.uint8]:
    """Return, per corner of the voxel grid, which of the voxels around it belong to the mask, one bit each."""
    padded = np.pad(mask, 1).view(np.uint8)
    codes = np.zeros([side + 1 for side in mask.shape], np.uint8)
    for bit, offset in enumerate(np.ndindex(*(2,) * mask.ndim)):
        window = tuple(slice(o, o + side + 1) for o, side in zip(offset, mask.shape, strict=True))
        codes |= padded[window] << np.uint8(bit)
    return codes


def _box(mask: SpatialMask) -> tuple[slice, ...]:
    found = []
    for axis in range(mask.ndim):
        used = np.flatnonzero(mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis)))
        found.append(slice(int(used[0]), int(used[-1]) + 1))
    return tuple(found)


def _ascending(distances: Values, areas: Values) -> tuple[Values, Values]:
    order = np.argsort(distances, kind="stable")
    return distances[order], areas[order]


def _percentile(distances: Values, areas: Values, percent: float) -> float:
    share = np.cumsum(areas) / areas.sum()
    return float(distances[min(int(np.searchsorted(share, percent / 100)), len(distances) - 1)])


def _distances(targets: SpatialMask, places: SpatialMask, spacing: tuple[float, ...]) -> Values:
    """Return the distance in mm from each of ``places`` to the nearest of ``targets``, in the order of the grid."""
    if targets.ndim == 2:
        targets, places, spacing = targets[None], places[None], (1.0, *spacing)
    planes = _squared_in_planes(np.ascontiguousarray(targets), *spacing[1:])
    return np.sqrt(_across_planes(planes, np.argwhere(places), spacing[0]))


@numba.njit(cache=True, nogil=True)
def _squared_in_planes(targets, rows_mm, columns_mm):  # type: ignore[no-untyped-def]
    """Squared distance to the nearest target in the same plane (Felzenszwalb and Huttenlocher 2012, algorithm 1)."""
    planes, rows, columns = targets.shape
    out = np.empty(targets.shape)
    line = np.empty(rows)
    at = np.empty(rows, np.int64)
    start = np.empty(rows + 1)
    for x in range(planes):
        for y in range(rows):
            last = -1
            for z in range(columns):
                if targets[x, y, z]:
                    last = z
                out[x, y, z] = ((z - last) * columns_mm) ** 2 if last >= 0 else FAR
            last = -1
            for z in range(columns - 1, -1, -1):
                if targets[x, y, z]:
                    last = z
                if last >= 0:
                    out[x, y, z] = min(out[x, y, z], ((last - z) * columns_mm) ** 2)
        for z in range(columns):
            _lower_envelope(out[x, :, z], line, at, start, rows_mm**2)
    return out


@numba.njit(cache=True, nogil=True)
def _lower_envelope(values, line, at, start, step):  # type: ignore[no-untyped-def]
    """Replace values by their minimum over p of values[p] + step (q - p)²."""
    count = -1
    for q in range(values.size):
        line[q] = values[q]
        if values[q] >= FAR:
            continue
        crossing = -FAR
        while count >= 0:
            p = at[count]
            crossing = ((line[q] + step * q * q) - (line[p] + step * p * p)) / (2 * step * (q - p))
            if crossing > start[count]:
                break
            count -= 1
            crossing = -FAR
        count += 1
        at[count] = q
        start[count] = crossing
    if count < 0:
        return
    part = 0
    for q in range(values.size):
        while part < count and start[part + 1] < q:
            part += 1
        p = at[part]
        values[q] = line[p] + step * (q - p) ** 2


@numba.njit(cache=True, nogil=True)
def _across_planes(squared, places, plane_mm):  # type: ignore[no-untyped-def]
    """Least squared distance of each place, found from plane to plane for as long as one can still be nearer."""
    out = np.empty(len(places))
    for i in range(len(places)):
        x, y, z = places[i]
        best = squared[x, y, z]
        for reach in range(1, squared.shape[0]):
            across = (reach * plane_mm) ** 2
            if across >= best:
                break
            if x >= reach:
                best = min(best, across + squared[x - reach, y, z])
            if x + reach < squared.shape[0]:
                best = min(best, across + squared[x + reach, y, z])
        out[i] = best
    return out
