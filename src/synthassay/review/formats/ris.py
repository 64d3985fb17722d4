"""RIS, with what databases make of it: ``A1`` for ``AU``, wrapped lines, missing ``ER``, Embase's own tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from synthassay.review.formats.parsed import (
    Parsed,
    lines_of,
    names_in,
    page_range,
    pmid_in,
    tidy,
    year_in,
)

_TAG = re.compile(r"^\s{0,3}([A-Z][A-Z0-9]) {0,2}- ?(.*)$")
Tags = dict[str, list[str]]
_USED = frozenset(
    [
        "TY",
        "TI",
        "T1",
        "AU",
        "A1",
        "PY",
        "Y1",
        "DA",
        "T2",
        "JF",
        "JO",
        "JA",
        "J2",
        "BT",
        "C3",
        "VL",
        "IS",
        "SP",
        "EP",
        "DO",
        "L3",
        "UR",
        "L2",
        "KW",
        "AB",
        "N2",
        "M3",
        "PM",
        "ER",
    ]
)


def parse_ris(text: str) -> Parsed:
    """Read RIS.

    A record begins at ``TY``; a missing ``ER`` is noted and mended. A line without a tag belongs to the line before.
    """
    parsed = Parsed()
    for tags in _records(text, parsed):
        parsed.records.append(_publication(tags))
    return parsed


def _records(text: str, parsed: Parsed) -> Iterator[Tags]:
    tags: Tags = {}
    value: list[str] | None = None  # pieces of the value being read, so that wrapped text joins in linear time
    begun = 0

    for number, line in enumerate(lines_of(text), 1):
        found = _TAG.match(line[:12]) and _TAG.match(line)
        if not found:
            if value is not None and line.strip():
                value.append(line.strip())
            elif line.strip() and not tags:
                parsed.note(f"line {number}: text outside a record was left out: {line.strip()[:40]!r}")
            continue
        tag, rest = found.group(1), found.group(2).strip()
        if tag in ("TY", "ER") and tags:
            if tag == "TY":
                parsed.note(f"line {number}: the record that begins in line {begun} has no ER line; a new one begins")
            yield _joined(tags)
            tags, value = {}, None
        if tag == "ER":
            continue
        begun = begun if tags else number
        value = [rest]
        tags.setdefault(tag, []).append(value)  # type: ignore[arg-type]
    if tags:
        parsed.note(f"the record that begins in line {begun} has no ER line; the file ends")
        yield _joined(tags)


def _joined(tags: Tags) -> Tags:
    return {tag: [text for value in values if (text := tidy(" ".join(value)))] for tag, values in tags.items()}


def _publication(tags: Tags) -> dict[str, Any]:
    def first(*names: str) -> str:
        return next((tags[name][0] for name in names if tags.get(name)), "")

    authors = [author for tag in ("AU", "A1") for text in tags.get(tag, []) for author in names_in(text)]
    doi = first("DO") or next((v for tag in ("L3", "UR", "M3", "N1") for v in tags.get(tag, []) if "10." in v), "")
    pmid = first("PM") or (first("C5") if first("C5").isdigit() else "")
    kind = first("M3") if first("M3") and "10." not in first("M3") else first("TY")
    return {
        "title": first("TI", "T1", "CT"),
        "authors": tuple(dict.fromkeys(authors)),
        "year": next((y for tag in ("PY", "Y1", "DA") for v in tags.get(tag, []) if (y := year_in(v))), None),
        "journal": first("T2", "JF", "JO", "BT", "C3", "JA", "J2"),
        "volume": first("VL"),
        "number": first("IS"),
        "pages": page_range(first("SP"), first("EP")) or first("C7"),
        "doi": doi,
        "pmid": pmid or pmid_in(v for tag in ("AN", "N1", "ID", "U1", "XR", "C2", "C8") for v in tags.get(tag, [])),
        "abstract": first("AB", "N2"),
        "keywords": tuple(tags.get("KW", ())),
        "url": first("UR", "L2"),
        "kind": kind,
        "other": {tag: tuple(values) for tag, values in tags.items() if tag not in _USED and values},
    }
