"""The evidence map: tasks down, modalities and architectures across; a bubble's area counts studies.

A bubble has three sectors, always at the same place: fidelity above, utility at the lower right, clinical reading at
the lower left. A sector is filled outwards by the share of studies that judged from this side, so that place, fill and
colour say the same. An empty cell says 0; a broken outline says that the evaluation of some study was not extracted,
and a bubble without sectors that none was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from synthassay.records.extraction import CATEGORIES, Family, SynthesisTask
from synthassay.records.vocabulary import Axis, Modality
from synthassay.review.evidence import Cell, Evidence
from synthassay.review.svg import BLUE, GREEN, INK, LINE, ORANGE, PAPER, SOFT, document, text
from synthassay.review.words import FAMILY_WORDS, MODALITY_WORDS, TASK_WORDS

CELL, LEFT, TOP, BETWEEN = 46.0, 128.0, 148.0, 14.0
LARGEST, SMALLEST = 18.0, 8.0
_HALO = f' stroke="{PAPER}" stroke-width="3" paint-order="stroke"'
COLOURS = {Axis.FIDELITY: BLUE, Axis.UTILITY: ORANGE, Axis.CLINICAL: GREEN}
_FROM = {Axis.FIDELITY: -150.0, Axis.UTILITY: -30.0, Axis.CLINICAL: 90.0}
IF_USED = (SynthesisTask.TRANSLATE_UNPAIRED, SynthesisTask.OTHER)
"""Tasks that have a row only where a study has them; all others have one, filled or empty."""
ALWAYS = (Family.GAN, Family.VAE, Family.HYBRID, Family.DIFFUSION)


def map_svg(evidence: Evidence) -> str:
    """Draw the map."""
    families = [f for f in (*Family, None) if f in ALWAYS or any(key[0] is f for key in evidence.cells)]
    tasks = [t for t in SynthesisTask if t not in IF_USED or any(k[2] is t for k in evidence.cells)]
    most = max((len(cell.studies) for cell in evidence.cells.values()), default=1) or 1
    group = len(families) * CELL + BETWEEN
    width = LEFT + len(Modality) * group + 16
    bottom = TOP + len(tasks) * CELL
    parts = list(_heads(families, tasks, group, bottom))
    for m, modality in enumerate(Modality):
        for f, family in enumerate(families):
            for t, task in enumerate(tasks):
                x, y = LEFT + m * group + (f + 0.5) * CELL, TOP + (t + 0.5) * CELL
                cell = evidence.cells.get((family, modality, task))
                parts += _cell(cell, x, y, most) if cell else _empty(family, modality, task, x, y)
    parts += _legend(LEFT, bottom + 34)
    notes = _notes(evidence)
    parts += [text(LEFT, bottom + 96 + 16 * n, line, size=11.5, fill=SOFT) for n, line in enumerate(notes)]
    return document(width, bottom + 100 + 16 * len(notes), "Evidence map: architecture by modality by task", parts)


def _heads(families: list[Family | None], tasks: list[SynthesisTask], group: float, bottom: float) -> Iterator[str]:
    yield text(LEFT, 26, "Studies by task, modality and architecture", size=15, more=' font-weight="600"')
    for t, task in enumerate(tasks):
        y = TOP + t * CELL
        if t % 2 == 0:
            for m in range(len(Modality)):
                place = f'x="{LEFT + m * group:g}" y="{y:g}" width="{group - BETWEEN:g}" height="{CELL:g}"'
                yield f'<rect {place} fill="#f3f5f7"/>'
        yield text(LEFT - 12, y + CELL / 2 + 4, TASK_WORDS[task], anchor="end", size=12.5)
    for m, modality in enumerate(Modality):
        x = LEFT + m * group
        middle = x + (group - BETWEEN) / 2
        yield text(middle, 54, MODALITY_WORDS[modality], size=13.5, anchor="middle", more=' font-weight="600"')
        yield f'<path d="M{x:g} 61H{x + group - BETWEEN:g}" stroke="{LINE}"/>'
        for f, family in enumerate(families):
            fx = x + (f + 0.5) * CELL + 4
            turned = f' transform="rotate(-50 {fx - 6:g} {TOP - 8:g})"'
            yield text(fx - 6, TOP - 8, FAMILY_WORDS[family], size=11.5, fill=SOFT, more=turned)


def _empty(family: Family | None, modality: Modality, task: SynthesisTask, x: float, y: float) -> list[str]:
    title = f"{MODALITY_WORDS[modality]}, {FAMILY_WORDS[family]}, {TASK_WORDS[task].lower()}: no study"
    return [f"<g><title>{escape(title)}</title>{text(x, y + 4, '0', size=10.5, fill='#75808c', anchor='middle')}</g>"]


def _cell(cell: Cell, x: float, y: float, most: int) -> list[str]:
    parts = [f"<g><title>{escape(_said(cell))}</title>"]
    if cell.studies:
        radius = max(SMALLEST, LARGEST * math.sqrt(len(cell.studies) / most))
        parts += _bubble(cell, x, y - 2, radius)
        parts.append(
            text(x + CELL / 2 - 3, y + CELL / 2 - 3, str(len(cell.studies)), size=10.5, anchor="end", more=_HALO)
        )
    else:
        parts.append(text(x, y + 4, "0", size=10.5, fill="#75808c", anchor="middle"))
    if cell.runs:
        parts.append(
            f'<rect x="{x - CELL / 2 + 3:g}" y="{y - CELL / 2 + 3:g}" width="12" height="12" fill="{INK}"/>'
            + text(x - CELL / 2 + 9, y - CELL / 2 + 12.5, str(len(cell.runs)), size=9.5, fill=PAPER, anchor="middle")
        )
    return [*parts, "</g>"]


def _bubble(cell: Cell, x: float, y: float, radius: float) -> list[str]:
    known = len(cell.extracted)
    broken = ' stroke-dasharray="3 2.4"' if known < len(cell.studies) else ""
    parts = [
        f'<circle cx="{x:g}" cy="{y:g}" r="{radius:.2f}" fill="{PAPER}" stroke="{INK}" stroke-width="1.3"{broken}/>'
    ]
    for axis in CATEGORIES if known else ():
        parts.append(_sector(x, y, radius, _FROM[axis], "none", LINE))
        if share := cell.judged(axis) / known:
            parts.append(_sector(x, y, radius * math.sqrt(share), _FROM[axis], COLOURS[axis], PAPER))
    return parts


def _sector(x: float, y: float, radius: float, start: float, fill: str, stroke: str) -> str:
    """A third of a circle; its area, not its radius, shows the share."""
    turns = [math.radians(angle) for angle in (start, start + 120)]
    (x0, y0), (x1, y1) = [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]
    way = f"M{x:g} {y:g}L{x0:.2f} {y0:.2f}A{radius:.2f} {radius:.2f} 0 0 1 {x1:.2f} {y1:.2f}Z"
    return f'<path d="{way}" fill="{fill}" stroke="{stroke}" stroke-width="0.7"/>'


def _said(cell: Cell) -> str:
    place = f"{MODALITY_WORDS[cell.modality]}, {FAMILY_WORDS[cell.family]}, {TASK_WORDS[cell.task].lower()}"
    known = len(cell.extracted)
    judged = ", ".join(f"{axis.value} {cell.judged(axis)}" for axis in CATEGORIES)
    silent = len(cell.studies) - known
    nothing = sum(not s.evaluation for s in cell.extracted)
    names = ", ".join(s.name for s in cell.studies)
    parts = [f"{place}: {len(cell.studies)} studies ({names})" if names else f"{place}: no study"]
    if known:
        parts.append(f"judged by {judged}; not evaluated {nothing}")
    if silent:
        parts.append(f"evaluation not extracted {silent}")
    if cell.runs:
        parts.append(f"own runs: {', '.join(s.name for s in cell.runs)}")
    return "; ".join(parts)


def _legend(x: float, y: float) -> Iterator[str]:
    for number, axis in enumerate(CATEGORIES):
        at = x + 14 + number * 112
        yield f'<circle cx="{at:g}" cy="{y:g}" r="11" fill="{PAPER}" stroke="{INK}"/>'
        yield _sector(at, y, 11, _FROM[axis], COLOURS[axis], PAPER)
        yield text(at + 18, y + 4, axis.value.capitalize(), size=12)
    at = x + 14 + 3 * 112 + 8
    yield f'<circle cx="{at:g}" cy="{y:g}" r="11" fill="{PAPER}" stroke="{INK}" stroke-dasharray="3 2.4"/>'
    yield text(at + 18, y + 4, "evaluation of some not extracted", size=12)
    yield f'<rect x="{at + 236:g}" y="{y - 6:g}" width="12" height="12" fill="{INK}"/>'
    yield text(at + 254, y + 4, "own runs", size=12)
    yield text(at + 322, y + 4, "0  no study", size=12, fill=SOFT)
    words = "Area counts studies (number at the lower right); a sector is filled by the share judged from that side."
    yield text(x, y + 32, words, size=11.5, fill=SOFT)


def _notes(evidence: Evidence) -> list[str]:
    fields = [f"{name} in {n}" for name, n in evidence.unplaced.items() if n]
    placed = {s.name for cell in evidence.cells.values() for s in cell.studies}
    apart = [s for s in evidence.studies if s.name not in placed]
    found = [
        f"{len(evidence.studies)} original studies, of which {len(placed)} stand in a cell (in several where they have "
        "several tasks, modalities or architectures)."
    ]
    if apart:
        found.append(f"{len(apart)} stand in none, because modality or task was not extracted ({', '.join(fields)}).")
    if evidence.reviews or evidence.without_row:
        found.append(
            f"Apart from them: {len(evidence.reviews)} reviews; {evidence.without_row} included reports of which "
            "nothing was extracted."
        )
    return found
