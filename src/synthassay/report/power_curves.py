"""Power against severity, one small drawing per failure with the measures that see it first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthassay.records.bench import InjectedFailure, Response

FRAME = {"left": 34, "right": 310, "top": 10, "bottom": 130, "width": 320, "height": 158}
MOST = 4
DASHES = ("", "7 4", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class Line:
    """One measure's power, as SVG points."""

    metric: str
    points: str
    dash: str
    number: int


@dataclass(frozen=True)
class PowerCurves:
    """The drawing of one failure.

    Attributes:
        ticks: Place and text of each severity; they stand at equal steps.
        matters: Place of the severity that matters.
        wanted: Height of the power that counts as seen.
        description: What is drawn, for those who cannot see it.
    """

    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    matters: float
    wanted: float
    description: str


def power_curves(failure: InjectedFailure, found: Sequence[Response], power: float) -> PowerCurves:
    """Lay out the power of the first measures of ``found`` that see the failure; the first ones where none does.

    Args:
        failure: What was injected.
        found: Responses, the most sensitive first.
        power: Power that counts as seen.
    """
    shown = ([r for r in found if r.first_seen is not None] or list(found))[:MOST]
    places = [_across(i, len(failure.severities)) for i in range(len(failure.severities))]
    lines = tuple(
        Line(
            metric=response.metric,
            points=" ".join(
                f"{x},{_down(max(dose.power, dose.study_power or 0.0))}"
                for x, dose in zip(places, response.doses, strict=True)
            ),
            dash=DASHES[number],
            number=number,
        )
        for number, response in enumerate(shown)
    )
    said = "; ".join(
        f"{r.metric} " + ("never" if r.first_seen is None else f"from {r.first_seen:g} {failure.unit}") for r in shown
    )
    ticks = tuple((x, f"{severity:g}") for x, severity in zip(places, failure.severities, strict=True))
    return PowerCurves(
        lines, ticks, _place_of(failure), _down(power), f"Power against severity of {failure.title}: {said}."
    )


def _across(number: int, count: int) -> float:
    return round(FRAME["left"] + 14 + (FRAME["right"] - FRAME["left"] - 28) * number / max(count - 1, 1), 1)


def _down(power: float) -> float:
    return round(FRAME["bottom"] - (FRAME["bottom"] - FRAME["top"]) * min(max(power, 0.0), 1.0), 1)


def _place_of(failure: InjectedFailure) -> float:
    """Where the severity that matters stands between the severities tried, which are drawn at equal steps."""
    tried, at = failure.severities, failure.matters_at
    last = len(tried) - 1
    if at <= tried[0] or at >= tried[-1]:
        return _across(0 if at <= tried[0] else last, len(tried))
    upper = next(i for i, severity in enumerate(tried) if severity >= at)
    share = (at - tried[upper - 1]) / (tried[upper] - tried[upper - 1])
    low, high = _across(upper - 1, len(tried)), _across(upper, len(tried))
    return round(low + share * (high - low), 1)
