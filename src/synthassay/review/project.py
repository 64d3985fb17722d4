"""A review's folder: the plan, the imports, and three logs. All else is computed from them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from synthassay.errors import DataError, RunError, did_you_mean
from synthassay.records.base import sha256_of, whole_file, write_text
from synthassay.records.extraction import Extraction
from synthassay.records.review import Decision, FlowCounts, ImportedFile, Link, Publication, ReviewPlan, Stream
from synthassay.review.formats.reading import read_bibliography
from synthassay.review.log import append, read_log

PLAN = "review.toml"
LARGEST_FILE = 500_000_000
"""Bytes of a file to import; a database's export of 50,000 records has about a fifth of it."""
_START = """\
title = "{title}"
question = "{question}"
reviewers = [{reviewers}]       # two decide each record; what they settle together is decided by "consensus"
decisions_needed = {needed}

[reasons]                       # for excluding a full text; the flow itemises them
not_generative = "Not a generative method"
no_medical_image = "No MRI, CT, X-ray or pathology image"
phantom_only = "Phantoms only"
no_evaluation = "Evaluation not described"

# [stated]                      # counts that your manuscript states: the flow fails where they are not the records'
# screened = 934
"""


class Project:
    """A folder with a ``review.toml``, read when something of it is asked for.

    Args:
        path: The folder.

    Raises:
        DataError: There is no plan in it, or the plan cannot be followed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plan = read_plan(path / PLAN)

    @cached_property
    def imports(self) -> tuple[ImportedFile, ...]:
        """All imports, in their order."""
        return tuple(ImportedFile.read(file) for file in sorted((self.path / "imports").glob("*.json")))

    @cached_property
    def records(self) -> dict[str, Publication]:
        """All records by identifier, in the order of import."""
        return {record.id: record for file in self.imports for record in file.publications}

    def links(self) -> tuple[Link, ...]:
        """The link log."""
        return read_log(self.path / "links.jsonl", Link)

    def decisions(self) -> tuple[Decision, ...]:
        """The decision log."""
        return read_log(self.path / "decisions.jsonl", Decision)

    def extractions(self) -> dict[str, Extraction]:
        """What was extracted, by record; the newest line of each counts."""
        return {line.record: line for line in read_log(self.path / "extraction.jsonl", Extraction)}

    def add_links(self, links: Iterable[Link]) -> None:
        """Add lines to the link log, of records that are known."""
        links = tuple(links)
        for name in {name for link in links for name in (link.a, link.b)}:
            self.record(name)
        append(self.path / "links.jsonl", links)

    def add_decisions(self, decisions: Iterable[Decision]) -> None:
        """Add lines to the decision log; see ``screening.checked``, which says what may stand there."""
        append(self.path / "decisions.jsonl", decisions)

    def add_extractions(self, rows: Iterable[Extraction]) -> None:
        """Add lines to the log of extraction."""
        append(self.path / "extraction.jsonl", rows)

    def record(self, name: str) -> Publication:
        """Return a record.

        Raises:
            DataError: No record has this identifier.
        """
        if name not in self.records:
            near = [known for known in self.records if known[:4] == name[:4]][:2000]
            remedy = did_you_mean(name, near).split(" Available")[0] if near else ""
            remedy = remedy if remedy.startswith("Did") else "Look in the folder's imports for its identifier."
            raise DataError(str(self.path), "no record has this identifier", value=name, remedy=remedy)
        return self.records[name]

    def import_file(self, file: Path, *, source: str, stream: Stream = Stream.DATABASE) -> ImportedFile:
        """Import a bibliographic file, whole or not at all; the file itself is kept in ``sources/``.

        Args:
            file: RIS, NBIB, BibTeX or CSV; told by its content.
            source: What the reviewers call the database or the way it was found.
            stream: How it was found.

        Raises:
            DataError: It was imported before, is too large, cannot be read, or holds no record.
        """
        slug = re.sub(r"[^a-z0-9]+", "_", source.lower()).strip("_")
        if not slug:
            raise DataError("source", "has no letter or digit", value=source, remedy="Give the database's name.")
        try:
            if file.stat().st_size > LARGEST_FILE:
                raise DataError(str(file), "is larger than 500 MB", remedy="Export it in parts.")
            data = file.read_bytes()
        except OSError as problem:
            raise DataError(str(file), f"cannot be read: {problem.strerror or problem}") from None
        digest = sha256_of(file)
        if before := next((old for old in self.imports if old.sha256 == digest), None):
            raise DataError(str(file), f"was imported before, as {before.file} from {before.source}; nothing was added")
        found = read_bibliography(data, str(file))
        first = 1 + sum(len(old.publications) for old in self.imports if _slug(old.source) == slug)
        publications = tuple(
            Publication(id=f"{slug}-{first + n:05d}", source=source, stream=stream, **fields)
            for n, fields in enumerate(found.records)
        )
        kept = self.path / "sources" / f"{digest[:8]}-{re.sub(r'[^A-Za-z0-9._-]+', '_', file.name)[-80:]}"
        with whole_file(kept) as partial:
            partial.write_bytes(data)
        made = ImportedFile(
            file=file.name, sha256=digest, source=source, stream=stream, format=found.format, notes=found.notes,
            publications=publications,
        )  # fmt: skip
        made.write(self.path / "imports" / f"{len(self.imports) + 1:03d}-{slug}.json")
        for name in ("imports", "records"):
            self.__dict__.pop(name, None)
        return made


def _slug(source: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", source.lower()).strip("_")


def start_project(path: Path, *, title: str, question: str, reviewers: Iterable[str]) -> Path:
    """Write a folder with a commented ``review.toml`` to start from.

    Raises:
        RunError: There is a plan already.
        DataError: The plan would not be one: a title too short, a name twice.
    """
    file = path / PLAN
    if file.exists():
        raise RunError(str(file), "exists already; nothing was written", remedy="Choose another folder.")
    names = tuple(reviewers)
    text = _START.format(
        title=toml_text(title),
        question=toml_text(question),
        reviewers=", ".join(f'"{toml_text(name)}"' for name in names),
        needed=min(2, len(names)),
    )
    _plan(tomllib.loads(text), file)
    write_text(file, text)
    return file


def toml_text(text: str) -> str:
    """Return a text as it stands between quotes in TOML."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(letter if letter.isprintable() else " " for letter in text)


def read_plan(file: Path) -> ReviewPlan:
    """Read ``review.toml``.

    Raises:
        DataError: It is missing, is not TOML, or says something that cannot be followed; each fault is named.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        remedy = "Start one with: synthassay review new FOLDER."
        raise DataError(str(file), "is missing: this folder is no review", remedy=remedy) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise DataError(str(file), f"cannot be read as TOML: {problem}") from None
    return _plan(table, file)


def _plan(table: Mapping[str, Any], file: Path) -> ReviewPlan:
    try:
        return ReviewPlan.model_validate(table)
    except ValidationError as problem:
        faults = [_fault(error) for error in problem.errors(include_url=False)]
        raise DataError(str(file), "cannot be followed: " + "; ".join(faults)) from None


def _fault(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"{place + ': ' if place else ''}{error['msg'].removeprefix('Value error, ')}"
    known = FlowCounts.model_fields if len(error["loc"]) > 1 else ReviewPlan.model_fields
    return f"{place}: no field has this name. {did_you_mean(str(error['loc'][-1]), known).rstrip('.')}"
