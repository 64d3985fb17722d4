"""What leaves a review: records for other tools, and the shipped example as a folder of one's own."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from synthassay.errors import DataError, RunError
from synthassay.records.base import write_text
from synthassay.review.flow import included_reports
from synthassay.review.formats.writing import TABLE, record_row, to_bibtex, to_ris, to_table
from synthassay.review.project import Project
from synthassay.review.screening import Screening


def export_records(review: Path, out: Path, *, included: bool) -> int:
    """Write one record per report, in the format that the file's name asks for; return how many.

    Raises:
        DataError: The name ends in none of ``.ris``, ``.bib`` and ``.csv``.
    """
    project = Project(review)
    screening = Screening(project)
    reports = included_reports(screening) if included else screening.reports
    records = [project.records[report] for report in reports]
    if out.suffix == ".ris":
        text = to_ris(records)
    elif out.suffix == ".bib":
        text = to_bibtex(records)
    elif out.suffix == ".csv":
        text = "\ufeff" + to_table([record_row(record) for record in records], TABLE)
    else:
        raise DataError(str(out), "has an ending that says no format", remedy="End it in .ris, .bib or .csv.")
    write_text(out, text)
    return len(records)


def copy_example(path: Path) -> Path:
    """Write the shipped example to a new folder.

    Raises:
        RunError: The folder exists.
    """
    if path.exists():
        raise RunError(str(path), "exists already; nothing was written", remedy="Choose another folder.")
    with as_file(files("synthassay.review").joinpath("example")) as source:
        tables = sorted((source / "tables").glob("*.csv"))
        for file in (*tables, source / "extraction.jsonl", source / "review.toml"):  # the plan last: it makes a review
            write_text(path / file.relative_to(source), file.read_text(encoding="utf-8"))
    return path
