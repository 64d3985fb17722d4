"""Records as RIS, BibTeX or a table, so that any reference manager or spreadsheet can go on with them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from synthassay.records.review import Publication
from synthassay.review.formats.tables import harmless

TABLE = (
    "id", "source", "title", "authors", "year", "journal", "volume", "number", "pages", "doi", "pmid", "abstract",
    "keywords", "url", "kind",
)  # fmt: skip
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
}  # fmt: skip


def to_ris(records: Iterable[Publication]) -> str:
    """Return records as RIS."""
    lines: list[str] = []
    for record in records:
        kind = record.kind if re.fullmatch(r"[A-Z]{3,6}", record.kind) else "JOUR"
        lines.append(f"TY  - {kind}")
        if record.kind and kind != record.kind:
            lines.append(f"M3  - {_entity(record.kind)}")
        lines.append(f"TI  - {_entity(record.title)}")
        lines += [f"AU  - {_entity(author)}" for author in record.authors]
        fields = (
            ("PY", str(record.year or "")), ("T2", record.journal), ("VL", record.volume), ("IS", record.number),
            ("SP", record.pages), ("DO", record.doi), ("PM", record.pmid), ("AB", record.abstract), ("UR", record.url),
        )  # fmt: skip
        lines += [f"{tag}  - {_entity(value)}" for tag, value in fields if value]
        lines += [f"KW  - {_entity(word)}" for word in record.keywords]
        lines += [f"N1  - {record.id}, from {_entity(record.source)}", "ER  - ", ""]
    return "\n".join(lines)


def _entity(text: str) -> str:
    """Readers resolve entities; a bare ampersand that would become one is written as an entity itself."""
    return re.sub(r"&(?=#?\w+)", "&amp;", text)


def to_bibtex(records: Iterable[Publication]) -> str:
    """Return records as BibTeX."""
    entries = []
    for record in records:
        kind = record.kind if record.kind.isascii() and record.kind.isalpha() else "article"
        fields = {
            "title": _latex(record.title),
            "author": " and ".join(f"{{{_latex(author)}}}" for author in record.authors),
            "year": str(record.year or ""),
            "journal": _latex(record.journal),
            "volume": _latex(record.volume),
            "number": _latex(record.number),
            "pages": _latex(record.pages),
            "doi": record.doi.replace("{", "").replace("}", "").replace("\\", ""),
            "pmid": record.pmid,
            "abstract": _latex(record.abstract),
        }
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
        entries.append(f"@{kind.lower()}{{{record.id},\n{body}\n}}\n")
    return "\n".join(entries)


def _latex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in _entity(text))


def to_table(rows: Iterable[dict[str, str]], columns: Iterable[str]) -> str:
    """Return rows as CSV in which no cell is a formula to a spreadsheet."""
    columns = tuple(columns)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([harmless(row.get(column, "")) for column in columns] for row in rows)
    return out.getvalue()


def record_row(record: Publication) -> dict[str, str]:
    """Return a record as a row of a table: column of ``TABLE`` to cell."""
    lists = {"authors": "; ".join(record.authors), "keywords": "; ".join(record.keywords)}
    plain = {name: getattr(record, name) for name in TABLE if name not in lists}
    return {**{name: "" if value is None else str(value) for name, value in plain.items()}, **lists}
