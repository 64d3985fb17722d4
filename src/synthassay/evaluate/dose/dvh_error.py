"""How far points of the dose-volume histograms are off, in Gy."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.dose.dvh import POINTS, histogram_pairs
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Spatial


@metric(
    title="Dose-volume error",
    axis=Axis.UTILITY,
    better=Better.LOWER,
    unit="Gy",
    per="case",
    source="doi:10.1016/0360-3016(91)90168-4",
    strata=(),
    settings={"structures": "as drawn on the real image, for both doses", "difference": "absolute, in Gy"},
    only=Unit.HU,
)
def dvh_error(
    synthetic_dose: Spatial,
    reference_dose: Spatial,
    structures: Spatial,
    structure_names: Mapping[int, str],
    spacing_mm: tuple[float, ...],
    structures_drawn: Collection[int] | None = None,
) -> dict[str, float]:
    """Return the absolute difference of D98, D95, D50, D2 and the mean dose of each structure, in Gy.

    In Gy and not relative to the structure's own dose: an organ that is spared gets next to none, and a share of next
    to nothing is any number.

    Args:
        synthetic_dose: Dose of the plan calculated on the synthetic image, ``*space`` in Gy.
        reference_dose: Dose of the same plan on the real image, in Gy.
        structures: ``*space``: label map of the real image; 0 is no structure.
        structure_names: Label to name.
        spacing_mm: Voxel size per axis.
        structures_drawn: Labels that somebody drew on the real image; all others are unknown. None: all were.

    Returns:
        ``structure=NAME point=D95`` and so on, to Gy; 0 is best.

    Raises:
        NotMeasured: There is no structure, sizes differ, or the dose is unknown in a voxel of a structure.

    Source:
        Drzymala et al., Int J Radiat Oncol Biol Phys 21:71 (1991), doi:10.1016/0360-3016(91)90168-4; the points are
        those of ICRU Report 83.

    Example:
        >>> reference, target = np.full((4, 4, 4), 60.0), np.ones((4, 4, 4), int)
        >>> found = dvh_error(0.97 * reference, reference, target, {1: "PTV"}, (2.0, 2.0, 2.0))
        >>> round(found["structure=PTV point=D95"], 9)
        1.8
    """
    pairs = histogram_pairs(synthetic_dose, reference_dose, structures, structure_names, spacing_mm, structures_drawn)
    return {
        f"structure={name} point={point}": abs(of(synthetic) - of(reference))
        for name, synthetic, reference in pairs
        for point, of in POINTS.items()
    }
