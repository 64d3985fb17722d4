"""Learning curves: what a downstream model reaches with so many real patients, without and with synthetic images."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from synthassay.records.measurement import Measurement
from synthassay.report.contents import Contents
from synthassay.report.numbers import plain, with_interval
from synthassay.report.scale import Scale, fitted

GAINS = {"auc_gain": "AUC", "dice_gain": "Dice"}
PLAIN_REGIME = re.compile(r"^real=[\d.]+%, ratio=([\d.]+)$")
APART = 6.0  # between whiskers of two ratios, which would hide each other
FRAME = {"left": 52, "right": 292, "top": 12, "bottom": 150, "width": 310, "height": 192}


@dataclass(frozen=True)
class Line:
    """What is reached with one ratio of synthetic to real images.

    Attributes:
        points: Place of each number of patients.
        whiskers: x, upper and lower end: the gain's interval, laid onto what real images alone reach.
    """

    ratio: str
    points: tuple[tuple[float, float], ...]
    whiskers: tuple[tuple[float, float, float], ...]
    path: str


@dataclass(frozen=True)
class LearningCurves:
    """One picture and its table: one set of synthetic images, one outcome."""

    of: str
    outcome: str
    real: Line
    with_synthetic: tuple[Line, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    rows: tuple[tuple[str, ...], ...]
    worth: str
    description: str


def learning_curves(contents: Contents) -> tuple[LearningCurves, ...]:
    """Return a picture for every set that was measured with two or more numbers of real patients."""
    found = []
    for metric in GAINS:
        for of in contents.judged:
            rows = [m for m in contents.measurements if (m.metric, m.of) == (metric, of) and _drawable(m)]
            if len({m.settings["real_patients"] for m in rows}) > 1:
                found.append(_curves(of, metric, rows, contents.measurements))
    return tuple(found)


def _drawable(m: Measurement) -> bool:
    needed = {"real_patients", "with_synthetic", "without_synthetic"}
    return m.value is not None and bool(PLAIN_REGIME.match(m.stratum)) and needed <= m.settings.keys()


def _curves(of: str, metric: str, rows: Sequence[Measurement], everything: Sequence[Measurement]) -> LearningCurves:
    ordered = sorted(rows, key=lambda m: (_number(m, "real_patients"), m.stratum))
    patients = [_number(m, "real_patients") for m in ordered]
    x = Scale(min(patients) / 1.15, max(patients) * 1.15, FRAME["left"] + 12, FRAME["right"], logarithmic=True)
    heights = [_number(m, key) for m in ordered for key in ("with_synthetic", "without_synthetic")]
    heights += [end for m in ordered for end in _ends(m)]
    y = fitted(heights, FRAME["bottom"], FRAME["top"])
    assert y is not None
    ratios = list(dict.fromkeys(_ratio(m) for m in ordered))
    real = {_number(m, "real_patients"): _number(m, "without_synthetic") for m in ordered}
    gained = tuple(
        _line(ratio, [m for m in ordered if _ratio(m) == ratio], x, y, APART * (i - (len(ratios) - 1) / 2))
        for i, ratio in enumerate(ratios)
    )
    points = tuple((x.place(count), y.place(value)) for count, value in real.items())
    outcome = GAINS[metric]
    first, last = ordered[0], ordered[-1]
    return LearningCurves(
        of=of,
        outcome=outcome,
        real=Line("", points, (), _path(points)),
        with_synthetic=gained,
        x_ticks=tuple(dict.fromkeys((x.place(count), plain(count, 0)) for count in real)),
        y_ticks=tuple(y.ticks(4)),
        rows=tuple(_cells(m) for m in ordered),
        worth=_worth(of, outcome, everything),
        description=(
            f"{outcome} on real test patients against the number of real training patients: real images alone from "
            f"{plain(_number(first, 'without_synthetic'))} with {patients[0]:g} to "
            f"{plain(_number(last, 'without_synthetic'))} with {patients[-1]:g}; with synthetic images added, from "
            f"{plain(_number(first, 'with_synthetic'))} to {plain(_number(last, 'with_synthetic'))}."
        ),
    )


def _line(ratio: str, rows: Sequence[Measurement], x: Scale, y: Scale, aside: float) -> Line:
    places = [
        (round(x.place(_number(m, "real_patients")) + aside, 2), y.place(_number(m, "with_synthetic"))) for m in rows
    ]
    whiskers = [
        (place, y.place(ends[1]), y.place(ends[0]))
        for (place, _), m in zip(places, rows, strict=True)
        if (ends := _ends(m))
    ]
    return Line(ratio, tuple(places), tuple(whiskers), _path(places))


def _cells(m: Measurement) -> tuple[str, ...]:
    value, interval = with_interval(m.value or 0.0, m.interval)
    return (
        plain(_number(m, "real_patients"), 0),
        _ratio(m),
        plain(_number(m, "without_synthetic")),
        plain(_number(m, "with_synthetic")),
        f"{value} {interval}".strip(),
        _told(m),
    )


def _told(m: Measurement) -> str:
    if not m.apart_from_zero:
        return "not shown"
    return "shown" if m.survives_correction else "shown alone, not among all regimes (Holm)"


def _worth(of: str, outcome: str, everything: Sequence[Measurement]) -> str:
    metric = {"AUC": "classification_worth", "Dice": "segmentation_worth"}[outcome]
    found = next((m for m in everything if (m.metric, m.of) == (metric, of) and m.value is not None), None)
    if found is None:
        return ""
    bound = str(found.settings.get("bound", "none"))
    number = plain(found.value or 0.0, 0)
    words = {"none": f"about {number}", "at least": f"at least {number}"}.get(bound, bound)
    interval = f" [{plain(found.interval.low, 0)}, {plain(found.interval.high, 0)}]" if found.interval else ""
    return f"Alone, without any real patient, these images do as well as {words} real patients{interval}."


def _number(m: Measurement, key: str) -> float:
    return float(m.settings[key])


def _ends(m: Measurement) -> tuple[float, ...]:
    if m.interval is None:
        return ()
    base = _number(m, "without_synthetic")
    return base + m.interval.low, base + m.interval.high


def _ratio(m: Measurement) -> str:
    found = PLAIN_REGIME.match(m.stratum)
    return found.group(1) if found else ""


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
