"""Whether structures go on from slice to slice as in real volumes, or appear, vanish and break off between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.structures import Footing, Specimens, body_of, structures_of
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.once import once_per_specimen
from synthassay.evaluate.volume.against_real import Floats, axes_of, judged, standardised_wasserstein
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import SpatialMask


@metric(
    title="Structure continuity (distance to real volumes)",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="SD of real volumes",
    per="set",
    source="doi:10.1137/1118101",
    settings={"part": "8-connected within a slice; it goes on where it overlaps the structure in the next slice"},
    statistic=standardised_wasserstein,
)
def structure_continuity(
    synthetic_specimens: Specimens,
    test_specimens: Specimens,
    seed: int,
    *,
    training_specimens: Specimens | None = None,
    holdout_specimens: Specimens | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding | list[Finding]:
    """Return how far the ends, islands and gaps of structures along each axis lie from those of real volumes.

    In each slice a structure (label map, or by threshold where none is drawn) has parts. A part that overlaps nothing
    of the structure in the slice before begins there, one that overlaps nothing in the next slice ends; one that does
    both is an island; an empty slice between two that are not is a gap. All are counted over all structures, per
    100 mm of their length.

    Args:
        synthetic_specimens: The volumes judged, with their label maps where there are any.
        test_specimens: Real volumes of other patients.
        seed: Root seed of the splits.
        training_specimens: Real volumes that the detector of single volumes learns from as well.
        holdout_specimens: Further real volumes that the generator never saw.
        real_memo: Keeps what rests on real volumes alone for other generators.

    Returns:
        Root mean square of Wasserstein-1 distances of these three (as log(1 + x)) in SD of real volumes, >= 0, with its
        floor. ``per_case`` and ``outlying_images`` as for ``slice_continuity``.

    Raises:
        NotMeasured: Pictures, no structure, or too few subjects.

    Source:
        Wasserstein distance: Vallender 1974, doi:10.1137/1118101. No measure of this kind is standard.

    Example:
        >>> from synthassay.images.specimen import Specimen
        >>> def vessel(i, gap):
        ...     drawn = np.zeros((12, 12, 30), int)
        ...     drawn[4:8, 4:8, i % 3 : 24 + i % 5] = 1
        ...     drawn[:, :, 15 : 15 + gap] = 0
        ...     return Specimen(drawn[None] + 1.0, case=str(i), subject=str(i), structures=drawn, mask=drawn > -1)
        >>> real = [vessel(i, 0) for i in range(24)]
        >>> found = structure_continuity([vessel(i, 1) for i in range(20)], real, 0)[0]
        >>> found.value > 2 * found.floor_interval.high
        True
    """
    return judged(
        "structure_continuity", _describe, synthetic_specimens, test_specimens, training_specimens, holdout_specimens,
        seed=seed, real_memo=real_memo,
    )  # fmt: skip


@once_per_specimen
def _describe(specimen: Specimen, footing: Footing) -> Mapping[str, Floats]:
    if len(specimen.space) != 3:
        raise NotMeasured("images are pictures, not volumes: there are no neighbouring slices")
    spacing = footing.spacing_mm or (1.0, 1.0, 1.0)
    totals, lengths = np.zeros((3, 3)), np.zeros(3)
    for _, structure in structures_of(specimen, body_of(specimen, footing), footing):
        place = ndimage.find_objects(structure.astype(np.int8))[0]
        for axis in range(3):
            before = place[axis].start == 0, place[axis].stop == structure.shape[axis]
            totals[axis] += ends(structure[place], axis, cut=before)
            lengths[axis] += (place[axis].stop - place[axis].start) * spacing[axis]
    if not lengths.all():
        raise NotMeasured("it shows no structure")
    return axes_of({axis: np.log1p(100 * totals[axis] / lengths[axis]) for axis in range(3)})


def ends(structure: SpatialMask, axis: int, *, cut: tuple[bool, bool] = (False, False)) -> Floats:
    """Count the ends, islands and gaps of a structure along an axis.

    Args:
        structure: ``x y z``, cropped to the structure.
        axis: Along which slices follow each other.
        cut: Whether the first and the last slice are those of the picture, beyond which the structure may go on.

    Example:
        >>> rod = np.ones((2, 2, 9), bool)
        >>> rod[:, :, 4] = False
        >>> ends(rod, 2).tolist()
        [4.0, 0.0, 1.0]
    """
    along = np.moveaxis(structure, axis, 0)
    plane = np.zeros((3, 3, 3), int)
    plane[1] = 1
    labels, count = ndimage.label(along, plane)
    on = along[:-1] & along[1:]
    follows, goes_on = np.zeros(count + 1, bool), np.zeros(count + 1, bool)
    follows[labels[1:][on]] = True
    goes_on[labels[:-1][on]] = True
    if cut[0]:
        follows[np.unique(labels[0])] = True
    if cut[1]:
        goes_on[np.unique(labels[-1])] = True
    begins, stops = ~follows[1:], ~goes_on[1:]
    gaps = int((~along.any(axis=(1, 2))).sum())
    return np.array([begins.sum() + stops.sum(), (begins & stops).sum(), gaps], dtype=np.float64)
