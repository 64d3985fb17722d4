"""Whether tiles that an image was made of show at their borders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.structures import AXES, Footing, Specimens
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.evaluate.once import once_per_specimen
from synthassay.evaluate.volume.against_real import Floats, Rows, axes_of, judged, standardised_wasserstein
from synthassay.evaluate.volume.slices import (
    LEAST_PIXELS,
    LEAST_SHARE,
    LEAST_SLICES,
    Volume,
    against_neighbours,
    volume_of,
)
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Axis, Better

LEAST_PERIOD = 4  # nearer borders lie among each other's neighbours
ALONG = 8


@dataclass(frozen=True)
class Seam:
    """The most conspicuous comb of borders along an axis.

    Attributes:
        strength: Excess of its borders over all other steps, in standard errors.
        excess: Step at its borders over those around them, less 1.
        period: Distance of its borders, in pixels.
        offset: Place of its borders, modulo the period: a border lies before the pixel of that number.
    """

    strength: float
    excess: float
    period: int
    offset: int


@metric(
    title="Seams at tile borders (distance to real images)",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="SD of real images",
    per="set",
    source="doi:10.1137/1118101",
    settings={"search": "every period from 4 pixels to half the image, every offset", "neighbours": "three each side"},
    statistic=standardised_wasserstein,
)
def seam_index(
    synthetic_specimens: Specimens,
    test_specimens: Specimens,
    seed: int,
    *,
    training_specimens: Specimens | None = None,
    holdout_specimens: Specimens | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding | list[Finding]:
    """Return how much more than real images synthetic ones have periodic steps, per axis.

    Images made tile by tile have steps at every tile's border. Along each axis the step between neighbouring lines
    (slices) is compared with those around it, and the period and offset are sought whose borders stand out most. Real
    images have a most conspicuous comb too, by chance; it is the floor.

    Args:
        synthetic_specimens: Pictures or volumes that are judged.
        test_specimens: Real ones of other patients.
        seed: Root seed of the splits.
        training_specimens: Real images that the detector of single images learns from as well.
        holdout_specimens: Further real images that the generator never saw.
        real_memo: Keeps what rests on real images alone for other generators.

    Returns:
        Root mean square of Wasserstein-1 distances of the comb's strength and excess in SD of real images, >= 0, with
        its floor. Settings name the period and offset found most often, and the mean excess. ``per_case`` and
        ``outlying_images`` as for ``slice_continuity``.

    Raises:
        NotMeasured: Fewer than eight lines with body along an axis, constant images, or too few subjects.

    Source:
        Wasserstein distance: Vallender 1974, doi:10.1137/1118101. No measure of this kind is standard.

    Example:
        >>> from synthassay.images.specimen import Specimen
        >>> def picture(i, step):
        ...     pixels = np.random.default_rng(i).normal(size=(48, 48))
        ...     pixels[:, 16:32] += step
        ...     return Specimen(pixels[None], case=str(i), subject=str(i), mask=np.ones((48, 48), bool))
        >>> real = [picture(i, 0) for i in range(40)]
        >>> found = seam_index([picture(100 + i, 2) for i in range(20)], real, 0)
        >>> found[0].settings["period_columns"], found[0].settings["offset_columns"]
        (16, 0)
    """
    return judged(
        "seam_index", _describe, synthetic_specimens, test_specimens, training_specimens, holdout_specimens,
        seed=seed, real_memo=real_memo, settings=_most_often, stained=True,
    )  # fmt: skip


def seam_along(volume: Volume, axis: int, *, tile: int | None = None) -> Seam:
    """Find the most conspicuous comb of borders along an axis.

    Args:
        volume: Picture or volume.
        axis: Across the borders.
        tile: Size of a tile where it is known; then only its offset is sought.

    Raises:
        NotMeasured: Fewer than eight lines with body, or fewer than two borders of tiles of that size.
    """
    steps = _steps(volume, axis)
    periods = range(LEAST_PERIOD, len(steps) // 2 + 1) if tile is None else [tile]
    best: Seam | None = None
    shown = ~np.isnan(steps)
    spread = max(1.4826 * float(np.median(np.abs(steps[shown] - np.median(steps[shown])))), 1e-3)
    values = np.where(shown, steps, 0.0)
    for period in periods:
        phase = np.arange(len(steps)) % period
        counts = np.bincount(phase, weights=shown, minlength=period)
        sums = np.bincount(phase, weights=values, minlength=period)
        rest = shown.sum() - counts
        able = (counts >= 2) & (rest >= 2)
        if not able.any():
            continue
        means = sums / np.maximum(counts, 1)
        others = (values.sum() - sums) / np.maximum(rest, 1)
        error = spread * np.sqrt(1 / np.maximum(counts, 1) + 1 / np.maximum(rest, 1))
        strength = np.where(able, (means - others) / error, -np.inf)
        at = int(strength.argmax())
        if best is None or strength[at] > best.strength:
            best = Seam(float(strength[at]), float(np.expm1(means[at])), period, (at + 1) % period)
    if best is None:
        raise NotMeasured(f"{int(shown.sum())} lines hold fewer than two borders of tiles")
    return best


@once_per_specimen
def _describe(specimen: Specimen, footing: Footing) -> Mapping[str, Floats]:
    volume = volume_of(specimen, footing, pictures=True)
    found = [seam_along(volume, axis) for axis in range(volume.body.ndim)]
    rows = axes_of({axis: np.array([s.strength, s.excess]) for axis, s in enumerate(found)})
    places = axes_of({axis: np.array([s.period, s.offset], dtype=np.float64) for axis, s in enumerate(found)})
    return {**rows, **{f".{name}": place for name, place in places.items()}}


def _steps(volume: Volume, axis: int) -> Floats:
    """Logarithm of the step between neighbouring lines over the steps around it; NaN where there is little body.

    The step is the difference less the mean of those before and after, so that anatomy's slopes do not count, averaged
    along the border over ``ALONG`` pixels, so that noise and texture do not; its size is the border's upper quartile.
    """
    values, body = np.moveaxis(volume.values, axis, 0), np.moveaxis(volume.body, axis, 0)
    lines = tuple(range(1, body.ndim))
    steps = np.full(len(body) - 1, np.nan)
    if len(body) < 4:
        raise NotMeasured(f"only {len(body)} lines; {2 * LEAST_SLICES} are the least")
    difference = values[1:] - values[:-1]
    beyond = difference[1:-1] - (difference[:-2] + difference[2:]) / 2
    there = body[:-3] & body[1:-2] & body[2:-1] & body[3:]
    count = there.sum(axis=lines)
    enough = count >= max(LEAST_PIXELS, LEAST_SHARE * count.max(initial=0))
    if enough.sum() < 2 * LEAST_SLICES:
        raise NotMeasured(
            f"only {int(enough.sum())} neighbouring lines show the body; {2 * LEAST_SLICES} are the least"
        )
    weight = _along(there.astype(np.float64), lines)
    mean = np.abs(_along(np.where(there, beyond, 0.0), lines)) / np.maximum(weight, 1e-12)
    sizes = [float(np.quantile(plane[seen], 0.75)) for plane, seen in zip(mean[enough], there[enough], strict=True)]
    steps[1:-1][enough] = against_neighbours(np.array(sizes))
    return steps


def _along(values: Floats, lines: tuple[int, ...]) -> Floats:
    for axis in lines:
        values = ndimage.uniform_filter1d(values, min(ALONG, values.shape[axis]), axis=axis, mode="constant")
    return values


def _most_often(own: Rows, real: Rows) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for axis in AXES[len(own.values[0]) // 2]:
        (period, offset), count = Counter((int(p), int(o)) for p, o in own.of(f".{axis}")).most_common(1)[0]
        found |= {
            f"period_{axis}": period,
            f"offset_{axis}": offset,
            f"images_with_that_period_{axis}": count,
            f"mean_excess_{axis}": float(own.of(axis)[:, 1].mean()),
            f"mean_excess_real_{axis}": float(real.of(axis)[:, 1].mean()),
        }
    return found
