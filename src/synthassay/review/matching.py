"""Whether two records show one report: surely, maybe, or not; each by a rule that has a name and a sentence.

Two records are linked without asking only where nothing speaks against it: no other DOI, no other PubMed identifier,
no other page, volume, venue or author, and no word of the title that is more than a slip of the pen away. What remains
likely goes to a person.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from synthassay.review.keys import Keys

NEAR, SAME_WORK = 85.0, 60.0
"""Likeness of titles from which a person is asked, and below which one DOI must stand for a volume, not for a paper."""
RULES = {
    "doi": "the same DOI, and titles that agree",
    "pmid": "the same PubMed identifier, and titles that agree",
    "title": "the same title and first author, in the same year give or take one, and the same pages, volume or venue",
    "pages": "the same first page and volume or year, the same first author, and a title cut short or misspelt",
}
"""Every rule that links without asking."""
_NUMERALS = frozenset(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "part"])


class Agreement(Enum):
    """How two records agree in one respect."""

    SAME = "same"
    DIFFER = "differ"
    UNKNOWN = "unknown"  # at least one is silent


class Likeness(Enum):
    """How two titles agree."""

    EQUAL = "equal"
    TYPO = "typo"  # each word has an equal, or one a slip of the pen away
    CUT = "cut"  # one is the beginning of the other
    NEAR = "near"
    FAR = "far"
    UNKNOWN = "unknown"


class Verdict(NamedTuple):
    """What is said of a pair: by a rule that links it, or that a person should look; neither: two reports."""

    rule: str = ""
    ask: str = ""


SAME, DIFFER, UNKNOWN = Agreement.SAME, Agreement.DIFFER, Agreement.UNKNOWN
_TITLE_STANDS = (Likeness.EQUAL, Likeness.TYPO)
_APART = Verdict()


def judge(a: Keys, b: Keys) -> Verdict:
    """Say whether two records show one report. Symmetric."""
    doi, pmid, page = _agree(a.doi, b.doi), _agree(a.pmid, b.pmid), _agree(a.page, b.page)
    if a.notice != b.notice:
        return _APART
    title = likeness(a, b)
    if title is Likeness.FAR or (title is Likeness.UNKNOWN and SAME not in (doi, pmid)):
        return _shared_identifier(a, b, doi, pmid)
    if SAME in (doi, pmid):
        return _by_identifier(title, _author(a, b), doi, pmid, page)
    author = _author(a, b)
    gap = abs(a.year - b.year) if a.year is not None and b.year is not None else None
    if author is DIFFER or (gap or 0) > 1:
        return _APART
    if DIFFER in (doi, pmid):
        return Verdict(ask="the same page and title, and identifiers that differ") if page is SAME else _APART
    return _by_description(a, b, title, author, page, gap)


def _by_identifier(title: Likeness, author: Agreement, doi: Agreement, pmid: Agreement, page: Agreement) -> Verdict:
    name = "doi" if doi is SAME else "pmid"
    if DIFFER in (doi, pmid):
        return Verdict(ask="one identifier is the same and the other differs")
    if title not in (*_TITLE_STANDS, Likeness.UNKNOWN) and author is DIFFER:
        return Verdict(ask=f"the same {name.upper()}, and another first author: two papers of one volume?")
    if title is Likeness.NEAR and page is not SAME:
        return Verdict(ask=f"the same {name.upper()}, and titles that differ in more than a slip of the pen")
    return Verdict(rule=name)


def _shared_identifier(a: Keys, b: Keys, doi: Agreement, pmid: Agreement) -> Verdict:
    """Titles that have nothing in common: proceedings under one DOI, or a translated title."""
    if SAME in (doi, pmid) and DIFFER not in (doi, pmid) and ratio(a.compact, b.compact) >= SAME_WORK:
        return Verdict(ask="the same identifier, and titles that are not alike")
    if SAME in (doi, pmid) and _author(a, b) is SAME and _agree(a.page, b.page) is SAME:
        return Verdict(ask="the same identifier, page and author, and titles that are not alike: a translation?")
    return _APART


def _by_description(a: Keys, b: Keys, title: Likeness, author: Agreement, page: Agreement, gap: int | None) -> Verdict:
    volume, venue = _agree(a.volume, b.volume), _venue(a, b)
    against = DIFFER in (page, volume, venue)
    if title in _TITLE_STANDS and author is SAME and gap is not None and not against:
        placed = page is SAME or (volume is SAME and venue is SAME)
        if placed or (venue is SAME and gap == 0 and len(a.words) >= 4 and volume is not DIFFER and _people(a, b)):
            return Verdict(rule="title")
    issue = volume is SAME or (volume is UNKNOWN and gap == 0)
    if page is SAME and issue and not against and (author is SAME or title is Likeness.EQUAL):
        return Verdict(rule="pages")
    if page is DIFFER and title not in _TITLE_STANDS:
        return _APART
    if author is SAME or title is Likeness.EQUAL:
        return Verdict(ask=_doubt(title, author, page, volume, venue, gap))
    return _APART


def _doubt(
    title: Likeness, author: Agreement, page: Agreement, volume: Agreement, venue: Agreement, gap: int | None
) -> str:
    """Why a person is asked, in words."""
    silent = {"pages": page, "volume": volume, "venue": venue, "first author": author}
    differing = [name for name, found in silent.items() if found is DIFFER]
    if differing:
        verb = "differ" if len(differing) > 1 or differing == ["pages"] else "differs"
        return f"titles alike, but {' and '.join(differing)} {verb}: perhaps a meeting's and a journal's version"
    if title not in _TITLE_STANDS:
        return "titles that differ in more than a slip of the pen"
    if gap is None:
        return "the same title, and a year is missing"
    return "the same title, and too little else to be sure: " + ", ".join(n for n, f in silent.items() if f is UNKNOWN)


def likeness(a: Keys, b: Keys) -> Likeness:
    """Say how two titles agree."""
    if not a.words or not b.words:
        return Likeness.UNKNOWN
    if a.compact == b.compact:
        return Likeness.EQUAL
    if _slips(a.words, b.words):
        return Likeness.TYPO
    short, long = sorted((a.compact, b.compact), key=len)
    rest = (a.words if a.compact == long else b.words)[min(len(a.words), len(b.words)) :]
    if len(short) >= 25 and long.startswith(short) and not any(w in _NUMERALS or w.isdigit() for w in rest):
        return Likeness.CUT
    return Likeness.NEAR if ratio(short, long, score_cutoff=NEAR) else Likeness.FAR


def _slips(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two titles have the same words in the same order but for at most two slips of the pen."""
    if len(a) != len(b):
        return False
    changed = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    return len(changed) <= 2 and all(_slip(x, y) for x, y in changed)


