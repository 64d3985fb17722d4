"""Tables of raters: a row per rating, or a row per case with a column for each rater; numbers or words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import ReadingError
from synthassay.reading.csv_table import MISSING, PATIENTS, CsvTable, one_patient, read_table, refuse
from synthassay.reading.ratings_file import natural

READER, CASE, RATING = ("reader", "readerid", "rater"), ("case", "caseid", "unit", "units"), ("rating", "score")
TREATMENT = ("treatment", "modality", "modalityid")


@dataclass(frozen=True, eq=False)
class Raters:
    """The ratings of one treatment.

    Attributes:
        values: ``cases readers``: numbers, or places in ``words``; NaN where not rated.
        words: Categories in order where ratings are words; empty where they are numbers.
        patients: Whose each case is; empty where every case is a patient.
    """

    treatment: str
    cases: tuple[str, ...]
    readers: tuple[str, ...]
    values: NDArray[np.float64]
    words: tuple[str, ...]
    patients: tuple[str, ...]


@dataclass(frozen=True)
class _Cell:
    line: int
    treatment: str
    case: str
    reader: str
    text: str


def read_raters(path: Path, *, order: Sequence[str] = ()) -> tuple[Raters, ...]:
    """Read ratings, long (reader, case, rating, and treatment where several) or wide (cases, then a column per rater).

    In a wide table the first column names the cases, and a column ``patient`` (cluster, subject) whose they are; an
    empty cell, ``NA`` or ``.`` is a rating that was not given.

    Args:
        path: The table.
        order: Words in rising order, where ratings are words that have one.

    Raises:
        ReadingError: It cannot be read, has fewer than two raters, a rating twice, words beside numbers, or a word that
            is not in the order. The message names the rows.
    """
    table = read_table(path)
    table.refuse_empty()
    reader, case, rating = (table.place(names) for names in (READER, CASE, RATING))
    if reader is not None and case is not None and rating is not None:
        cells = _long(table, reader, case, rating)
    else:
        cells, case = _wide(table), 0
    column = table.place(PATIENTS)
    whose = {} if column is None else one_patient(table.where, table.cells(case), table.cells(column))
    empty = [cell.line for cell in cells if not cell.case or not cell.reader]
    refuse(table.where, "a reader or case without a name", empty, "Give each a name.")
    given = [cell for cell in cells if cell.text.lower() not in MISSING]
    words = _words(table.where, given, order)
    values = {cell: float(words.index(cell.text)) if words else float(cell.text) for cell in given}
    treatments = dict.fromkeys(cell.treatment for cell in given)
    return tuple(_arranged(table.where, name, values, words, whose) for name in treatments)


def _long(table: CsvTable, reader: int, case: int, rating: int) -> list[_Cell]:
    treatment = table.place(TREATMENT)
    return [
        _Cell(line, cells[treatment] if treatment is not None else "", cells[case], cells[reader], cells[rating])
        for line, cells in table.rows
    ]


def _wide(table: CsvTable) -> list[_Cell]:
    patient = table.place(PATIENTS)
    raters = [k for k in range(1, len(table.header)) if k != patient]
    if len(raters) < 2:
        remedy = "Give reader,case,rating; or a column of cases and then a column for each rater."
        raise ReadingError(table.where, "has fewer than two raters", value=", ".join(table.header), remedy=remedy)
    first: dict[str, int] = {}
    for line, cells in table.rows:
        if cells[0] in first:
            refuse(table.where, f"case {cells[0]} twice", [first[cells[0]], line], "Give each case one row.")
        first[cells[0]] = line
    return [_Cell(line, "", cells[0], table.header[k], cells[k]) for line, cells in table.rows for k in raters]


def _words(where: str, given: Sequence[_Cell], order: Sequence[str]) -> tuple[str, ...]:
    """The categories where ratings are words; empty where all are finite numbers."""
    if not given:
        raise ReadingError(where, "holds no ratings", remedy="Give each case the ratings of two readers.")
    number = {cell: _is_number(cell.text) for cell in given}
    if order:
        outside = [cell.line for cell in given if cell.text not in order]
        refuse(where, "words that are not in the order", outside, f"--order has {', '.join(order)}.")
        return tuple(order)
    if all(number.values()):
        return ()
    if any(number.values()):
        strange = [cell.line for cell in given if not number[cell]]
        refuse(where, "words among numbers", strange, "Give numbers or words; leave a cell empty where not rated.")
    return tuple(sorted({cell.text for cell in given}))


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _arranged(
    where: str, treatment: str, values: dict[_Cell, float], words: tuple[str, ...], whose: dict[str, str]
) -> Raters:
    mine = {cell: value for cell, value in values.items() if cell.treatment == treatment}
    readers, cases = (tuple(sorted({getattr(c, n) for c in mine}, key=natural)) for n in ("reader", "case"))
    if len(readers) < 2:
        named = f" in treatment {treatment}" if treatment else ""
        raise ReadingError(where, f"has fewer than two raters{named}", value=", ".join(readers))
    table = np.full((len(cases), len(readers)), np.nan)
    first: dict[tuple[str, str], int] = {}
    at = [{name: k for k, name in enumerate(names)} for names in (cases, readers)]
    for cell, value in mine.items():
        if (cell.case, cell.reader) in first:
            lines = [first[cell.case, cell.reader], cell.line]
            refuse(where, f"reader {cell.reader} rated case {cell.case} twice", lines, "Keep one.")
        first[cell.case, cell.reader] = cell.line
        table[at[0][cell.case], at[1][cell.reader]] = value
    return Raters(treatment, cases, readers, table, words, tuple(whose[case] for case in cases) if whose else ())
