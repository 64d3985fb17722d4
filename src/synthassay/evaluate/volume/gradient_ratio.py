"""Whether a volume is as sharp across its slices as within them, compared with real volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.structures import Footing, Specimens
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.once import once_per_specimen
from synthassay.evaluate.volume.against_real import Floats, Rows, axes_of, judged, standardised_wasserstein
from synthassay.evaluate.volume.slices import LEAST_PIXELS, Volume, volume_of
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Axis, Better


@metric(
    title="Through-plane to in-plane gradient (distance to real volumes)",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="SD of real volumes",
    per="set",
    source="doi:10.1137/1118101",
    settings={"ratio": "mean |gradient| per mm along the axis over that along the other two, inside the body"},
    statistic=standardised_wasserstein,
)
def gradient_ratio(
    synthetic_specimens: Specimens,
    test_specimens: Specimens,
    seed: int,
    *,
    training_specimens: Specimens | None = None,
    holdout_specimens: Specimens | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding | list[Finding]:
    """Return how far the ratio of gradients across and within slices lies from that of real volumes, per axis.

    Real volumes have a ratio of their own, by anatomy and slice thickness; it is the target, not 1. A volume stacked
    from independent slices has too large a ratio along the stack, one that was interpolated too small a one.

    Args:
        synthetic_specimens: The volumes judged.
        test_specimens: Real volumes of other patients.
        seed: Root seed of the splits.
        training_specimens: Real volumes that the detector of single volumes learns from as well.
        holdout_specimens: Further real volumes that the generator never saw.
        real_memo: Keeps what rests on real volumes alone for other generators.

    Returns:
        Wasserstein-1 distance of log ratios in SD of real volumes, >= 0, with its floor. Settings give the mean ratios
        themselves; ``per_case`` and ``outlying_images`` as for ``slice_continuity``.

    Raises:
        NotMeasured: Pictures, constant volumes, or too few subjects.

    Source:
        Wasserstein distance: Vallender 1974, doi:10.1137/1118101. No measure of this kind is standard.

    Example:
        >>> from synthassay.images.specimen import Specimen
        >>> def volume(i, thick):
        ...     pixels = np.random.default_rng(i).normal(size=(12, 12, 12))
        ...     return Specimen(np.repeat(pixels, thick, axis=2)[None, :, :, :12], case=str(i), subject=str(i))
        >>> real = [volume(i, 1) for i in range(24)]
        >>> found = gradient_ratio([volume(100 + i, 2) for i in range(20)], real, 0)
        >>> [(one.stratum, one.value > 5) for one in found]
        [('', True), ('axis=x', True), ('axis=y', True), ('axis=z', True)]
    """
    return judged(
        "gradient_ratio", _describe, synthetic_specimens, test_specimens, training_specimens, holdout_specimens,
        seed=seed, real_memo=real_memo, settings=_ratios,
    )  # fmt: skip


@once_per_specimen
def _describe(specimen: Specimen, footing: Footing) -> Mapping[str, Floats]:
    return axes_of({axis: np.log([ratio]) for axis, ratio in enumerate(ratios(volume_of(specimen, footing)))})


def ratios(volume: Volume) -> list[float]:
    """Return the ratio along each axis; differences are taken between neighbours that are both in the body.

    Raises:
        NotMeasured: Too little body, or no gradient along an axis.
    """
    slopes = []
    for axis in range(3):
        values, body = np.moveaxis(volume.values, axis, 0), np.moveaxis(volume.body, axis, 0)
        both = body[:-1] & body[1:]
        if both.sum() < LEAST_PIXELS:
            raise NotMeasured(f"only {int(both.sum())} neighbouring voxels lie in the body")
        slopes.append(float(np.abs(values[1:] - values[:-1])[both].mean()) / volume.spacing[axis])
    if min(slopes) <= 0:
        raise NotMeasured("it is constant along an axis")
    return [2 * slope / (sum(slopes) - slope) for slope in slopes]


def _ratios(own: Rows, real: Rows) -> dict[str, float]:
    return {
        f"{label}_ratio_{axis}": float(np.exp(rows.of(axis).mean()))
        for label, rows in (("synthetic", own), ("real", real))
        for axis in ("x", "y", "z")
    }
