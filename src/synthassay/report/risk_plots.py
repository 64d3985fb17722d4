"""Traffic lights and their summary: risk of bias of runs by domain, as SVG that stands alone or in a page.

Each level has a colour of Okabe and Ito's set and a sign of its own, so that no level is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from synthassay.records.appraisal import Appraisal, Level

CELL, ROW, LABEL = 52, 34, 210
BAR, BAR_ROW = 420, 28
LETTER, TILT = 6.9, 0.67  # width of a letter at 12 px, generously; sine of 42 degrees, by which labels are tilted
LEVELS = (Level.LOW, Level.SOME, Level.HIGH, Level.UNCLEAR)
SIGNS = {
    Level.LOW: "M-5.5 0h11M0 -5.5v11",
    Level.SOME: "M-5.5 0h11",
    Level.HIGH: "M-4.5 -4.5l9 9M-4.5 4.5l9 -9",
    Level.UNCLEAR: "M-3.2 -2.6c0 -4.6 6.6 -4.4 6.4 -.4c-.1 2.2 -3.2 2.2 -3.2 4.8M0 5v1.4",
}
OVERALL = "Overall"


@dataclass(frozen=True)
class Light:
    """One domain of one run.

    Attributes:
        x, y: Centre, in user units.
        kind: Class of the level.
        says: What a reader without sight, or with a pointer, is told.
    """

    x: float
    y: float
    kind: str
    sign: str
    says: str


@dataclass(frozen=True)
class Part:
    """The share of runs at one level in one domain."""

    x: float
    width: float
    kind: str
    sign: str
    text: str
    says: str


def kind_of(level: Level) -> str:
    """Return the CSS class of a level.

    >>> kind_of(Level.SOME)
    'some'
    """
    return level.value.split()[0]


def traffic_light(rows: Sequence[tuple[str, Appraisal]]) -> str:
    """Return the traffic-light plot as SVG: a row for each run, a column for each domain, and the whole at the end.

    Args:
        rows: Name of each run with its appraisal, all by one instrument.

    Raises:
        ValueError: There is no run, or the instruments differ or judge no domains.
    """
    first = _one_instrument(rows)
    titles = [domain.title for domain in first.domains]
    columns = [(title, LABEL + (i + 0.5) * CELL) for i, title in enumerate(titles)]
    end = LABEL + len(titles) * CELL + 14 + CELL / 2
    top = round(24 + LETTER * TILT * max(map(len, titles)))
    reach = max(x + LETTER * 0.75 * len(title) for title, x in [*columns, (OVERALL, end)])
    lights = []
    for number, (name, appraisal) in enumerate(rows):
        y = top + (number + 0.5) * ROW
        for (title, x), domain in zip(columns, appraisal.domains, strict=True):
            says = f"{name}, {title}: {domain.level.value}; {domain.why}"
            lights.append(Light(x, y, kind_of(domain.level), SIGNS[domain.level], says))
        assert appraisal.overall is not None
        says = f"{name}, overall: {appraisal.overall.value}"
        lights.append(Light(end, y, kind_of(appraisal.overall), SIGNS[appraisal.overall], says))
    bottom = top + len(rows) * ROW
    return _template("_traffic_light.svg.j2").render(
        columns=[*columns, (OVERALL, end)],
        rows=[(shortened(name), top + (i + 0.5) * ROW + 4) for i, (name, _) in enumerate(rows)],
        lights=lights,
        key=_key(LABEL + 12, bottom + 26),
        width=round(max(reach, end + CELL / 2) + 16),
        height=bottom + 44,
        top=top,
        bottom=bottom,
        left=LABEL,
        right=end + CELL / 2,
        title=first.title,
    )


def risk_summary(rows: Sequence[tuple[str, Appraisal]]) -> str:
    """Return the summary plot as SVG: for each domain the share of runs at each level.

    Args:
        rows: As for ``traffic_light``.

    Raises:
        ValueError: As for ``traffic_light``.
    """
    first = _one_instrument(rows)
    levels = {d.title: [a.domains[i].level for _, a in rows] for i, d in enumerate(first.domains)}
    levels[OVERALL] = [appraisal.overall for _, appraisal in rows if appraisal.overall is not None]
    left = round(24 + LETTER * max(map(len, levels)))
    bars = []
    for number, (title, found) in enumerate(levels.items()):
        y = 16 + number * BAR_ROW + (8 if title == OVERALL else 0)
        bars.append((title, y, _parts(title, found, left)))
    bottom = 16 + len(levels) * BAR_ROW + 8
    return _template("_risk_summary.svg.j2").render(
        bars=bars,
        ticks=[(f"{share} %", left + share / 100 * BAR) for share in (0, 25, 50, 75, 100)],
        key=_key(left + 10, bottom + 46),
        width=left + BAR + 40,
        height=bottom + 64,
        bottom=bottom,
        left=left,
        title=first.title,
        runs=len(rows),
    )


def shortened(text: str, most: int = 30) -> str:
    """Return a text that fits, with an ellipsis where something was cut.

    >>> shortened("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _parts(title: str, found: Sequence[Level], left: float) -> list[Part]:
    parts, x = [], left
    for level in LEVELS:
        number = sum(one is level for one in found)
        if not number:
            continue
        width = number / len(found) * BAR
        says = f"{title}: {level.value} in {number} of {len(found)}"
        parts.append(Part(round(x, 2), round(width, 2), kind_of(level), SIGNS[level], str(number), says))
        x += width
    return parts


def _key(x: float, y: float) -> list[Light]:
    lights = []
    for level in LEVELS:
        lights.append(Light(x, y, kind_of(level), SIGNS[level], level.value))
        x += 48 + 6.2 * len(level.value)
    return lights


def _one_instrument(rows: Sequence[tuple[str, Appraisal]]) -> Appraisal:
    if not rows or not all(appraisal.domains for _, appraisal in rows):
        raise ValueError("there is nothing to draw: no run was judged by domain")
    if len({(a.instrument, tuple(d.domain for d in a.domains)) for _, a in rows}) > 1:
        raise ValueError("runs judged by different instruments cannot be drawn side by side")
    return rows[0][1]


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("synthassay.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(name)
