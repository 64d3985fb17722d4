"""Whether neighbouring slices differ as those of real volumes do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from synthassay.evaluate.anatomy.structures import Footing, Specimens
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.once import once_per_specimen
from synthassay.evaluate.volume.against_real import Floats, axes_of, judged, standardised_wasserstein
from synthassay.evaluate.volume.slices import Volume, against_neighbours, beside, drift_along, steps_along, volume_of
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Axis, Better


@metric(
    title="Slice continuity (distance to real volumes)",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="SD of real volumes",
    per="set",
    source="doi:10.1137/1118101",
    settings={"intensity_scale": "P5 to P95 of the body", "neighbours": "three slices on each side"},
    statistic=standardised_wasserstein,
)
def slice_continuity(
    synthetic_specimens: Specimens,
    test_specimens: Specimens,
    seed: int,
    *,
    training_specimens: Specimens | None = None,
    holdout_specimens: Specimens | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding | list[Finding]:
    """Return how far the differences between neighbouring slices lie from those in real volumes, per axis.

    A generator that makes slices one by one leaves jumps between them; one that smooths across them leaves too little
    difference. Each volume has, per axis: quantiles of the difference per mm between neighbouring slices, and how far
    single steps stand out from those around them, in difference, in correlation, in the area of the body, and in how
    far the slice is displaced within its plane.

    Args:
        synthetic_specimens: The volumes judged.
        test_specimens: Real volumes of other patients.
        seed: Root seed of the splits.
        training_specimens: Real volumes that the detector of single volumes learns from as well.
        holdout_specimens: Further real volumes that the generator never saw.
        real_memo: Keeps what rests on real volumes alone for other generators.

    Returns:
        Root mean square of Wasserstein-1 distances, >= 0, with its floor between real volumes. ``per_case`` is each
        volume's score: 1 is the edge of the outermost 5 % of real ones; ``outlying_images`` the share beyond 95 %.

    Raises:
        NotMeasured: Pictures, fewer than eight slices with body, constant volumes, or too few subjects.

    Source:
        Wasserstein distance: Vallender 1974, doi:10.1137/1118101. No measure of slice continuity is standard.

    Example:
        >>> from synthassay.images.specimen import Specimen
        >>> from scipy.ndimage import gaussian_filter
        >>> def volume(i, jump):
        ...     pixels = 50 + gaussian_filter(np.random.default_rng(i).normal(size=(16, 16, 16)), 2) * 100
        ...     pixels[8:] += jump
        ...     return Specimen(pixels[None], case=str(i), subject=str(i), mask=np.ones((16, 16, 16), bool))
        >>> real = [volume(i, 0) for i in range(24)]
        >>> found = slice_continuity([volume(100 + i, 20) for i in range(20)], real, 0)[0]
        >>> found.value > 2 * found.floor_interval.high
        True
    """
    return judged(
        "slice_continuity", _describe, synthetic_specimens, test_specimens, training_specimens, holdout_specimens,
        seed=seed, real_memo=real_memo,
    )  # fmt: skip


@once_per_specimen
def _describe(specimen: Specimen, footing: Footing) -> Mapping[str, Floats]:
    volume = volume_of(specimen, footing)
    return axes_of({axis: continuity(volume, axis) for axis in range(3)})


def continuity(volume: Volume, axis: int) -> Floats:
    """Return one volume's descriptors along one axis.

    Returns:
        Logarithms: three quantiles of the difference per mm; largest and least difference over its neighbours'; largest
        1 - correlation over its neighbours'; largest fall of the body's area below its neighbours'; root mean square
        and largest displacement within the plane, in mm, beyond that of the neighbours.
    """
    steps = steps_along(volume, axis)
    level = np.log(np.maximum(np.quantile(steps.difference, [0.05, 0.5, 0.95]), 1e-4))
    stands_out, unlike = against_neighbours(steps.difference), against_neighbours(steps.unlikeness)
    lost = -against_neighbours(steps.area).min()
    drift = drift_along(volume, axis)
    jump = np.linalg.norm(drift - np.column_stack([beside(one) for one in drift.T]), axis=1)
    moved = np.log(np.array([np.sqrt((jump**2).mean()), jump.max()]) + 1e-3)
    return np.array([*level, stands_out.max(), stands_out.min(), unlike.max(), lost, *moved])
