"""A bibliographic file of any of the formats, recognised by what is in it and not by its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from synthassay.errors import DataError
from synthassay.review.formats.bibtex import parse_bibtex
from synthassay.review.formats.nbib import parse_nbib
from synthassay.review.formats.parsed import Parsed, text_of
from synthassay.review.formats.ris import parse_ris
from synthassay.review.formats.tables import parse_table

FORMATS: dict[str, Callable[[str], Parsed]] = {
    "ris": parse_ris,
    "nbib": parse_nbib,
    "bibtex": parse_bibtex,
    "csv": parse_table,
}
_SIGNS = (
    ("ris", re.compile(r"^\s{0,3}TY {0,2}- ", re.M)),
    ("nbib", re.compile(r"^PMID ?- ", re.M)),
    ("bibtex", re.compile(r"^\s*@[A-Za-z]+\s*[{(]", re.M)),
)


class ReadFile(NamedTuple):
    """A file as records: its format, the records as fields of ``Publication``, and what was guessed."""

    format: str
    records: list[dict[str, Any]]
    notes: tuple[str, ...]


def format_of(text: str) -> str:
    """Return the format of a text: the one whose sign comes first; a table where there is none."""
    found = [(match.start(), name) for name, sign in _SIGNS if (match := sign.search(text))]
    return min(found)[1] if found else "csv"


def read_bibliography(data: bytes, where: str) -> ReadFile:
    """Read a file's bytes.

    Args:
        data: The bytes.
        where: What messages call the file.

    Raises:
        DataError: No record was found in it.
    """
    encoding = Parsed()
    text = text_of(data, encoding)
    name = format_of(text)
    parsed = FORMATS[name](text)
    bare = sum(not (r["title"] or r["doi"] or r["pmid"]) for r in parsed.records)
    notes = [*encoding.notes, *parsed.notes]
    if parsed.unsaid:
        notes.append(f"and {parsed.unsaid} more of the kind")
    if bare:
        notes.append(f"{bare} records have neither title nor DOI nor PubMed identifier")
    if not parsed.records:
        why = f": {notes[0]}" if notes else ""
        remedy = "Export it as RIS, NBIB (PubMed), BibTeX, or CSV with a column of titles."
        raise DataError(where, f"holds no record that could be read (looked at as {name}{why})", remedy=remedy)
    return ReadFile(name, parsed.records, tuple(notes))
