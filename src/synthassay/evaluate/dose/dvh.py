"""Dose-volume histograms: what dose a share of a structure gets, and what share gets a dose."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.shapes import Spatial, SpatialMask


@dataclass(frozen=True, eq=False)
class Histogram:
    """The doses of a structure's voxels, all of one volume, highest first.

    Attributes:
        doses: In Gy, descending.
        voxel_cc: Volume of a voxel in cubic centimetres.
    """

    doses: NDArray[np.float64]
    voxel_cc: float

    @property
    def volume_cc(self) -> float:
        """Volume of the structure in cubic centimetres."""
        return len(self.doses) * self.voxel_cc

    @property
    def mean(self) -> float:
        """Mean dose in Gy."""
        return float(self.doses.mean())

    def dose_at(self, percent: float) -> float:
        """Return D_percent: the highest dose that at least this share of the volume gets, in Gy.

        Source: Drzymala et al., Int J Radiat Oncol Biol Phys 21:71 (1991), doi:10.1016/0360-3016(91)90168-4.

        >>> Histogram(np.array([60.0, 50.0, 40.0, 30.0]), 0.1).dose_at(75)
        40.0
        """
        if not 0 < percent <= 100:
            raise ValueError(f"a share of the volume lies above 0 and up to 100 %, not at {percent}")
        return float(self.doses[int(np.ceil(percent / 100 * len(self.doses) - 1e-9)) - 1])

    def volume_at(self, gray: float) -> float:
        """Return V_gray: the share of the volume, in %, that gets at least this dose.

        >>> Histogram(np.array([60.0, 50.0, 40.0, 30.0]), 0.1).volume_at(50.0)
        50.0
        """
        return float(100.0 * np.searchsorted(-self.doses, -gray, side="right") / len(self.doses))


POINTS: Mapping[str, Callable[[Histogram], float]] = {
    "D98": lambda histogram: histogram.dose_at(98),
    "D95": lambda histogram: histogram.dose_at(95),
    "D50": lambda histogram: histogram.dose_at(50),
    "D2": lambda histogram: histogram.dose_at(2),
    "Dmean": lambda histogram: histogram.mean,
}
"""Points of a histogram in Gy, as ICRU Report 83 names them: near-minimum, coverage, median, near-maximum, mean."""


def histogram(dose: Spatial, where: SpatialMask, spacing_mm: tuple[float, ...]) -> Histogram:
    """Return the dose-volume histogram of a structure.

    Args:
        dose: ``*space`` in Gy.
        where: The structure's voxels.
        spacing_mm: Voxel size; a picture counts as a slice of 1 mm.

    Raises:
        NotMeasured: Sizes differ, the voxel size is unknown, the structure is empty, or its dose is not known in a
            voxel.
    """
    if dose.shape != where.shape:
        raise NotMeasured(f"its dose has size {dose.shape} but the structure has {where.shape}")
    if len(spacing_mm) != dose.ndim or not all(s > 0 for s in spacing_mm):
        raise NotMeasured(f"the voxel size of its dose is not known: {spacing_mm} for size {dose.shape}")
    doses = np.sort(np.asarray(dose, np.float64)[where])[::-1]
    if not len(doses):
        raise NotMeasured("the structure is empty")
    unknown = int((~np.isfinite(doses)).sum())
    if unknown:
        raise NotMeasured(f"the dose is unknown in {unknown} of the structure's {len(doses)} voxels")
    return Histogram(doses, float(np.prod(spacing_mm)) / 1000)


def histogram_pairs(
    synthetic_dose: Spatial,
    reference_dose: Spatial,
    structures: Spatial,
    names: Mapping[int, str],
    spacing_mm: tuple[float, ...],
    drawn: Collection[int] | None = None,
) -> Iterator[tuple[str, Histogram, Histogram]]:
    """Yield name, synthetic and reference histogram of each structure drawn on the real image, in order of labels.

    Both histograms are of the same voxels: the real image's structures, on which the plan was judged.

    Raises:
        NotMeasured: There is no structure; or as ``histogram``, with the structure's name.
    """
    labels = [int(label) for label in np.unique(structures) if label > 0 and (drawn is None or int(label) in drawn)]
    if not labels:
        raise NotMeasured("no structure is drawn on the real image")
    for label in labels:
        name, where = names.get(label, str(label)), structures == label
        try:
            yield name, histogram(synthetic_dose, where, spacing_mm), histogram(reference_dose, where, spacing_mm)
        except NotMeasured as problem:
            raise NotMeasured(f"{name}: {problem.reason}") from None


def require_prescription(prescription_gy: float | None) -> float:
    """Return the prescribed dose.

    Raises:
        NotMeasured: It is not known, or not positive.
    """
    if prescription_gy is None:
        raise NotMeasured("the prescribed dose is not known; state it (--prescription), it is never guessed")
    if not (np.isfinite(prescription_gy) and prescription_gy > 0):
        raise NotMeasured(f"a prescribed dose must be above 0 Gy, not {prescription_gy}")
    return prescription_gy
