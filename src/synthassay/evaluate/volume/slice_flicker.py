"""Whether brightness flickers from slice to slice more, or less, than in real volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from synthassay.evaluate.anatomy.structures import Footing, Specimens
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.once import once_per_specimen
from synthassay.evaluate.volume.against_real import Floats, axes_of, judged, standardised_wasserstein
from synthassay.evaluate.volume.slices import Volume, steps_along, volume_of
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Axis, Better


@metric(
    title="Slice flicker (distance to real volumes)",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="SD of real volumes",
    per="set",
    source="doi:10.1137/1118101",
    settings={"filter": "second difference: gain (1 - cos(2 pi f d)) at f cycles/mm with slices d mm apart"},
    statistic=standardised_wasserstein,
)
def slice_flicker(
    synthetic_specimens: Specimens,
    test_specimens: Specimens,
    seed: int,
    *,
    training_specimens: Specimens | None = None,
    holdout_specimens: Specimens | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding | list[Finding]:
    """Return how far the high-frequency power of the slices' mean intensity lies from that of real volumes, per axis.

    The mean is followed from slice to slice over the pixels that both show of the body, so a growing or shrinking cross
    section is no flicker; its second difference passes what alternates and stops what drifts.

    Args:
        synthetic_specimens: The volumes judged.
        test_specimens: Real volumes of other patients.
        seed: Root seed of the splits.
        training_specimens: Real volumes that the detector of single volumes learns from as well.
        holdout_specimens: Further real volumes that the generator never saw.
        real_memo: Keeps what rests on real volumes alone for other generators.

    Returns:
        Root mean square of Wasserstein-1 distances of two logarithms per axis, the power of the flicker and its largest
        step, in SD of real volumes, >= 0, with its floor. ``per_case`` and ``outlying_images`` as for
        ``slice_continuity``.

    Raises:
        NotMeasured: Pictures, fewer than eight slices with body, constant volumes, or too few subjects.

    Source:
        Wasserstein distance: Vallender 1974, doi:10.1137/1118101. No measure of this kind is standard.

    Example:
        >>> from synthassay.images.specimen import Specimen
        >>> def volume(i, flicker):
        ...     rng = np.random.default_rng(i)
        ...     pixels = rng.normal(size=(12, 12, 12)) + flicker * rng.normal(size=12)
        ...     return Specimen(pixels[None], case=str(i), subject=str(i), mask=np.ones((12, 12, 12), bool))
        >>> real = [volume(i, 0) for i in range(24)]
        >>> found = slice_flicker([volume(100 + i, 0.5) for i in range(20)], real, 0)
        >>> [(one.stratum, one.value > 3) for one in found]
        [('', True), ('axis=x', False), ('axis=y', False), ('axis=z', True)]
    """
    return judged(
        "slice_flicker", _describe, synthetic_specimens, test_specimens, training_specimens, holdout_specimens,
        seed=seed, real_memo=real_memo,
    )  # fmt: skip


@once_per_specimen
def _describe(specimen: Specimen, footing: Footing) -> Mapping[str, Floats]:
    volume = volume_of(specimen, footing)
    return axes_of({axis: flicker(volume, axis) for axis in range(3)})


def flicker(volume: Volume, axis: int) -> Floats:
    """Return log power and log largest step of the second difference of slice means, in spreads of the body."""
    turn = np.diff(steps_along(volume, axis).shift) / 2
    return np.log(np.array([np.sqrt((turn**2).mean()), np.abs(turn).max()]) + 1e-4)
