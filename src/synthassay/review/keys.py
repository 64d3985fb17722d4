"""What of a record is compared: identifiers, title, surnames, pages and venue, spelt alike whatever the database."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

from synthassay.records.review import Publication

_DOI = re.compile(r"10\.\d{4,9}/\S+", re.I)
_INLINE_TAG = re.compile(r"</?(?:i|b|em|strong|sub|sup|u|sc|inf|italic|bold|p|span|br)\b[^<>]{0,80}/?>", re.I)
_WORD = re.compile(r"[a-z0-9]+")
_INITIALS = re.compile(r"^(?:[^\W\d_]\.?-?){1,4}$")
# the same rewriting on both sides: what it wrongly joins, such as "noise" and "noize", no title tells apart
_SPELLINGS = ((re.compile(r"our(?=s?\b|ed\b|ing\b)"), "or"), (re.compile("is(?=e|ing|ation)"), "iz"))
_DIGRAPHS = re.compile("ae|oe")
_LETTERS = str.maketrans(
    {
        "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "æ": "e",
        "Æ": "E", "œ": "e", "Œ": "E", "&": " and ", "’": "", "'": "", "α": "alpha", "β": "beta", "γ": "gamma",
        "δ": "delta", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "σ": "sigma", "τ": "tau", "ω": "omega",
        "Α": "alpha", "Β": "beta", "Γ": "gamma", "Δ": "delta",
    }
)  # fmt: skip
_NOTICES = (
    "erratum",
    "corrigendum",
    "correction",
    "retraction",
    "reply",
    "response",
    "comment",
    "commentary",
    "letter",
)
_SMALL = frozenset(
    ("of", "the", "and", "in", "on", "for", "a", "an", "de", "der", "des", "la", "le", "el", "et", "und", "fur")
)


@dataclass(frozen=True)
class Keys:
    """One record, ready for comparison; empty where the record is silent.

    Attributes:
        words: Words of the title without accents, capitals, marks and British or American habits.
        compact: The same without spaces, so that ``X-ray``, ``X ray`` and ``Xray`` are one.
        notice: ``erratum``, ``reply`` and the like, where the title starts with it.
        surnames: Of the authors, first author first.
        venue: Words of the journal or meeting that carry meaning.
    """

    doi: str
    pmid: str
    words: tuple[str, ...]
    compact: str
    notice: str
    surnames: tuple[str, ...]
    year: int | None
    page: str
    volume: str
    venue: tuple[str, ...]


def keys_of(record: Publication) -> Keys:
    """Return what of a record is compared."""
    words = title_words(record.title)
    return Keys(
        doi=normal_doi(record.doi),
        pmid=normal_pmid(record.pmid),
        words=words,
        compact="".join(words),
        notice=next((word for word in words[:2] if word in _NOTICES), ""),
        surnames=tuple(name for author in record.authors if (name := surname_of(author))),
        year=record.year,
        page=first_page(record.pages),
        volume="".join(re.findall(r"[a-z0-9]+", record.volume.lower())).lstrip("0"),
        venue=tuple(word for word in _WORD.findall(plain(record.journal)) if word not in _SMALL),
    )


def plain(text: str) -> str:
    """Return text in small letters without accents, entities and inline mark-up; Greek letters by name.

    >>> plain("T<sub>1</sub> &amp; β-amyloid in Łódź"), plain("Müller")
    ('t1  and  beta-amyloid in lodz', 'muller')
    """
    text = _INLINE_TAG.sub("", html.unescape(text)) if "<" in text or "&" in text else text
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    else:
        text = text.replace("&", " and ").replace("'", "")
    return text.translate(_LETTERS).lower()


def title_words(title: str) -> tuple[str, ...]:
    """Return the words of a title in one spelling.

    >>> title_words("Paediatric Tumour Normalisation, Part II.")
    ('pediatric', 'tumor', 'normalization', 'part', 'ii')
    """
    text = plain(title)
    for pattern, new in _SPELLINGS:
        text = pattern.sub(new, text)
    return tuple(_WORD.findall(_DIGRAPHS.sub("e", text)))


def normal_doi(text: str) -> str:
    """Return the bare DOI in small letters; empty where there is none.

    >>> normal_doi("https://doi.org/10.5555/ABC.1."), normal_doi("doi: 10.5555/x(1)2"), normal_doi("n/a")
    ('10.5555/abc.1', '10.5555/x(1)2', '')
    """
    found = _DOI.search(text)
    if not found:
        return ""
    doi = found.group().lower().rstrip(".,;\"'>]}")
    return doi if doi.count("(") >= doi.count(")") else doi.rstrip(")")


def normal_pmid(text: str) -> str:
    """Return the digits of a PubMed identifier; empty where there is none (a PMCID is none).

    >>> normal_pmid("PMID: 0123456 [pubmed]"), normal_pmid("PMC123456")
    ('123456', '')
    """
    found = re.search(r"(?<![A-Za-z\d])0*([1-9]\d{0,7})(?!\d)", text)
    return found.group(1) if found else ""


def surname_of(author: str) -> str:
    """Return an author's surname in one spelling, from any order of names and initials.

    >>> [surname_of(a) for a in ("Müller, J.A.", "van der Berg KM", "J. A. García-López", "Łukasz Nowak")]
    ['muller', 'vanderberg', 'garcialopez', 'nowak']
    """
    if "," in author:
        name = author.split(",", maxsplit=1)[0]
    else:
        parts = author.split()
        while len(parts) > 1 and _is_initials(parts[-1]):
            parts.pop()
        leading = 0
        while leading < len(parts) - 1 and (parts[leading].endswith(".") or len(parts[leading]) == 1):
            leading += 1
        trailed = len(parts) < len(author.split())
        name = " ".join(parts) if trailed else " ".join(parts[leading:]) if leading else " ".join(parts[-1:])
    return "".join(_WORD.findall(_DIGRAPHS.sub("e", plain(name))))


def _is_initials(part: str) -> bool:
    return bool(_INITIALS.match(part)) and part.upper() == part


def first_page(pages: str) -> str:
    """Return the first page or the article number.

    >>> first_page("0123–131"), first_page("pp. e12-e19"), first_page("Article 104"), first_page("S12-S20")
    ('123', 'e12', '104', 's12')
    """
    found = re.search(r"(?<![a-z])([a-z]{0,2})0*(\d+)", pages.lower().replace("pp.", " ").replace("p.", " "))
    return f"{found.group(1)}{found.group(2)}" if found else ""
