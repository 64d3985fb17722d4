"""The PRISMA 2020 flow as a drawing. Implied counts and missing ones look different from stated ones, and say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from synthassay.review.flow import Flow
from synthassay.review.svg import BLUE, INK, LINE, PAPER, SOFT, document, text, wrapped

SIZE, LEADING, PAD = 12.5, 17.0, 10.0
WIDTH, GAP, STEP = 250.0, 56.0, 30.0
PHASE, MARGIN, HEAD = 30.0, 14.0, 30.0
NOT_REPORTED = "n\u00a0not\u00a0reported"
PHASES = ("Identification", "Screening", "Included")


@dataclass
class _Box:
    """A box of the drawing; ``y`` is set when its row is laid."""

    lines: list[tuple[str, bool]]  # words, and whether they are only an addition
    column: int
    y: float = 0.0

    @property
    def height(self) -> float:
        return 2 * PAD + LEADING * len(self.lines) - 4

    @property
    def x(self) -> float:
        return MARGIN + PHASE + 14 + self.column * (WIDTH + GAP)


def flow_svg(flow: Flow) -> str:
    """Draw a flow; the column of other ways stands only where there are some."""
    other = flow.count("other_identified") is not None
    rows = [row for row in _rows(flow, other=other) if row]
    y, tops = MARGIN + HEAD, []
    for row in rows:
        tops.append(y)
        for box in row:
            box.y = y
        y += max(box.height for box in row) + STEP
    height = y - STEP + MARGIN
    width = MARGIN * 2 + PHASE + 14 + (4 if other else 2) * (WIDTH + GAP) - GAP
    parts = [*_heads(other=other), *_phases(rows, tops), *_arrows(rows, other=other)]
    parts += [part for row in rows for box in row for part in _drawn(box)]
    return document(width, height, "PRISMA 2020 flow of records", parts)


def _rows(flow: Flow, *, other: bool) -> list[list[_Box]]:
    c = flow.counts
    found = [_box(0, flow, ("Records identified from databases and registers", "identified"))]
    found[0].lines += _parts({**c.databases, **c.registers}, "By source")
    removed = _box(1, flow, ("Duplicate records removed", "duplicates"))
    for words, name in (
        ("Removed by automation", "excluded_automatic"),
        ("Removed for other reasons", "excluded_other"),
    ):
        if flow.count(name):
            removed.lines += _line(words, flow, name)
    rows = [
        [*found, removed],
        [_box(0, flow, ("Records screened", "screened")), _box(1, flow, ("Records excluded", "excluded"))],
        [
            _box(0, flow, ("Reports sought for retrieval", "sought")),
            _box(1, flow, ("Reports not retrieved", "not_retrieved")),
        ],
        [_box(0, flow, ("Reports assessed for eligibility", "assessed")), _reasons(1, flow, "")],
    ]
    if other:
        ways = _box(2, flow, ("Records identified by other ways", "other_identified"))
        ways.lines += _parts(c.other_sources, "By way")
        rows[0].append(ways)
        rows[1].append(_box(3, flow, ("Duplicates, and excluded by title and abstract", "other_removed")))
        rows[2] += [
            _box(2, flow, ("Reports sought for retrieval", "other_sought")),
            _box(3, flow, ("Reports not retrieved", "other_not_retrieved")),
        ]
        rows[3] += [_box(2, flow, ("Reports assessed for eligibility", "other_assessed")), _reasons(3, flow, "other_")]
    last = _box(0, flow, ("Studies included in review", "included_studies"))
    last.lines += _line("Reports of included studies", flow, "included_reports")
    if c.total_studies is not None or c.total_reports is not None:
        last.lines += _line("Studies in all, with the previous review's", flow, "total_studies")
        last.lines += _line("Reports in all", flow, "total_reports")
    return [*rows, [last]]


def _box(column: int, flow: Flow, what: tuple[str, str]) -> _Box:
    return _Box(_line(what[0], flow, what[1]), column)


def _line(words: str, flow: Flow, name: str) -> list[tuple[str, bool]]:
    return [(line, False) for line in wrapped(f"{words} ({_n(flow, name)})", WIDTH - 2 * PAD, SIZE)]


def _n(flow: Flow, name: str) -> str:
    """The count as the figure says it, with spaces that no line is broken at."""
    number = flow.count(name)
    if number is None:
        return NOT_REPORTED
    told = f"n\u00a0=\u00a0{number:,}"
    return f"{told},\u00a0implied" if name in flow.implied else told


def _parts(parts: Mapping[str, int | None], title: str) -> list[tuple[str, bool]]:
    if not parts:
        return [(f"{title}: not reported", True)]
    return [
        (line, True)
        for words, n in parts.items()
        for line in wrapped(f"{words}: {NOT_REPORTED if n is None else format(n, ',')}", WIDTH - 2 * PAD - 8, SIZE - 1)
    ]


def _reasons(column: int, flow: Flow, prefix: str) -> _Box:
    box = _box(column, flow, ("Reports excluded", f"{prefix}full_text_excluded"))
    if flow.count(f"{prefix}full_text_excluded") != 0:
        box.lines += _parts(getattr(flow.counts, f"{prefix}full_text_reasons"), "By reason")
    return box


def _drawn(box: _Box) -> list[str]:
    parts = [
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{WIDTH:g}" height="{box.height:g}" rx="4" fill="{PAPER}" '
        f'stroke="{BLUE if box.column in (0, 2) else LINE}" stroke-width="1.4"/>'
    ]
    for number, (words, added) in enumerate(box.lines):
        y = box.y + PAD + 10 + number * LEADING
        size, fill, indent = (SIZE - 1, SOFT, 8) if added else (SIZE, INK, 0)
        parts.append(text(box.x + PAD + indent, y, words, size=size, fill=fill))
    return parts


def _heads(*, other: bool) -> list[str]:
    heads = [(0, "Databases and registers"), (2, "Other ways")] if other else [(0, "Databases and registers")]
    return [
        text(_Box([], column).x, MARGIN + 14, words, size=13, fill=SOFT, more=' font-weight="600"')
        for column, words in heads
    ]


def _phases(rows: list[list[_Box]], tops: list[float]) -> list[str]:
    """The three phases beside the rows that they hold."""
    parts = []
    for words, (first, last) in zip(PHASES, ((0, 0), (1, len(rows) - 2), (len(rows) - 1, len(rows) - 1)), strict=True):
        top, bottom = tops[first], tops[last] + max(box.height for box in rows[last])
        middle = (top + bottom) / 2
        parts.append(
            f'<rect x="{MARGIN:g}" y="{top:g}" width="{PHASE:g}" height="{bottom - top:g}" rx="4" fill="#dcebf5"/>'
        )
        size = min(12.0, (bottom - top) / (len(words) * 0.56))
        x = MARGIN + PHASE / 2 + 4
        turned = f' transform="rotate(-90 {x:g} {middle:g})"'
        parts.append(
            text(x, middle, words, size=size, fill="#063a5c", anchor="middle", more=turned + ' font-weight="600"')
        )
    return parts


def _arrows(rows: list[list[_Box]], *, other: bool) -> list[str]:
    places = [{box.column: box for box in row} for row in rows]
    parts = []
    for here, below in pairwise(places):
        for side in (0, 2):
            if side in here and side + 1 in here:
                a, b = here[side], here[side + 1]
                y = min(a.y + a.height / 2, b.y + b.height / 2)
                parts.append(_arrow((a.x + WIDTH, y), (b.x, y)))
            if side in here and side in below:
                a, b = here[side], below[side]
                parts.append(_arrow((a.x + WIDTH / 2, a.y + a.height), (b.x + WIDTH / 2, b.y)))
    if other:
        parts += _joining(places)
    return parts


def _joining(places: list[dict[int, _Box]]) -> list[str]:
    """The other ways skip the second row and end in the box of what is included."""
    first, aside, sought, last = places[0][2], places[1][3], places[2][2], places[-1][0]
    x = first.x + WIDTH / 2
    y = aside.y + aside.height / 2
    end, level = places[-2][2], last.y + last.height / 2
    return [
        _arrow((x, first.y + first.height), (x, sought.y)),
        _arrow((x, y), (aside.x, y)),
        f'<path d="M{x:g} {end.y + end.height:g}V{level:g}" stroke="{LINE}" stroke-width="1.4" fill="none"/>',
        _arrow((x, level), (last.x + WIDTH, level)),
    ]


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x0, y0), (x1, y1) = start, end
    if y0 == y1:
        way = 5 if x1 > x0 else -5
        head = f"M{x1 - way:g} {y1 - 4:g}L{x1:g} {y1:g}L{x1 - way:g} {y1 + 4:g}"
    else:
        head = f"M{x1 - 4:g} {y1 - 5:g}L{x1:g} {y1:g}L{x1 + 4:g} {y1 - 5:g}"
    return f'<path d="M{x0:g} {y0:g}L{x1:g} {y1:g}{head}" stroke="{LINE}" stroke-width="1.4" fill="none"/>'
