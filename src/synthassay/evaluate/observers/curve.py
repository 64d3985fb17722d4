"""A contrast-detail curve as findings: the mean over lesions, what is gained over the source, and each lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import Finding, Setting
from synthassay.evaluate.observers.detection import LEVEL
from synthassay.evaluate.observers.reading import CHANNELS, Lesion
from synthassay.records.measurement import Interval

GAIN = "gain over the source"
WORDS = {"source": "before", "reference": "routine dose"}


@dataclass(frozen=True, eq=False)
class Reading:
    """What an observer scored on one lesion in one kind of image.

    Attributes:
        draws: The value per bootstrap draw of patients; draw i holds the same patients in all readings.
        settings: Further numbers of this reading.
    """

    value: float
    interval: Interval | None
    draws: NDArray[np.float64]
    images: int
    subjects: int
    settings: Mapping[str, Setting] = field(default_factory=dict)


def curve(found: Mapping[Lesion, Mapping[str, Reading]]) -> list[Finding]:
    """Return the mean over lesions after denoising, its gain over the source, and one finding per lesion and image.

    Args:
        found: Lesion to kind of image (``synthetic``, ``source``, ``reference``) to its reading.

    Raises:
        NotMeasured: There is no lesion.
    """
    if not found:
        raise NotMeasured("no place in these images has room for a lesion in soft tissue")
    after, before = ([kinds[kind] for kinds in found.values()] for kind in ("synthetic", "source"))
    return [_mean(after, before), _gain(after, before), *_each(found)]


def _mean(after: Sequence[Reading], before: Sequence[Reading]) -> Finding:
    return Finding(
        value=float(np.mean([reading.value for reading in after])),
        interval=percentiles([reading.draws for reading in after]),
        floor=float(np.mean([reading.value for reading in before])),
        floor_interval=percentiles([reading.draws for reading in before]),
        n=after[0].images,
        subjects=after[0].subjects,
        settings={"lesions": len(after), "floor_is": "the same lesions before denoising", **_counts(after[0])},
    )


def _gain(after: Sequence[Reading], before: Sequence[Reading]) -> Finding:
    pairs = list(zip(after, before, strict=True))
    return Finding(
        value=float(np.mean([one.value - two.value for one, two in pairs])),
        interval=percentiles([one.draws - two.draws for one, two in pairs]),
        stratum=GAIN,
        n=after[0].images,
        subjects=after[0].subjects,
        settings={"lesions": len(after), **_counts(after[0])},
    )


def _each(found: Mapping[Lesion, Mapping[str, Reading]]) -> list[Finding]:
    findings = []
    for (diameter, contrast), kinds in found.items():
        for kind, reading in kinds.items():
            name = f"lesion={diameter:g} mm {contrast:g} HU"
            findings.append(
                Finding(
                    value=reading.value,
                    interval=reading.interval,
                    stratum=f"{name}, {WORDS[kind]}" if kind in WORDS else name,
                    n=reading.images,
                    subjects=reading.subjects,
                    settings={**reading.settings, **_counts(reading)},
                )
            )
    return findings


def _counts(reading: Reading) -> dict[str, Setting]:
    return {"images_per_channel": round(reading.images / CHANNELS, 1)}


def percentiles(draws: Sequence[NDArray[np.float64]]) -> Interval | None:
    """Return the percentile interval of the mean over several series of paired draws; None without draws."""
    means = np.mean(draws, axis=0)
    means = means[np.isfinite(means)]
    if not means.size:
        return None
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    method = f"bootstrap of subjects, percentile, {means.size} draws"
    return Interval(low=float(low), high=float(high), level=LEVEL, method=method)
