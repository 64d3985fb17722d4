"""The numbers as tables: one per axis, in it one group per measure and stratum, in it one row per judged set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from synthassay.records.measurement import Interval, Measurement
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.records.vocabulary import Axis, Better
from synthassay.report.contents import REAL, Contents
from synthassay.report.numbers import percent, plain, unit_words, with_interval
from synthassay.report.scale import Scale, fitted
from synthassay.report.strata import left_out

PLOT_WIDTH, PLOT_MARGIN = 200, 8
QUESTIONS = {
    Axis.FIDELITY: "Do the images show what real ones show?",
    Axis.DIVERSITY: "Is the variety of real patients there?",
    Axis.UTILITY: "Do they help a model that is tested on real patients?",
    Axis.LEAKAGE: "Do they give away the patients that were learnt from?",
    Axis.FAILURE: "Do the failures known for this modality occur?",
    Axis.CLINICAL: "What do clinical readers say?",
}
DIRECTIONS = {Better.HIGHER: "higher is better", Better.LOWER: "lower is better", Better.TARGET: "nearer to the target"}
KINDS = {"generator": "generator", "baseline": "baseline", "control": "control", "real": "real against real"}


@dataclass(frozen=True)
class Mark:
    """Where a row's value, interval and floor fall in its plot; None where there is none."""

    value: float
    low: float | None
    high: float | None
    floor: float | None
    target: float | None


@dataclass(frozen=True)
class Row:
    """One set of images measured, or the reason why it was not."""

    of: str
    kind: str
    value: str = ""
    interval: str = ""
    n: int = 0
    subjects: int = 0
    floor: str = ""
    floor_interval: str = ""
    not_measured: str = ""
    failed: tuple[str, ...] = ()
    mark: Mark | None = None


@dataclass(frozen=True)
class Group:
    """One measure in one stratum, for all that were judged.

    Attributes:
        more: Strata of the measure that are not shown; stands on its last group.
    """

    metric: str
    title: str
    stratum: str
    arrow: str
    direction: str
    unit: str
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]
    level: str
    more: int = 0


@dataclass(frozen=True)
class AxisTable:
    """All measures of one axis."""

    axis: Axis
    question: str
    groups: tuple[Group, ...]
    has_floor: bool


def axis_tables(contents: Contents, pseudonyms: Pseudonyms) -> tuple[AxisTable, ...]:
    """Return one table per axis, in the order of the axes; an axis on which nothing stands has no groups."""
    tables = []
    hidden = left_out(contents.measurements, contents.generators)
    for axis in Axis:
        here = [
            m for m in contents.measurements if m.axis == axis and m.stratum not in hidden.get(m.metric, frozenset())
        ]
        keys = list(dict.fromkeys((m.metric, m.stratum) for m in here))
        first_seen = list(dict.fromkeys(metric for metric, _ in keys))
        ordered = [key for metric in first_seen for key in keys if key[0] == metric]  # strata follow their measure
        last = dict(ordered)
        groups = tuple(
            _group(
                [m for m in here if (m.metric, m.stratum) == (metric, stratum)],
                contents,
                pseudonyms,
                more=len(hidden.get(metric, ())) if last[metric] == stratum else 0,
            )
            for metric, stratum in ordered
        )
        has_floor = any(row.floor for group in groups for row in group.rows)
        tables.append(AxisTable(axis, QUESTIONS[axis], groups, has_floor))
    return tuple(tables)


def kind_of(of: str, contents: Contents) -> str:
    """Return what a measured set is: a generator, a baseline, a control, or real images against real ones."""
    if of == REAL:
        return "real"
    if of in contents.controls:
        return "control"
    return "baseline" if of in contents.baselines else "generator"


def stratum_words(stratum: str) -> str:
    """Return a stratum as people say it.

    >>> stratum_words("tissue=bone"), stratum_words("")
    ('tissue: bone', '')
    """
    return stratum.replace("=", ": ")


def _group(measurements: list[Measurement], contents: Contents, pseudonyms: Pseudonyms, *, more: int) -> Group:
    order = {of: place for place, of in enumerate([*contents.judged, REAL])}
    ordered = sorted(measurements, key=lambda m: order.get(m.of, len(order)))
    scale = fitted(_drawn_values(ordered), PLOT_MARGIN, PLOT_WIDTH - PLOT_MARGIN)
    first = ordered[0]
    intervals = [m.interval for m in ordered if m.interval]
    return Group(
        metric=first.metric,
        title=first.title,
        stratum=pseudonyms.scrub(stratum_words(first.stratum)),
        arrow=first.better.arrow,
        direction=direction_words(first),
        unit=unit_words(first.unit),
        rows=tuple(_row(m, kind_of(m.of, contents), scale, pseudonyms) for m in ordered),
        ticks=tuple(scale.ticks(3)) if scale else (),
        level=percent(intervals[0].level) if intervals else "",
        more=more,
    )


def direction_words(measurement: Measurement) -> str:
    """Return which way is good, in words."""
    target = f" {plain(measurement.target)}" if measurement.target is not None else ""
    return DIRECTIONS[measurement.better] + target


def _row(m: Measurement, kind: str, scale: Scale | None, pseudonyms: Pseudonyms) -> Row:
    failed = tuple(f"{pseudonyms.case(case)}: {pseudonyms.scrub(why)}" for case, why in m.failed_cases.items())
    if m.value is None:
        reason = pseudonyms.scrub(m.not_measured)
        return Row(m.of, kind, n=m.n, subjects=m.subjects, not_measured=reason, failed=failed)
    value, interval = with_interval(m.value, m.interval)
    floor, floor_interval = with_interval(m.floor, m.floor_interval or None) if m.floor is not None else ("", "")
    return Row(
        of=m.of,
        kind=kind,
        value=value,
        interval=interval,
        n=m.n,
        subjects=m.subjects,
        floor=floor,
        floor_interval=floor_interval,
        failed=failed,
        mark=_mark(m.value, m.interval, m.floor, m.target, scale),
    )


def _mark(
    value: float, interval: Interval | None, floor: float | None, target: float | None, scale: Scale | None
) -> Mark | None:
    if scale is None or value != value:  # noqa: PLR0124 - a NaN has no place on a scale
        return None
    return Mark(
        value=scale.place(value),
        low=scale.place(interval.low) if interval else None,
        high=scale.place(interval.high) if interval else None,
        floor=scale.place(floor) if floor is not None else None,
        target=scale.place(target) if target is not None else None,
    )


def _drawn_values(measurements: Iterable[Measurement]) -> Iterable[float]:
    for m in measurements:
        if m.value is not None:
            yield from (v for v in (m.value, m.floor, m.target) if v is not None)
            if m.interval:
                yield from (m.interval.low, m.interval.high)