def _slip(x: str, y: str) -> bool:
    shorter = min(len(x), len(y))
    if shorter < 5 or not (x.isalpha() and y.isalpha()):
        return False  # CT and PET, T1 and T2, 2019 and 2020 are one letter apart and not the same
    return OSA.distance(x, y, score_cutoff=2) <= (2 if shorter >= 9 else 1)


def _agree(x: str, y: str) -> Agreement:
    return UNKNOWN if not x or not y else SAME if x == y else DIFFER


def _author(a: Keys, b: Keys) -> Agreement:
    if not a.surnames or not b.surnames:
        return UNKNOWN
    x, y = a.surnames[0], b.surnames[0]
    close = x == y or (min(len(x), len(y)) >= 4 and (x.endswith(y) or y.endswith(x) or OSA.distance(x, y) <= 1))
    return SAME if close else DIFFER


def _people(a: Keys, b: Keys) -> bool:
    """Whether the author lists agree as far as both go."""
    shared = len(set(a.surnames) & set(b.surnames))
    return shared >= 0.6 * min(len(set(a.surnames)), len(set(b.surnames)))


def _venue(a: Keys, b: Keys) -> Agreement:
    """Same where each word of the shorter begins one of the longer, in order: ``Med Phys``, ``Medical Physics``."""
    if not a.venue or not b.venue:
        return UNKNOWN
    short, long = sorted((a.venue, b.venue), key=lambda words: (len(words), sum(map(len, words))))
    at = 0
    for word in short:
        while at < len(long) and not (
            long[at].startswith(word) or word.startswith(long[at]) or _contracted(word, long[at])
        ):
            at += 1
        if at == len(long):
            return DIFFER
        at += 1
    # "Radiology" is not "Radiology: Artificial Intelligence"
    return SAME if len(long) - len(short) <= len(short) // 2 else DIFFER


def _contracted(word: str, whole: str) -> bool:
    return word[0] == whole[0] and word[-1] == whole[-1] and len(word) < len(whole) and whole.startswith(word[:3])
