"""Tables of records: the columns of Scopus, IEEE Xplore, Web of Science, PubMed, Embase, and our own."""

from __future__ import annotations

import csv
import io
from typing import Any

from synthassay.review.formats.parsed import Parsed, lines_of, names_in, page_range, tidy, year_in

COLUMNS: dict[str, tuple[str, ...]] = {
    "title": ("title", "document title", "article title", "ti", "primary title"),
    "authors": ("authors", "author", "author names", "au", "author full names"),
    "year": ("year", "publication year", "py", "publication date", "date", "pubyear"),
    "journal": ("journal", "source title", "publication title", "journal/book", "so", "publication", "journal name"),
    "volume": ("volume", "vl", "vol"),
    "number": ("number", "issue", "is"),
    "pages": ("pages", "page", "page range", "article pages"),
    "first": ("page start", "start page", "bp", "first page"),
    "last": ("page end", "end page", "ep", "last page"),
    "article": ("art. no.", "article number", "ar"),
    "doi": ("doi", "di", "article doi"),
    "pmid": ("pmid", "pubmed id", "pm", "medline pmid"),
    "abstract": ("abstract", "ab"),
    "keywords": ("keywords", "author keywords", "de"),
    "url": ("url", "link", "pdf link", "full text link"),
    "kind": ("kind", "document type", "dt", "publication type", "type"),
}
"""Field to the names that its column has, in small letters; the first that is filled counts."""
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_NEUTRAL = "'"


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("MRI")
    ("'=1+1", 'MRI')
    """
    return f"{_NEUTRAL}{cell}" if cell.startswith((*DANGEROUS, _NEUTRAL)) else cell


def as_written(cell: str) -> str:
    """Undo ``harmless``.

    >>> as_written(harmless("=1+1")), as_written("'tis")
    ('=1+1', "'tis")
    """
    return cell[1:] if cell.startswith(_NEUTRAL) and cell[1:].startswith((*DANGEROUS, _NEUTRAL)) else cell


def rows_of(text: str) -> list[dict[str, str]]:
    """Return a table's rows as column in small letters to cell; comma, semicolon or tab part them."""
    head = next((line for line in lines_of(text) if line.strip()), "")
    separator = max(",;\t", key=head.count)
    limit = csv.field_size_limit(max(len(text) + 1, 131_072))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    finally:
        csv.field_size_limit(limit)
    if not rows:
        return []
    names = [name.strip().strip("\ufeff").lower() for name in rows[0]]
    return [dict(zip(names, (as_written(cell.strip()) for cell in row), strict=False)) for row in rows[1:]]


def parse_table(text: str) -> Parsed:
    """Read a table of records."""
    parsed = Parsed()
    rows = rows_of(text)
    if rows and not any(name in COLUMNS["title"] for name in rows[0]):
        parsed.note(f"no column holds titles; the columns are: {', '.join(list(rows[0])[:12])}")
        return parsed
    parsed.records.extend(_publication(row) for row in rows)
    return parsed


def _publication(row: dict[str, str]) -> dict[str, Any]:
    def cell(field: str) -> str:
        return next((text for name in COLUMNS[field] if (text := tidy(row.get(name, "")))), "")

    known = {name for names in COLUMNS.values() for name in names} | {"id", "source"}
    return {
        "title": cell("title"),
        "authors": names_in(row.get(next((n for n in COLUMNS["authors"] if row.get(n)), ""), "")),
        "year": year_in(cell("year")),
        "journal": cell("journal"),
        "volume": cell("volume"),
        "number": cell("number"),
        "pages": cell("pages") or page_range(cell("first"), cell("last")) or cell("article"),
        "doi": cell("doi"),
        "pmid": cell("pmid"),
        "abstract": cell("abstract"),
        "keywords": tuple(word for part in cell("keywords").split(";") if (word := part.strip())),
        "url": cell("url"),
        "kind": cell("kind"),
        "other": {name: (tidy(text),) for name, text in row.items() if name and name not in known and tidy(text)},
    }
