"""Tables that people bring: CSV with commas, semicolons or tabs, with a byte order mark or without."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synthassay.errors import ReadingError

LARGEST = 256 * 2**20
ROWS_SHOWN = 5
PATIENTS = ("patient", "cluster", "subject", "patientid")
"""Columns that may say whose a case is."""
HEADED = "Give a header and one row per reading."
MISSING = ("", "na", "nan", ".")
"""How tables of one column per reader write that there is no rating."""


@dataclass(frozen=True)
class CsvTable:
    """A table as it stands in a file.

    Attributes:
        where: The file, for messages.
        header: Names of the columns.
        rows: Line and cells of each row, stripped, as many as the header has.
    """

    where: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def place(self, spellings: Sequence[str]) -> int | None:
        """Return the column of the first of these names that is there, whatever its capitals; None where none is."""
        lower = [name.lower() for name in self.header]
        return next((lower.index(name) for name in spellings if name in lower), None)

    def column(self, name: str) -> int:
        """Return the column that a user named.

        Raises:
            ReadingError: There is none.
        """
        if name not in self.header:
            known = f"It has {', '.join(self.header)}."
            raise ReadingError(self.where, "has no such column", value=name, remedy=known)
        return self.header.index(name)

    def refuse_empty(self) -> None:
        """Raise where there is a header alone.

        Raises:
            ReadingError: There is.
        """
        if not self.rows:
            raise ReadingError(self.where, "holds no readings", remedy=HEADED)

    def cells(self, column: int) -> list[tuple[int, str]]:
        """Return line and cell of every row."""
        return [(line, cells[column]) for line, cells in self.rows]


def read_table(path: Path) -> CsvTable:
    """Read a table; in one with semicolons, a comma between digits is a decimal point.

    Raises:
        ReadingError: It cannot be read, is no text in UTF-8, is empty, has a column twice, or rows of another length.
    """
    where = str(path)
    text = _text(path)
    mark = _separator(text)
    try:
        parsed = [(k, row) for k, row in enumerate(csv.reader(io.StringIO(text), delimiter=mark, strict=True), 1)]
    except csv.Error as problem:
        raise ReadingError(where, f"is no CSV table: {problem}", remedy="Close every quotation mark.") from None
    numbered = [(k, [cell.strip() for cell in row]) for k, row in parsed if any(cell.strip() for cell in row)]
    begin = next((k for k, (_, cells) in enumerate(numbered) if cells[0].upper().startswith("BEGIN DATA")), None)
    if begin is not None:
        numbered = [(0, ["readerID", "caseID", "modalityID", "score"]), *numbered[begin + 1 :]]
    if not numbered:
        raise ReadingError(where, "is empty and holds no readings", remedy=HEADED)
    header = tuple(numbered[0][1])
    twice = sorted({name for name in header if name and [n.lower() for n in header].count(name.lower()) > 1})
    if twice:
        raise ReadingError(where, "has two columns of one name", value=", ".join(twice), remedy="Rename one.")
    short = [k for k, cells in numbered[1:] if len(cells) != len(header)]
    refuse(where, "rows with another number of columns than the header", short, "Quote commas within a name.")
    rows = tuple((k, tuple(_point(c) for c in cells) if mark == ";" else tuple(cells)) for k, cells in numbered[1:])
    return CsvTable(where, header, rows)


def refuse(where: str, what: str, lines: Sequence[int], remedy: str) -> None:
    """Raise where there are lines at fault.

    Raises:
        ReadingError: It names the first of them.
    """
    if not lines:
        return
    lines = list(dict.fromkeys(lines))
    shown = ", ".join(str(line) for line in lines[:ROWS_SHOWN])
    more = f" and {len(lines) - ROWS_SHOWN} more" if len(lines) > ROWS_SHOWN else ""
    raise ReadingError(where, what, value=f"row{'s' if len(lines) > 1 else ''} {shown}{more}", remedy=remedy)


def numbers(where: str, cells: Sequence[tuple[int, str]], what: str = "ratings", *, gaps: bool = False) -> list[float]:
    """Return cells as finite numbers; empty ones as NaN where ``gaps`` allows it.

    Raises:
        ReadingError: A cell holds no number, or one that is not finite.
    """
    remedy = "A reading that was not made has no row at all."
    values, wrong, infinite = [], [], []
    for line, text in cells:
        try:
            value = math.nan if gaps and not text else float(text)
        except ValueError:
            wrong.append(line)
            value = 0.0
        if not math.isfinite(value) and not (gaps and math.isnan(value)):
            infinite.append(line)
        values.append(value)
    refuse(where, f"{what} that are not numbers", wrong, remedy)
    refuse(where, f"{what} that are not finite", infinite, remedy)
    return values


def within(where: str, cells: Sequence[tuple[int, str]], values: Sequence[float], scale: tuple[float, float]) -> None:
    """Raise where a rating lies outside the scale.

    Raises:
        ReadingError: It names the rows.
    """
    low, high = scale
    outside = [line for (line, _), value in zip(cells, values, strict=True) if not low <= value <= high]
    refuse(
        where, f"ratings outside the scale of {low:g} to {high:g}", outside, "Correct them, or state another --scale."
    )


def scale_of(text: str) -> tuple[float, float] | None:
    """Return the ends of a scale such as ``1,5``; None of an empty text.

    Raises:
        ReadingError: It is not two rising numbers.

    >>> scale_of("1,5")
    (1.0, 5.0)
    """
    if not text:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low, high = math.nan, math.nan
    if not low < high:
        raise ReadingError("--scale", "is no lowest and highest rating", value=text, remedy="Such as 1,5.")
    return low, high


def one_patient(where: str, cases: Sequence[tuple[int, str]], patients: Sequence[tuple[int, str]]) -> dict[str, str]:
    """Return whose each case is; every case has one patient, named in at least one of its rows.

    Raises:
        ReadingError: A case has two patients or none; the rows are named.
    """
    whose: dict[str, str] = {}
    first: dict[str, int] = {}
    for (line, case), (_, patient) in zip(cases, patients, strict=True):
        if patient and whose.setdefault(case, patient) != patient:
            refuse(where, f"case {case} has two patients", [first[case], line], "Give each case one patient.")
        if patient:
            first.setdefault(case, line)
    none = [line for line, case in cases if case not in whose]
    refuse(where, "cases whose patient is not stated", none, "Name the patient of every case, or leave the column out.")
    return whose


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise ReadingError(str(path), "is too large for a table of readings", value=f"{path.stat().st_size} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise ReadingError(str(path), f"cannot be read: {problem.strerror or problem}") from None
    except UnicodeDecodeError:
        raise ReadingError(
            str(path), "cannot be read: it is no text in UTF-8", remedy="Save the table as CSV in UTF-8."
        ) from None
    if text[:4].lower() == "sep=":  # a spreadsheet's note to itself of what parts the columns
        text = text.partition("\n")[2]
    if "\0" in text:
        raise ReadingError(
            str(path),
            "cannot be read: it holds zero bytes, which no text does",
            remedy="Save the table as CSV in UTF-8.",
        )
    return text


def _separator(text: str) -> str:
    """What parts the columns of the first line that is not empty."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return next((mark for mark in (";", "\t") if mark in first and "," not in first), ",")


def _point(cell: str) -> str:
    """A decimal comma as a point.

    >>> _point("2,5"), _point("a,b")
    ('2.5', 'a,b')
    """
    whole, comma, rest = cell.partition(",")
    return f"{whole}.{rest}" if comma and whole.lstrip("+-").isdecimal() and rest.isdecimal() else cell
