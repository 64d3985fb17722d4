"""Free-response marks from a CSV file: one row per mark, and one without a rating for a case read without marks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthassay.errors import ReadingError
from synthassay.reading.csv_table import PATIENTS, one_patient, read_table
from synthassay.reading.ratings_file import natural
from synthassay.stats.mrmc.localisation import Marks
from synthassay.stats.mrmc.ratings import Ratings

COLUMNS = ("reader", "treatment", "case", "lesions", "rating", "lesion")


@dataclass(frozen=True)
class Mark:
    """One row: ``rating`` is None where nothing was marked, ``lesion`` 0 where the mark hit none."""

    reader: str
    treatment: str
    case: str
    lesions: int
    rating: float | None
    lesion: int


def read_marks(path: Path) -> Marks:
    """Read marks.

    Args:
        path: CSV of reader, treatment, case, lesions (how many the case has, 0 for a negative one), rating (empty:
            read, nothing marked), lesion (which one the mark hit, from 1; empty for none), and where patients have
            several cases patient (or cluster, or subject).

    Raises:
        ReadingError: It cannot be read or lacks a column, or a row contradicts itself or another; the message names it.
    """
    table = read_table(path)
    missing = [name for name in COLUMNS if name not in table.header]
    if missing:
        raise ReadingError(
            str(path), f"lacks the columns {', '.join(missing)}", remedy=f"It needs {', '.join(COLUMNS)}."
        )
    table.refuse_empty()
    marks = [_mark(f"{path}, row {line}", dict(zip(table.header, cells, strict=True))) for line, cells in table.rows]
    lesions: dict[str, int] = {}
    for (number, _), mark in zip(table.rows, marks, strict=True):
        if lesions.setdefault(mark.case, mark.lesions) != mark.lesions:
            raise ReadingError(
                f"{path}, row {number}", f"case {mark.case} has two numbers of lesions", value=mark.lesions
            )
    for count, word in ((0, "negative"), (1, "positive")):
        if not any(min(n, 1) == count for n in lesions.values()):
            raise ReadingError(str(path), f"holds no {word} case")
    column, case = table.place(PATIENTS), table.header.index("case")
    whose = {} if column is None else one_patient(table.where, table.cells(case), table.cells(column))
    return _arranged(marks, lesions, whose)


def _mark(where: str, row: dict[str, str]) -> Mark:
    cell = {name: row[name] for name in COLUMNS}
    try:
        lesions, lesion = int(cell["lesions"]), int(cell["lesion"] or 0)
        rating = float(cell["rating"]) if cell["rating"] else None
    except ValueError as problem:
        raise ReadingError(where, f"holds what is no number: {problem}") from None
    if rating is not None and not math.isfinite(rating):
        raise ReadingError(where, "has a rating that is not finite", value=rating)
    nameless = [name for name in ("reader", "treatment", "case") if not cell[name]]
    if nameless:
        raise ReadingError(where, f"has no {nameless[0]}", remedy="Give it a name.")
    if not 0 <= lesion <= lesions or (lesion and rating is None):
        raise ReadingError(
            where, f"hits lesion {lesion} of {lesions}" + ("" if rating is not None else " without a rating")
        )
    return Mark(cell["reader"], cell["treatment"], cell["case"], lesions, rating, lesion)


def _arranged(marks: list[Mark], lesions: dict[str, int], whose: dict[str, str]) -> Marks:
    treatments, readers, cases = (
        sorted({getattr(m, name) for m in marks}, key=natural) for name in ("treatment", "reader", "case")
    )
    shape = (len(treatments), len(readers), len(cases))
    score, lesion = np.full(shape, np.nan), np.full((*shape, max(lesions.values())), np.nan)
    for mark in marks:
        at = treatments.index(mark.treatment), readers.index(mark.reader), cases.index(mark.case)
        if np.isnan(score[at]):
            score[at] = -np.inf
            lesion[at][: mark.lesions] = -np.inf
        if mark.rating is not None:
            if mark.lesion:
                lesion[at][mark.lesion - 1] = max(lesion[at][mark.lesion - 1], mark.rating)
            else:
                score[at] = max(score[at], mark.rating)
    truth = np.array([lesions[case] > 0 for case in cases])
    patients = tuple(whose[case] for case in cases if whose)
    return Marks(Ratings(tuple(treatments), tuple(readers), tuple(cases), truth, score, patients=patients), lesion)
