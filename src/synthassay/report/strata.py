"""Which strata of a measure a report shows: all, or where there are many, those in which the images are worst."""

from __future__ import annotations

from collections.abc import Sequence

from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Better

MOST_STRATA = 16
"""Strata of one measure that a table shows: label maps of a brain have 145 structures, and nobody reads 145 rows."""


def badness(measurement: Measurement) -> float:
    """Return a number that is smaller for a better value."""
    value = measurement.value if measurement.value is not None else float("inf")
    if measurement.better == Better.TARGET:
        return abs(value - (measurement.target or 0.0))
    return value if measurement.better == Better.LOWER else -value


def left_out(measurements: Sequence[Measurement], judged: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return, by measure, the strata that a table leaves out; a measure of at most ``MOST_STRATA`` leaves out none.

    Kept are the row of all images, and the strata in which the worst of the judged sets is worst; strata that nobody
    could measure are the first to go.

    Args:
        measurements: All measurements of a run.
        judged: Names of the sets whose worst value ranks a stratum; all sets where none of them was measured.
    """
    found = {}
    for metric in dict.fromkeys(m.metric for m in measurements):
        rows = [m for m in measurements if m.metric == metric and m.stratum]
        strata = list(dict.fromkeys(m.stratum for m in rows))
        if len(strata) <= MOST_STRATA:
            continue
        ranking = [m for m in rows if m.value is not None and m.of in judged] or [
            m for m in rows if m.value is not None
        ]
        worst: dict[str, float] = {}
        for m in ranking:
            worst[m.stratum] = max(worst.get(m.stratum, -float("inf")), badness(m))
        kept = sorted(strata, key=lambda stratum: -worst.get(stratum, -float("inf")))[:MOST_STRATA]
        found[metric] = frozenset(strata) - frozenset(kept)
    return found
