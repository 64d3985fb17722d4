"""Screening by file: a sheet of what a reviewer has still to decide, and the filled sheet read back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from synthassay.errors import DataError, did_you_mean
from synthassay.records.base import write_text
from synthassay.records.review import CONSENSUS, Choice, Decision, Stage
from synthassay.review.formats.parsed import Parsed, text_of
from synthassay.review.formats.tables import rows_of
from synthassay.review.formats.writing import record_row, to_table
from synthassay.review.project import Project
from synthassay.review.screening import Screening, checked

COLUMNS = ("id", "choice", "reason", "note", "title", "authors", "year", "journal", "abstract", "doi", "said")


def write_sheet(project: Project, stage: Stage, reviewer: str, file: Path) -> int:
    """Write what a reviewer has still to decide, and return how many reports that are.

    Others' decisions are shown only to the consensus, so that nobody is led.
    """
    screening = Screening(project)
    rows = []
    for report in screening.waiting(stage, reviewer):
        row = {**record_row(project.records[report]), "choice": "", "reason": "", "note": "", "said": ""}
        if reviewer == CONSENSUS:
            said = screening.said(report, stage).values()
            row["said"] = "; ".join(f"{d.reviewer}: {d.choice} {d.reason}".strip() for d in said)
        rows.append(row)
    write_text(file, "\ufeff" + to_table(rows, COLUMNS))
    return len(rows)


def read_sheet(project: Project, stage: Stage, reviewer: str, file: Path) -> int:
    """Add the decisions of a filled sheet to the log, all or none, and return how many were new.

    Rows without a choice are passed over; so are choices that the log holds already.

    Raises:
        DataError: A row cannot be understood; it is named.
    """
    try:
        rows = rows_of(text_of(file.read_bytes(), Parsed()))
    except OSError as problem:
        raise DataError(str(file), f"cannot be read: {problem.strerror or problem}") from None
    if not rows or not {"id", "choice"} <= rows[0].keys():
        raise DataError(str(file), "has no columns id and choice", remedy="Fill a sheet that `review sheet` wrote.")
    screening = Screening(project)
    new = [d for d in _decisions(rows, stage, reviewer, file) if not _held(screening, d)]
    project.add_decisions(checked(new, project))
    return len(new)


def _decisions(rows: Iterable[dict[str, str]], stage: Stage, reviewer: str, file: Path) -> Iterable[Decision]:
    words = [choice.value for choice in Choice]
    at = now()
    for number, row in enumerate(rows, 2):
        choice = row["choice"].strip().lower()
        if not choice:
            continue
        if choice not in words:
            remedy = did_you_mean(choice, words)
            raise DataError(f"{file}, row {number}", "no choice has this name", value=choice, remedy=remedy)
        yield Decision(
            record=row["id"], stage=stage, reviewer=reviewer, choice=Choice(choice),
            reason=row.get("reason", "").strip(), note=row.get("note", ""), at=at,
        )  # fmt: skip


def _held(screening: Screening, new: Decision) -> bool:
    report = screening.clusters.leader.get(new.record, "")
    old = screening.said(report, new.stage).get(new.reviewer)
    return old is not None and (old.choice, old.reason, old.note) == (new.choice, new.reason, new.note)


def now() -> str:
    """The time, to the second, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
