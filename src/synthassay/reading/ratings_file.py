"""Ratings from a CSV file: a row per reading, in the columns of this house or of iMRMC; every fault names its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthassay.errors import ReadingError
from synthassay.reading.csv_table import PATIENTS, CsvTable, numbers, one_patient, read_table, refuse, within
from synthassay.stats.mrmc.ratings import Ratings

COLUMNS = {
    "reader": ("reader", "readerid"),
    "treatment": ("treatment", "modality", "modalityid", "test"),
    "case": ("case", "caseid"),
    "truth": ("truth", "truthlabel"),
    "rating": ("rating", "score"),
}
TRUTH_READERS, TRUTH_TREATMENTS = ("truth", "-1"), ("truth", "-1", "0")
"""How iMRMC names the reader and the modality of the rows that say what is true."""
BESIDE = ("position", "seconds", "located")
"""Columns of numbers that may stand beside; an empty cell is unknown."""


@dataclass(frozen=True)
class Row:
    """One line of the file."""

    line: int
    reader: str
    treatment: str
    case: str
    truth: bool
    rating: float
    beside: tuple[float, ...] = ()
    patient: str = ""


def read_ratings(
    path: Path, *, case_column: str = "", patient_column: str = "", scale: tuple[float, float] | None = None
) -> Ratings:
    """Read a reader study.

    Args:
        path: CSV with a header: reader, treatment, case, truth (0 or 1), rating; or readerID, caseID, modalityID, score
            with rows of the reader ``truth``. iMRMC's own files, with ``BEGIN DATA:`` and ``-1`` for truth, are read.
        case_column: Another column that names the cases, for nested designs.
        scale: Lowest and highest rating that there is.
        patient_column: Column that says whose each case is; ``patient``, ``cluster`` or ``subject`` where it is there.

    Raises:
        ReadingError: The file cannot be read, a column is missing, a value is no number, a case has two truths or
            none, or two patients or none, a reading is there twice, or a reader lacks positive or negative cases. The
            message names the rows.
    """
    table = read_table(path)
    rows = _parsed(table, {"case": case_column, "patient": patient_column}, scale)
    _refuse_twice(table.where, rows)
    ratings = _arranged(rows, table.header)
    _refuse_one_sided(table.where, ratings)
    return ratings


def _parsed(table: CsvTable, named: dict[str, str], scale: tuple[float, float] | None) -> list[Row]:
    where, lines = table.where, table.rows
    place = _places(table, named)
    table.refuse_empty()
    there = [name for name in BESIDE if name in place]
    cells = {name: table.cells(k) for name, k in place.items()}
    marks = [text.lower() in TRUTH_READERS for _, text in cells["reader"]]
    rating = numbers(where, cells["rating"])
    if scale is not None:
        read = [(k, pair) for k, (pair, mark) in enumerate(zip(cells["rating"], marks, strict=True)) if not mark]
        within(where, [pair for _, pair in read], [rating[k] for k, _ in read], scale)
    empty = [n for name in ("reader", "treatment", "case") for n, text in cells[name] if not text]
    refuse(where, "a reader, treatment or case without a name", empty, "Give each a name.")
    if "truth" in place:
        stated = _truths(where, cells["truth"])
        whose = [(n, case, value) for (n, case), (_, value) in zip(cells["case"], stated, strict=True)]
    else:
        stated = _truths(where, [pair for pair, mark in zip(cells["rating"], marks, strict=True) if mark])
        lookup = dict(stated)
        whose = [(n, case, lookup[n]) for (n, case), mark in zip(cells["case"], marks, strict=True) if mark]
    truth = _one_truth(where, whose)
    kept = [k for k, mark in enumerate(marks) if not mark]
    unknown = [cells["case"][k][0] for k in kept if cells["case"][k][1] not in truth]
    refuse(where, "cases whose truth is not stated", unknown, "Add a row of the reader 'truth' for each case.")
    beside = [numbers(where, cells[name], name, gaps=True) for name in there]
    patient = one_patient(where, cells["case"], cells["patient"]) if "patient" in place else {}
    return [
        Row(
            lines[k][0], cells["reader"][k][1], cells["treatment"][k][1], cells["case"][k][1],
            truth[cells["case"][k][1]], rating[k], tuple(column[k] for column in beside),
            patient.get(cells["case"][k][1], ""),
        )
        for k in kept
    ]  # fmt: skip


def _places(table: CsvTable, named: dict[str, str]) -> dict[str, int]:
    spelt = {**COLUMNS, **{name: (name,) for name in BESIDE}, "patient": PATIENTS}
    found = {name: table.place(spellings) for name, spellings in spelt.items()}
    place = {name: k for name, k in found.items() if k is not None}
    place |= {what: table.column(column) for what, column in named.items() if column}
    missing = [name for name in COLUMNS if name not in place and name != "truth"]
    if missing:
        raise ReadingError(
            table.where,
            f"lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
            value=", ".join(table.header),
            remedy="The header is reader,treatment,case,truth,rating or readerID,caseID,modalityID,score.",
        )
    return place


def _truths(where: str, cells: Sequence[tuple[int, str]]) -> list[tuple[int, bool]]:
    known = {"0": False, "1": True, "0.0": False, "1.0": True}
    wrong = [line for line, text in cells if text not in known]
    refuse(where, "truths that are neither 0 nor 1", wrong, "0 is negative, 1 positive.")
    return [(line, known[text]) for line, text in cells]


def _one_truth(where: str, whose: Iterable[tuple[int, str, bool]]) -> dict[str, bool]:
    truth: dict[str, bool] = {}
    first: dict[str, int] = {}
    against: dict[str, list[int]] = {}
    for line, case, value in whose:
        if truth.setdefault(case, value) != value:
            against.setdefault(case, [first[case]]).append(line)
        first.setdefault(case, line)
    if against:
        case = next(iter(against))
        refuse(where, f"case {case} has two truths", against[case], "Give each case one truth, or each its own name.")
    return truth


def _refuse_twice(where: str, rows: Sequence[Row]) -> None:
    first: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row.reader, row.treatment, row.case)
        if key in first:
            what = f"reader {row.reader} rated case {row.case} twice in treatment {row.treatment}"
            refuse(where, what, [first[key], row.line], "Keep one; repeats are analysed apart, as another treatment.")
        first[key] = row.line


def _arranged(rows: Sequence[Row], header: Sequence[str]) -> Ratings:
    treatments, readers, cases = (_in_order(getattr(r, name) for r in rows) for name in ("treatment", "reader", "case"))
    places = [{name: k for k, name in enumerate(names)} for names in (treatments, readers, cases)]
    score = np.full((len(treatments), len(readers), len(cases)), np.nan)
    truth = np.zeros(len(cases), bool)
    there = [name for name in BESIDE if name in {column.lower() for column in header}]
    beside = {name: np.full(score.shape, np.nan) for name in there}
    whose = {row.case: row.patient for row in rows if row.patient}
    for row in rows:
        at = places[0][row.treatment], places[1][row.reader], places[2][row.case]
        score[at] = row.rating
        truth[at[2]] = row.truth
        for name, value in zip(there, row.beside, strict=True):
            beside[name][at] = value
    return Ratings(treatments, readers, cases, truth, score, beside, tuple(whose[case] for case in cases if whose))


def _refuse_one_sided(where: str, ratings: Ratings) -> None:
    for count, word in ((ratings.positive, "positive"), (ratings.negative, "negative")):
        if count == 0:
            raise ReadingError(
                where,
                f"holds no {word} case",
                value=f"{len(ratings.cases)} cases, all of one truth",
                remedy="Both truths are needed: truth 0 is negative, 1 positive.",
            )
    for r, reader in enumerate(ratings.readers):
        for mask, word in ((ratings.truth, "positive"), (~ratings.truth, "negative")):
            if not ratings.read[:, r][:, mask].any():
                raise ReadingError(
                    where,
                    f"reader {reader} read no {word} case",
                    value=f"{int(ratings.read[:, r].sum())} readings, all of the other truth",
                    remedy="Leave the reader out, or add the readings.",
                )


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names sorted as people count: reader2 before reader10."""
    return tuple(sorted(set(names), key=natural))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts numbers within names by their value.

    >>> sorted(["r10", "r2", "a"], key=natural)
    ['a', 'r2', 'r10']
    """
    parts = re.findall(r"\d+|\D+", name)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)
