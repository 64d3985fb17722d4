"""The CSV of the R package PRISMA2020 read back: a published flow as counts, whose sums are checked."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from synthassay.errors import DataError, RunError, did_you_mean
from synthassay.records.base import write_text
from synthassay.records.review import FlowCounts
from synthassay.review.adding_up import sum_faults
from synthassay.review.pages import WAY_ROWS
from synthassay.review.project import PLAN, read_plan, toml_text

SINGLE = {
    "previous_studies": "previous_studies", "previous_reports": "previous_reports", "duplicates": "duplicates",
    "excluded_automatic": "excluded_automatic", "excluded_other": "excluded_other", "records_screened": "screened",
    "records_excluded": "excluded", "dbr_sought_reports": "sought", "dbr_notretrieved_reports": "not_retrieved",
    "dbr_assessed": "assessed", "other_sought_reports": "other_sought",
    "other_notretrieved_reports": "other_not_retrieved", "other_assessed": "other_assessed",
    "new_studies": "included_studies", "new_reports": "included_reports", "total_studies": "total_studies",
    "total_reports": "total_reports",
}  # fmt: skip
ADDED = {
    "identified": ("database_results", "register_results"),
    "other_identified": ("website_results", "organisation_results", "citations_results"),
}
LISTED = {
    "database_specific_results": "databases", "register_specific_results": "registers",
    "dbr_excluded": "full_text_reasons", "other_excluded": "other_full_text_reasons",
}  # fmt: skip
ROWS = {*SINGLE, *LISTED, *(row for rows in ADDED.values() for row in rows)}
ABSENT = ("", "NA")


def read_prisma(path: Path) -> FlowCounts:
    """Read a flow from the package's CSV; rows that only hold texts of boxes are passed over.

    Args:
        path: CSV with the columns ``data`` and ``n``.

    Raises:
        DataError: It cannot be read, lacks a column, a row stands twice, a count is no whole number, an unknown row
            has a count, or the counts do not add up; the message holds every sentence.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DataError(str(path), f"cannot be read: {problem}") from None
    if not rows or not {"data", "n"} <= set(rows[0]):
        raise DataError(str(path), "has no columns data and n", remedy="Give the CSV of the R package PRISMA2020.")
    cells: dict[str, str] = {}
    for row in rows:
        name, value = (row["data"] or "").strip(), (row["n"] or "").strip()
        if name in ABSENT or value in ABSENT:
            continue
        if name not in ROWS:
            if value.isdigit():
                raise DataError(f"{path}, row {name}", "is no row of PRISMA2020", remedy=did_you_mean(name, ROWS))
            continue
        if name in cells:
            raise DataError(f"{path}, row {name}", "stands twice")
        cells[name] = value
    counts = FlowCounts.model_validate(_counts(path, cells))
    if faults := sum_faults(counts):
        raise DataError(str(path), "the flow does not add up: " + " ".join(faults).removesuffix("."))
    return counts


def start_from_prisma(review: Path, path: Path, *, title: str, question: str) -> Path:
    """Write a review whose flow is stated by the package's CSV: draw it with ``review flow``.

    Raises:
        RunError: There is a review already.
        DataError: As ``read_prisma``; or title or question are too short.
    """
    file = review / PLAN
    if file.exists():
        raise RunError(str(file), "exists already; nothing was written", remedy="Choose another folder.")
    counts = read_prisma(path)
    lines = [f'title = "{toml_text(title)}"', f'question = "{toml_text(question)}"', 'reviewers = ["published"]']
    lines += ["decisions_needed = 1", 'flow_from = "stated"', "", "[stated]"]
    given = counts.model_dump(exclude_unset=True)
    lines += [f"{name} = {n}" for name, n in given.items() if not isinstance(n, dict)]
    for name, parts in given.items():
        if isinstance(parts, dict):
            lines += ["", f"[stated.{name}]"]
            lines += [f'"{toml_text(w)}" = ' + ('"not reported"' if n is None else str(n)) for w, n in parts.items()]
    write_text(file, "\n".join(lines) + "\n")
    try:
        read_plan(file)
    except DataError:
        file.unlink()
        raise
    return file


def _counts(path: Path, cells: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = {name: _number(path, r, cells[r]) for r, name in SINGLE.items() if r in cells}
    for name, rows in ADDED.items():
        parts = [_number(path, row, cells[row]) for row in rows if row in cells]
        if parts:
            found[name] = sum(parts)
    ways = {words: _number(path, row, cells[row]) for row, words in WAY_ROWS.items() if row in cells}
    if len(ways) > 1:
        found["other_sources"] = ways
    for row, name in (("database_results", "databases"), ("register_results", "registers")):
        other = "register_specific_results" if name == "databases" else "database_specific_results"
        if other in cells and f"{name[:-1]}_specific_results" not in cells and row in cells:
            found[name] = {name.capitalize(): _number(path, row, cells[row])}
    for row, name in LISTED.items():
        if row in cells:
            parts_ = _listed(path, row, cells[row])
            found[name] = parts_
            if row.endswith("_excluded") and None not in parts_.values():
                whole = "full_text_excluded" if row == "dbr_excluded" else "other_full_text_excluded"
                found[whole] = sum(n for n in parts_.values() if n is not None)
    return found


def _listed(path: Path, row: str, cell: str) -> dict[str, int | None]:
    """``Reason, 3; Reason with, a comma, 2``; a part without a number has none. A bare number is of no reason."""
    parts: dict[str, int | None] = {}
    for part in filter(None, (text.strip() for text in cell.split(";"))):
        words, comma, number = part.rpartition(",")
        if part.replace(",", "").isdigit():
            words, number = "No reason given", part
        elif not comma or not number.strip().isdigit():
            words, number = part, ""
        if words.strip() in parts:
            raise DataError(f"{path}, row {row}", "names one reason twice", value=words.strip())
        parts[words.strip()] = _number(path, row, number) if number else None
    return parts


def _number(path: Path, row: str, text: str) -> int:
    bare = text.strip().replace(",", "")
    if not (bare.isascii() and bare.isdigit()):
        raise DataError(f"{path}, row {row}", "is no whole number", value=text)
    return int(bare)
