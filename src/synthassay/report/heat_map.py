"""The map of measures against failures: how early each measure sees each failure, by colour and by number."""

from __future__ import annotations

from dataclasses import dataclass

from synthassay.records.bench import FailureBench, Response
from synthassay.records.vocabulary import Axis

CELL_WIDTH, CELL_HEIGHT = 44, 21
LEFT, TOP = 232, 178
WORDS = {
    "early": "seen at half the severity that matters, or less",
    "in-time": "seen at the severity that matters, or before",
    "late": "seen, but only beyond the severity that matters",
    "never": "never seen, up to the largest severity tried",
    "untried": "does not apply, or not tried",
}
SIGNS = {"never": "·", "untried": ""}


@dataclass(frozen=True)
class Cell:
    """One measure against one failure."""

    x: float
    y: float
    kind: str
    text: str
    title: str


@dataclass(frozen=True)
class HeatMap:
    """The whole drawing, in user units.

    Attributes:
        rows: Label, place and axis of each measure; ``columns`` the label and place of each failure.
        breaks: Places of the lines between axes.
    """

    width: float
    height: float
    cells: tuple[Cell, ...]
    rows: tuple[tuple[str, float, bool], ...]
    columns: tuple[tuple[str, float], ...]
    breaks: tuple[tuple[str, float], ...]


def kind_of(response: Response | None, matters_at: float) -> str:
    """Return how early a measure sees a failure: a key of ``WORDS``."""
    if response is None or response.not_measured:
        return "untried"
    first = response.first_seen
    if first is None:
        return "never"
    if first <= matters_at / 2:
        return "early"
    return "in-time" if first <= matters_at else "late"


def heat_map(bench: FailureBench, required: frozenset[str] = frozenset()) -> HeatMap:
    """Lay out the map: measures by axis and then by name, failures in their own order.

    Args:
        bench: What was found.
        required: Measures that the protocol requires, which are marked.
    """
    axis_of = {r.metric: r.axis for r in bench.responses if not r.not_measured}
    metrics = sorted(axis_of, key=lambda name: (list(Axis).index(axis_of[name]), name))
    cells, rows, breaks = [], [], []
    last: Axis | None = None
    y = float(TOP)
    for metric in metrics:
        if axis_of[metric] is not last:
            y += 20 if last is not None else 16
            breaks.append((axis_of[metric].value, y - 5))
            last = axis_of[metric]
        rows.append((metric.replace("_", " "), y + CELL_HEIGHT / 2 + 4, metric in required))
        for number, failure in enumerate(bench.failures):
            response = bench.response(metric, failure.name)
            kind = kind_of(response, failure.matters_at)
            first = response.first_seen if response else None
            text = SIGNS.get(kind, f"{first or 0:g}")
            said = f"{metric} and {failure.title.lower()}: {WORDS[kind]}"
            title = f"{said} (from {first:g} {failure.unit}; {failure.matters_at:g} matters)" if first else said
            cells.append(Cell(LEFT + number * CELL_WIDTH, y, kind, text, title))
        y += CELL_HEIGHT
    columns = tuple(
        (failure.title, LEFT + (number + 0.62) * CELL_WIDTH) for number, failure in enumerate(bench.failures)
    )
    width = LEFT + len(bench.failures) * CELL_WIDTH + 110
    return HeatMap(width, y + 12, tuple(cells), tuple(rows), columns, tuple(breaks))
