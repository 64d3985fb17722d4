"""BibTeX: braces, quotes, ``@string`` and LaTeX's accents; read by one pass over the text, nothing is executed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from synthassay.review.formats.parsed import Parsed, tidy, year_in

_ENTRY = re.compile(r"@([A-Za-z]+)\s*[{(]\s*")
_NAME = re.compile(r"\s*([A-Za-z][\w.:+/-]*)\s*=\s*")
_BARE = re.compile(r"[^\s,#{}\"]+")
_MONTHS = dict.fromkeys(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), "")
_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307",
    '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "c": "\u0327", "k": "\u0328", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
_SIGNS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
    "i": "ı", "j": "ȷ", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "mu": "μ", "kappa": "κ", "lambda": "λ",
    "sigma": "σ", "tau": "τ", "omega": "ω", "times": "×", "rightarrow": "→", "to": "→", "pm": "±",
    "textbackslash": "\\",    "textasciitilde": "~", "textasciicircum": "^", "textendash": "–", "textemdash": "—",
}  # fmt: skip
_COMMAND = re.compile(
    r"\\(?:(?P<accent>[`'^~=.\"])\s*(?:\{\\?(?P<inside>\w)\}|\\?(?P<bare>\w))"
    r"|(?P<lettered>[uvHckrdb])\s*\{\\?(?P<letter>\w)\}"
    r"|(?P<sign>[A-Za-z]+)(?:\{\}|\s+|(?=[^A-Za-z]|$))"
    r"|(?P<mark>[&%$#_{}\\ ,]))"
)
_USED = frozenset(
    [
        "title",
        "author",
        "year",
        "date",
        "journal",
        "booktitle",
        "journaltitle",
        "volume",
        "number",
        "pages",
        "doi",
        "pmid",
        "abstract",
        "keywords",
        "url",
    ]
)


class _Fault(Exception):
    """The text does not go on as BibTeX should."""


def parse_bibtex(text: str) -> Parsed:
    """Read BibTeX and BibLaTeX; an entry that breaks off is noted, and reading goes on at the next."""
    parsed = Parsed()
    strings = dict(_MONTHS)
    at = 0
    while found := _ENTRY.search(text, at):
        kind, at = found.group(1).lower(), found.end()
        if kind in ("comment", "preamble"):
            continue
        try:
            if kind == "string":
                fields, at = _fields(text, at, strings)
                strings.update(fields)
                continue
            key, at = _key(text, at)
            fields, at = _fields(text, at, strings)
        except _Fault as problem:
            line = text.count("\n", 0, found.start()) + 1
            parsed.note(f"line {line}: the entry breaks off ({problem}) and was left out")
            continue
        parsed.records.append(_publication(kind, key, fields))
    return parsed


def _key(text: str, at: int) -> tuple[str, int]:
    end = at
    while end < len(text) and text[end] not in ",}\n":
        end += 1
    if end == len(text) or text[end] == "\n":
        raise _Fault("no comma after its key")
    return text[at:end].strip(), end + (text[end] == ",")


def _fields(text: str, at: int, strings: dict[str, str]) -> tuple[dict[str, str], int]:
    fields: dict[str, str] = {}
    while found := _NAME.match(text, at):
        pieces, at = [], found.end()
        while True:
            piece, at = _value(text, at, strings)
            pieces.append(piece)
            at = _skip(text, at)
            if text[at : at + 1] != "#":
                break
            at = _skip(text, at + 1)
        fields.setdefault(found.group(1).lower(), "".join(pieces))
        if text[at : at + 1] == ",":
            at += 1
    at = _skip(text, at)
    if text[at : at + 1] not in ("}", ")"):
        raise _Fault("its end was not found")
    return fields, at + 1


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _value(text: str, at: int, strings: dict[str, str]) -> tuple[str, int]:
    opening = text[at : at + 1]
    if opening not in ("{", '"'):
        found = _BARE.match(text, at)
        if not found:
            raise _Fault("a field has no value")
        return strings.get(found.group().lower(), found.group()), found.end()
    depth, place = 0, at + 1
    while place < len(text):
        letter = text[place]
        if letter == "\\":
            place += 2
            continue
        if depth == 0 and letter == ("}" if opening == "{" else '"'):
            return text[at + 1 : place], place + 1
        depth += (letter == "{") - (letter == "}")
        place += 1
    raise _Fault("a brace or quote is not closed")


def plain_latex(text: str) -> str:
    r"""Return LaTeX text as plain text.

    >>> plain_latex(r"M{\"u}ller, {\O}stergaard and Nguy{\~{e}}n: $\beta$ \& {MRI}")
    'Müller, Østergaard and Nguyẽn: β & MRI'
    """
    kept: list[str] = []
    at = 0
    for found in _COMMAND.finditer(text):
        kept.append(_bare(text[at : found.start()]))
        kept.append(_sign(found))
        at = found.end()
    kept.append(_bare(text[at:]))
    return tidy(unicodedata.normalize("NFC", "".join(kept)))


def _bare(text: str) -> str:
    return text.replace("{", "").replace("}", "").replace("$", "").replace("~", " ")


def _sign(found: re.Match[str]) -> str:
    if accent := found["accent"] or found["lettered"]:
        return (found["inside"] or found["bare"] or found["letter"]) + _ACCENTS[accent]
    if (sign := found["sign"]) is not None:
        return _SIGNS.get(sign, "" if sign.startswith(("text", "em", "it", "bf", "rm")) else sign + " ")
    return found["mark"] if found["mark"] != "," else " "


def _authors(text: str) -> tuple[str, ...]:
    """Split at "and" outside braces."""
    pieces, depth, begun = [], 0, 0
    for found in re.finditer(r"\\.|[{}]|\s+and\s+", text, re.S):
        sign = found.group()
        if sign in "{}":
            depth += 1 if sign == "{" else -1
        elif depth == 0 and not sign.startswith("\\"):
            pieces.append(text[begun : found.start()])
            begun = found.end()
    pieces.append(text[begun:])
    return tuple(name for piece in pieces if (name := plain_latex(piece)) and name.lower() != "others")


def _publication(kind: str, key: str, fields: dict[str, str]) -> dict[str, Any]:
    def first(*names: str) -> str:
        return next((text for name in names if (text := plain_latex(fields.get(name, "")))), "")

    other = {name: (first(name),) for name in fields if name not in _USED and first(name)}
    return {
        "title": first("title"),
        "authors": _authors(fields.get("author", "")),
        "year": year_in(first("year")) or year_in(first("date")),
        "journal": first("journal", "journaltitle", "booktitle"),
        "volume": first("volume"),
        "number": first("number"),
        "pages": first("pages").replace("--", "-"),
        "doi": fields.get("doi", "").replace("\\_", "_").strip(),
        "pmid": first("pmid"),
        "abstract": first("abstract"),
        "keywords": tuple(k for k in re.split(r"\s*[;,]\s*", first("keywords")) if k),
        "url": fields.get("url", "").strip(),
        "kind": kind,
        "other": {**other, "key": (key,)} if key else other,
    }
