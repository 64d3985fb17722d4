"""Extraction by file: a sheet with one row per included report, and the filled sheet read back, every fault named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from synthassay.errors import DataError, did_you_mean
from synthassay.records.base import write_text
from synthassay.records.extraction import FIELDS, VOCABULARY, Extraction
from synthassay.review.flow import included_reports
from synthassay.review.formats.parsed import Parsed, text_of
from synthassay.review.formats.tables import rows_of
from synthassay.review.formats.writing import to_table
from synthassay.review.project import Project
from synthassay.review.screening import Screening

COLUMNS = ("record", "title", *FIELDS, "study", "evidence", "note", "by")
NOTHING = "none"
"""Written in ``evaluation`` where a report evaluates nothing; an empty cell was not extracted."""
_SINGLE = ("design", "dataset")
FAULTS_SHOWN = 20


def write_extraction_sheet(project: Project, file: Path) -> int:
    """Write a sheet of the included reports with what was extracted so far, and return how many they are."""
    done = project.extractions()
    reports = included_reports(Screening(project)) or tuple(name for name in done if not name.startswith("run:"))
    rows = [_row(project, name, done.get(name, Extraction(record=name))) for name in reports]
    write_text(file, "\ufeff" + to_table(rows, COLUMNS))
    return len(rows)


def _row(project: Project, name: str, found: Extraction) -> dict[str, str]:
    record = project.records.get(name)
    row = {"record": name, "title": record.title if record else "", "study": found.study}
    for field in FIELDS:
        value = getattr(found, field)
        if isinstance(value, tuple):
            row[field] = "; ".join(value) or NOTHING
        else:
            row[field] = "" if value is None else str(value)
    row["evidence"] = "\n".join(f"{q.field} | {q.words} | {q.place}" for q in found.evidence)
    return {**row, "note": found.note, "by": found.by}


def read_extraction_sheet(project: Project, file: Path) -> int:
    """Add the rows of a filled sheet, all or none, and return how many were new or changed.

    Raises:
        DataError: The sheet cannot be read, or rows hold words that are in no vocabulary: each is named, with the
            nearest words.
    """
    try:
        rows = rows_of(text_of(file.read_bytes(), Parsed()))
    except OSError as problem:
        raise DataError(str(file), f"cannot be read: {problem.strerror or problem}") from None
    if not rows or "record" not in rows[0]:
        raise DataError(str(file), "has no column record", remedy="Fill a sheet that `review extract --sheet` wrote.")
    unknown = [name for name in rows[0] if name not in COLUMNS and name]
    faults = [f"column {name!r}: no field has this name. {did_you_mean(name, COLUMNS)}" for name in unknown]
    done, new = project.extractions(), []
    for number, row in enumerate(rows, 2):
        found, wrong = _extraction(row)
        faults += [f"row {number}: {fault}" for fault in wrong]
        if found is None:
            continue
        if not found.record.startswith("run:"):
            project.record(found.record)
        if found != done.get(found.record, Extraction(record=found.record)):
            new.append(found)
    if faults:
        more = f" And {len(faults) - FAULTS_SHOWN} more." if len(faults) > FAULTS_SHOWN else ""
        raise DataError(str(file), " ".join(faults[:FAULTS_SHOWN]).rstrip(".") + more.rstrip("."))
    project.add_extractions(new)
    return len(new)


def _extraction(row: dict[str, str]) -> tuple[Extraction | None, list[str]]:
    try:
        return Extraction.model_validate(dict(_values(row))), []
    except ValidationError as problem:
        errors = problem.errors(include_url=False)
        return None, [
            f"{'.'.join(str(p) for p in e['loc']) + ': ' if e['loc'] else ''}{e['msg'].removeprefix('Value error, ')}"
            for e in errors
        ]


def _values(row: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for name in (*FIELDS, "record", "study", "note", "by"):
        cell = row.get(name, "").strip()
        if not cell:
            continue
        if name in VOCABULARY and name not in _SINGLE:
            words = [word.strip() for word in cell.split(";") if word.strip()]
            yield name, [] if words == [NOTHING] and name == "evaluation" else words
        else:
            yield name, cell
    lines = [line for line in row.get("evidence", "").splitlines() if line.strip()]
    quotes = [
        dict(zip(("field", "words", "place"), (part.strip() for part in line.split("|")), strict=False))
        for line in lines
    ]
    yield "evidence", quotes
