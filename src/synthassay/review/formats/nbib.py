"""NBIB, PubMed's own format: four-letter tags, continuation lines that begin with six spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from synthassay.review.formats.parsed import Parsed, lines_of, tidy, year_in

_TAG = re.compile(r"^(?=.{4}-)([A-Z][A-Z0-9]{1,3}) *- ?(.*)$")  # the dash stands in the fifth column
Tags = dict[str, list[str]]
_USED = frozenset(
    ["PMID", "TI", "BTI", "FAU", "AU", "DP", "DEP", "JT", "TA", "VI", "IP", "PG", "LID", "AID", "AB", "OT", "PT"]
)


def parse_nbib(text: str) -> Parsed:
    """Read NBIB; a record begins at ``PMID``."""
    parsed = Parsed()
    parsed.records.extend(_publication(tags) for tags in _records(text, parsed))
    return parsed


def _records(text: str, parsed: Parsed) -> Iterator[Tags]:
    tags: dict[str, list[list[str]]] = {}
    value: list[str] | None = None
    for number, line in enumerate(lines_of(text), 1):
        found = _TAG.match(line)
        if not found:
            if value is not None and line.strip():
                value.append(line.strip())
            elif line.strip():
                parsed.note(f"line {number}: text outside a record was left out: {line.strip()[:40]!r}")
            continue
        if found.group(1) == "PMID" and tags:
            yield _joined(tags)
            tags = {}
        value = [found.group(2)]
        tags.setdefault(found.group(1), []).append(value)
    if tags:
        yield _joined(tags)


def _joined(tags: dict[str, list[list[str]]]) -> Tags:
    return {tag: [text for value in values if (text := tidy(" ".join(value)))] for tag, values in tags.items()}


def _publication(tags: Tags) -> dict[str, Any]:
    def first(*names: str) -> str:
        return next((tags[name][0] for name in names if tags.get(name)), "")

    doi = next((v for tag in ("LID", "AID") for v in tags.get(tag, []) if v.endswith("[doi]")), "")
    return {
        "title": first("TI", "BTI"),
        "authors": tuple(tags.get("FAU") or tags.get("AU") or ()),
        "year": year_in(first("DP")) or year_in(first("DEP")),
        "journal": first("JT", "TA"),
        "volume": first("VI"),
        "number": first("IP"),
        "pages": first("PG"),
        "doi": doi.removesuffix("[doi]").strip(),
        "pmid": first("PMID"),
        "abstract": first("AB"),
        "keywords": tuple(tags.get("OT", ())),
        "kind": "; ".join(tags.get("PT", ())),
        "other": {tag: tuple(values) for tag, values in tags.items() if tag not in _USED and values},
    }
