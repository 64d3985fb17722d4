"""A contrast-detail curve as findings: the mean over lesions, what is gained over the source, and each lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import Finding, Setting
from synthassay.evaluate.observers.reading import CHANNELS, Lesion
from synthassay.evaluate.observers.retraining import subject_interval
from synthassay.records.measurement import Interval

Floats = NDArray[np.float64]
GAIN = "gain over the source"
WORDS = {"source": "before", "reference": "routine dose"}


@dataclass(frozen=True, eq=False)
class Reading:
    """What an observer scored on one lesion in one kind of image.

    Attributes:
        draws: The value per bootstrap draw of patients; draw i holds the same patients in all readings.
        left_out: The value with each patient left out in turn.
        settings: Further numbers of this reading.
    """

    value: float
    interval: Interval | None
    draws: Floats
    left_out: Floats
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
    (value, interval), (floor, floor_interval) = _average(after), _average(before)
    return Finding(
        value=value,
        interval=interval,
        floor=floor,
        floor_interval=floor_interval,
        n=after[0].images,
        subjects=after[0].subjects,
        settings={"lesions": len(after), "floor_is": "the same lesions before denoising", **_counts(after[0])},
    )


def _gain(after: Sequence[Reading], before: Sequence[Reading]) -> Finding:
    pairs = [
        replace(one, value=one.value - two.value, draws=one.draws - two.draws, left_out=one.left_out - two.left_out)
        for one, two in zip(after, before, strict=True)
    ]
    value, interval = _average(pairs)
    return Finding(
        value=value,
        interval=interval,
        stratum=GAIN,
        n=after[0].images,
        subjects=after[0].subjects,
        settings={"lesions": len(after), **_counts(after[0])},
    )


def _average(readings: Sequence[Reading]) -> tuple[float, Interval | None]:
    value = float(np.mean([reading.value for reading in readings]))
    drawn = np.mean([reading.draws for reading in readings], axis=0)
    return value, subject_interval(drawn, value, np.mean([reading.left_out for reading in readings], axis=0))


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
