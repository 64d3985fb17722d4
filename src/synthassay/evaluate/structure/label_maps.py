"""Two label maps on one grid, structure by structure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.structure.surfaces import SurfaceDistances, surface_distances
from synthassay.shapes import Spatial, SpatialMask

MISSING = "a structure in one image alone has the worst value: "
LARGEST_LABEL = 2**20


@dataclass(frozen=True, eq=False)
class StructurePair:
    """One structure in the reference and in the synthetic image, where it is in at least one of them.

    Attributes:
        reference: Its voxels in the reference, cropped to where either image has it; ``synthetic`` likewise.
        sizes: Voxels in the reference, in the synthetic image, and in both.
    """

    reference: SpatialMask
    synthetic: SpatialMask
    sizes: tuple[int, int, int]

    @property
    def missing(self) -> bool:
        """Whether only one of the images has the structure."""
        return not (self.sizes[0] and self.sizes[1])

    def dice(self) -> float:
        """Return twice the common volume over the sum of volumes; 0 where one image lacks the structure."""
        return 2 * self.sizes[2] / (self.sizes[0] + self.sizes[1])

    def distances(self, spacing_mm: Sequence[float]) -> SurfaceDistances:
        """Return the distances between its surfaces; both images must have it."""
        return surface_distances(self.reference, self.synthetic, spacing_mm)


def structure_pairs(
    synthetic_structures: Spatial, structures: Spatial, drawn: Collection[int] | None = None
) -> Iterator[tuple[int, StructurePair]]:
    """Yield each label that occurs in either map (0 is no structure), in ascending order; all are counted in one pass.

    Args:
        synthetic_structures: ``*space``, integers from 0.
        structures: ``*space`` of the same size, the reference's.
        drawn: Labels that were drawn on the reference; what was not drawn is unknown there, not absent, and left out.

    Raises:
        NotMeasured: Sizes differ, a label is not a whole number from 0, or neither map has a structure.
    """
    if synthetic_structures.shape != structures.shape:
        raise NotMeasured(
            f"its label map has size {synthetic_structures.shape} but the reference's has {structures.shape}"
        )
    ours, theirs = _whole(structures, "the reference's label map"), _whole(synthetic_structures, "its label map")
    top = int(max(ours.max(initial=0), theirs.max(initial=0))) + 1
    counts = [np.bincount(found.ravel(), minlength=top) for found in (ours, theirs, ours[ours == theirs])]
    labels = [label for label in range(1, top) if counts[0][label] or counts[1][label]]
    labels = [label for label in labels if drawn is None or label in drawn]
    if not labels:
        raise NotMeasured("neither image has a structure" + ("" if drawn is None else " that was drawn"))
    boxes = [ndimage.find_objects(found, top - 1) for found in (ours, theirs)]
    for label in labels:
        box = _union(*(found[label - 1] for found in boxes))
        sizes = tuple(int(count[label]) for count in counts)
        yield label, StructurePair(ours[box] == label, theirs[box] == label, (sizes[0], sizes[1], sizes[2]))


def by_structure(
    pairs: Iterator[tuple[int, StructurePair]], names: Mapping[int, str], measure: Callable[[StructurePair], float]
) -> dict[str, float]:
    """Return ``structure=NAME`` (the label where it has no name) to what ``measure`` gives."""
    return {f"structure={names.get(label, label)}": measure(pair) for label, pair in pairs}


def checked_spacing(spacing_mm: tuple[float, ...], dimensions: int) -> tuple[float, ...]:
    """Return the spacing, as many numbers as axes.

    Raises:
        NotMeasured: It is unknown or has another number of axes.
    """
    if len(spacing_mm) != dimensions:
        known = "unknown" if not spacing_mm else f"known for {len(spacing_mm)} of {dimensions} axes"
        raise NotMeasured(f"the size of its voxels is {known}, and a distance in mm needs it")
    return spacing_mm


def diagonal(space: Sequence[int], spacing_mm: Sequence[float]) -> float:
    """Return the image's diagonal in mm: no two of its points lie farther apart.

    >>> diagonal((30, 40), (1.0, 1.0))
    50.0
    """
    return float(np.linalg.norm(np.asarray(space) * np.asarray(spacing_mm)))


def _whole(labels: Spatial, where: str) -> np.ndarray:
    whole = labels if np.issubdtype(labels.dtype, np.integer) else labels.astype(np.int64)
    if (whole != labels).any() or whole.min(initial=0) < 0 or whole.max(initial=0) > LARGEST_LABEL:
        raise NotMeasured(f"{where} holds values that are not whole numbers from 0 to {LARGEST_LABEL}")
    return whole


def _union(one: tuple[slice, ...] | None, other: tuple[slice, ...] | None) -> tuple[slice, ...]:
    if one is None or other is None:
        found = one or other
        assert found is not None
        return found
    return tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
