"""What every reader gives: records as named fields, and notes on what it had to guess; and how bytes become text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_LINE_END = re.compile(r"\r\n|\r|\n")  # str.splitlines would also break at characters that abstracts contain
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)|(?<!\d)((?:19|20)\d\d)(?=(?:0\d|1[0-2])[0-3]\d(?!\d))")
_PMID = re.compile(r"(?:PMID|PubMed|MEDLINE)\s*(?:ID)?\s*[:=]?\s*(\d{4,8})\b", re.I)
NOTES_SHOWN = 20


@dataclass
class Parsed:
    """Records of one file as fields of ``Publication``, without identifier and source.

    Attributes:
        notes: What was guessed or left out, with lines; at most ``NOTES_SHOWN`` and a count of the others.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unsaid: int = 0

    def note(self, text: str) -> None:
        """Remember a note; beyond the first twenty they are only counted."""
        if len(self.notes) < NOTES_SHOWN:
            self.notes.append(text)
        else:
            self.unsaid += 1


def text_of(data: bytes, parsed: Parsed) -> str:
    """Return a file's text: UTF-8 or UTF-16 by its mark, else UTF-8, else Windows-1252 with a note."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace").replace("\0", "")
    try:
        return data.decode("utf-8").replace("\0", "")
    except UnicodeDecodeError:
        parsed.note("the file is not UTF-8; it was read as Windows-1252 (Latin 1)")
        table = data.decode("latin-1")  # each byte is a letter there, and the few that Windows adds follow
        return table.translate(_WINDOWS).replace("\0", "")


_WINDOWS = {byte: bytes([byte]).decode("cp1252", errors="ignore") or " " for byte in range(0x80, 0xA0)}


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, whatever ends them."""
    return _LINE_END.split(text)


def tidy(text: str) -> str:
    """Return text with entities resolved and each run of white space as one space.

    >>> tidy("  head &amp;  neck  cancer ")
    'head & neck cancer'
    """
    return " ".join((html.unescape(text) if "&" in text else text).split())


def year_in(text: str) -> int | None:
    """Return the first year in a date; None where there is none.

    >>> year_in("2021/05/03/"), year_in("May 2019"), year_in("20200103"), year_in("in press")
    (2021, 2019, 2020, None)
    """
    found = _YEAR.search(text)
    return int(found.group(1) or found.group(2)) if found else None


def pmid_in(values: Iterable[str]) -> str:
    """Return a PubMed identifier that notes mention by name; empty where none do."""
    return next((found.group(1) for value in values if (found := _PMID.search(value))), "")


def page_range(first: str, last: str) -> str:
    """Return pages as one text.

    >>> page_range("12", "19"), page_range("12-19", ""), page_range("", ""), page_range("e7", "e7")
    ('12-19', '12-19', '', 'e7')
    """
    return f"{first}-{last}" if first and last and first != last else first or last


def names_in(text: str) -> tuple[str, ...]:
    """Return the authors in one cell: parted by semicolons, or by commas where each piece ends in initials.

    >>> names_in("Smith, J.; Doe, K."), names_in("Smith J., van Dyk K.L."), names_in("Smith, John")
    (('Smith, J.', 'Doe, K.'), ('Smith J.', 'van Dyk K.L.'), ('Smith, John',))
    """
    if ";" in text:
        pieces = text.split(";")
    else:
        parts = [part.strip() for part in text.split(",")]
        pieces = parts if len(parts) > 1 and all(_ENDS_IN_INITIALS.search(part) for part in parts) else [text]
    return tuple(name for piece in pieces if (name := tidy(piece).strip(" ,")) and name.lower() not in _NOBODY)


_ENDS_IN_INITIALS = re.compile(r"\w{2,}\s+(?:[^\W\d_a-z]\.?-?){1,4}$")
_NOBODY = ("et al", "et al.", "others", "anonymous", "[no author name available]", "[anonymous]")
