"""Choices and points from a CSV file: a row per answer, every fault with its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthassay.errors import ReadingError
from synthassay.reading.csv_table import PATIENTS, CsvTable, numbers, one_patient, read_table, refuse, within
from synthassay.reading.ratings_file import natural
from synthassay.reading.sheets import Sheet

READER, CASE = ("reader", "readerid"), ("case", "caseid")
ARM, ITEM = ("treatment", "arm", "modality", "modalityid"), ("item", "question")
POINTS, RIGHT = ("rating", "points", "score"), ("right", "correct")


@dataclass(frozen=True)
class _Answer:
    line: int
    reader: str
    arm: str
    item: str
    case: str
    value: float


def read_answers(
    path: Path, *, choices: bool, scale: tuple[float, float] | None = None
) -> tuple[tuple[Sheet, ...], tuple[str, ...]]:
    """Read answers.

    Args:
        path: CSV of reader, treatment, case and right (0 or 1) for choices, or rating for points; where known item
            (what was asked) and patient (or cluster, or subject).
        choices: Whether answers are choices.
        scale: Lowest and highest points that there are.

    Returns:
        A sheet per treatment and item, and the readers.

    Raises:
        ReadingError: It cannot be read, lacks a column, an answer is no number, off the scale, or there twice, or a
            reader lacks an answer that others gave. The message names the rows.
    """
    table = read_table(path)
    place = _places(table, choices)
    table.refuse_empty()
    cells = {name: table.cells(k) for name, k in place.items()}
    values = numbers(table.where, cells["value"], "answers")
    if choices:
        wrong = [line for (line, _), value in zip(cells["value"], values, strict=True) if value not in (0, 1)]
        refuse(table.where, "choices that are neither 0 nor 1", wrong, "1 is right, 0 wrong.")
    elif scale is not None:
        within(table.where, cells["value"], values, scale)
    empty = [line for name in ("reader", "arm", "case") for line, text in cells[name] if not text]
    refuse(table.where, "a reader, treatment or case without a name", empty, "Give each a name.")
    items = [text for _, text in cells["item"]] if "item" in cells else [""] * len(values)
    answers = [
        _Answer(line, reader, arm, item, case, value)
        for (line, reader), (_, arm), item, (_, case), value in zip(
            cells["reader"], cells["arm"], items, cells["case"], values, strict=True
        )
    ]
    whose = one_patient(table.where, cells["case"], cells["patient"]) if "patient" in cells else {}
    readers = tuple(sorted({answer.reader for answer in answers}, key=natural))
    return _sheets(table.where, answers, readers, whose), readers


def _places(table: CsvTable, choices: bool) -> dict[str, int]:
    spelt = {"reader": READER, "arm": ARM, "case": CASE, "value": RIGHT if choices else POINTS}
    optional = {"item": ITEM, "patient": PATIENTS} if not choices else {"patient": PATIENTS}
    found = {name: table.place(spellings) for name, spellings in {**spelt, **optional}.items()}
    missing = [spellings[0] for name, spellings in spelt.items() if found[name] is None]
    if missing:
        header = "reader,treatment,case,right" if choices else "reader,treatment,case,rating, and item where several"
        raise ReadingError(
            table.where, f"lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
            value=", ".join(table.header), remedy=f"The header is {header}.",
        )  # fmt: skip
    return {name: k for name, k in found.items() if k is not None}


def _sheets(
    where: str, answers: Sequence[_Answer], readers: tuple[str, ...], whose: dict[str, str]
) -> tuple[Sheet, ...]:
    arms = dict.fromkeys(answer.arm for answer in answers)
    items = dict.fromkeys(answer.item for answer in answers)
    sheets = []
    for item in items:
        for arm in arms:
            of = [answer for answer in answers if (answer.arm, answer.item) == (arm, item)]
            if of:
                sheets.append(_sheet(where, of, readers, whose))
    return tuple(sheets)


def _sheet(where: str, of: Sequence[_Answer], readers: tuple[str, ...], whose: dict[str, str]) -> Sheet:
    arm, item = of[0].arm, of[0].item
    what = f"treatment {arm}" + (f", item {item}" if item else "")
    cases = tuple(sorted({answer.case for answer in of}, key=natural))
    table = np.full((len(readers), len(cases)), np.nan)
    first: dict[tuple[str, str], int] = {}
    for answer in of:
        if (answer.reader, answer.case) in first:
            lines = [first[answer.reader, answer.case], answer.line]
            refuse(where, f"reader {answer.reader} answered case {answer.case} twice in {what}", lines, "Keep one.")
        first[answer.reader, answer.case] = answer.line
        table[readers.index(answer.reader), cases.index(answer.case)] = answer.value
    gaps = np.argwhere(np.isnan(table))
    if len(gaps):
        shown = "; ".join(f"reader {readers[r]}, case {cases[c]}" for r, c in gaps[:5])
        more = f"; and {len(gaps) - 5} more" if len(gaps) > 5 else ""
        remedy = "Leave these cases or this reader out: means need every answer."
        raise ReadingError(where, f"lacks {len(gaps)} answers in {what}", value=shown + more, remedy=remedy)
    if min(table.shape) < 2:
        few = f"has {table.shape[0]} reader(s) and {table.shape[1]} case(s) in {what}"
        raise ReadingError(where, few, remedy="Nothing generalises from one; add readings.")
    sheet = Sheet(arm, item, cases, table, tuple(whose[case] for case in cases) if whose else ())
    if len(sheet.units) < 2:
        raise ReadingError(where, f"has one patient in {what}", remedy="Nothing generalises from one; add patients.")
    return sheet
