"""A labelled set of bibliographic records as five databases would export them; written without a look at the matcher.

Each report (one publication) appears in one to four databases, with the habits of each: abbreviated journals, initials,
missing DOIs, lost diacritics, capitals, half titles, years of online publication. Beside them stand reports that look
alike and are not the same: conference and journal versions, parts, errata, sister papers, proceedings under one DOI.
The invented authors, titles and DOIs (10.5555, the prefix for examples) are nobody's.
"""

from __future__ import annotations

import json
import random
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path

WORDS = json.loads(Path(__file__).with_name("labelled_words.json").read_text(encoding="utf-8"))
SURNAMES, GIVEN, METHODS, VERBS = (WORDS[name] for name in ("surnames", "given", "methods", "verbs"))
AIMS, TAILS, JOURNALS, MEETINGS, SPELLINGS = (
    WORDS[name] for name in ("aims", "tails", "journals", "meetings", "spellings")
)


@dataclass
class Entry:
    """One exported record, and under ``report`` the publication that it shows."""

    report: int
    work: int  # reports of one work share it: conference and journal version
    source: str = ""
    title: str = ""
    authors: list[str] = field(default_factory=list)
    year: int | None = None
    journal: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    doi: str = ""
    pmid: str = ""
    abstract: str = ""
    kind: str = "article"


@dataclass
class _Report:
    title: str
    people: list[tuple[str, str]]
    year: int
    venue: str
    volume: int
    issue: int
    first: int
    last: int
    doi: str
    pmid: str
    kind: str
    abstract: str
    work: int


def labelled_records(reports: int = 1000, seed: int = 7) -> list[Entry]:
    """Return shuffled records of about ``1.35 * reports`` publications, some 2.1 records each."""
    rng = random.Random(seed)
    published: list[_Report] = []
    for work in range(reports):
        made = _report(rng, work)
        published.append(made)
        published += _lookalikes(rng, made, reports)
    entries: list[Entry] = []
    for number, made in enumerate(published):
        sources = (
            ["pubmed", "scopus", "embase", "wos", "ieee"] if made.kind != "conference" else ["scopus", "wos", "ieee"]
        )
        shown = rng.sample(sources, k=min(len(sources), rng.choices((1, 2, 3, 4), (3, 3, 2, 1))[0]))
        entries += [_exported(rng, made, number, source) for source in shown]
    rng.shuffle(entries)
    return entries


def _report(rng: random.Random, work: int) -> _Report:
    tail = rng.choice(TAILS)
    title = f"{rng.choice(METHODS)} {rng.choice(VERBS)} {rng.choice(AIMS)}" + (f": {tail}" if tail else "")
    people = [
        (rng.choice(SURNAMES), " ".join(rng.sample(GIVEN, rng.choice((1, 1, 2))))) for _ in range(rng.randint(2, 9))
    ]
    return _published(rng, title, people, rng.randint(2017, 2026), work, "article")


def _published(rng: random.Random, title: str, people: list, year: int, work: int, kind: str) -> _Report:
    first = rng.randint(1, 4000)
    meeting = kind == "conference"
    abstract = " ".join(
        f"We studied {rng.choice(AIMS)} with {rng.choice(METHODS).lower()} in {rng.randint(12, 900)} patients."
        for _ in range(rng.randint(2, 5))
    )
    return _Report(
        title=title,
        people=people,
        year=year,
        venue=rng.choice(MEETINGS) if meeting else rng.choice(list(JOURNALS)),
        volume=0 if meeting else rng.randint(1, 80),
        issue=0 if meeting else rng.randint(1, 12),
        first=first,
        last=first + rng.randint(3, 18),
        doi=f"10.5555/{rng.choice(('jmi', 'mp', 'tmi', 'cviu', 'rad'))}.{year}.{rng.randint(100000, 9999999)}",
        pmid="" if meeting else str(rng.randint(28000000, 39999999)),
        kind=kind,
        abstract=abstract,
        work=work,
    )


def _lookalikes(rng: random.Random, made: _Report, works: int) -> list[_Report]:
    """Return reports that resemble ``made`` and are not it; of most works there are none."""
    chance, other = rng.random(), works + rng.randrange(10**9)
    if chance < 0.10:  # the meeting's version of the same work
        meeting = _published(
            rng, made.title, made.people, made.year - rng.choice((0, 0, 1, 2)), made.work, "conference"
        )
        return [replace(meeting, doi="" if rng.random() < 0.3 else meeting.doi)]
    if chance < 0.14:  # the second part, in the same issue
        second = _published(rng, made.title, made.people, made.year, other, "article")
        made.title, parts = f"{made.title}. Part I", f"{made.title}. Part II"
        return [
            replace(
                second,
                title=parts,
                venue=made.venue,
                volume=made.volume,
                issue=made.issue,
                first=made.last + 1,
                last=made.last + 9,
            )
        ]
    if chance < 0.17:
        word = rng.choice(("Erratum to: ", "Correction: ", "Reply to: ", "Comment on "))
        about = _published(rng, word + made.title, made.people, made.year + rng.choice((0, 1)), other, "article")
        return [replace(about, venue=made.venue, abstract="")]
    if chance < 0.23:  # a sister paper: one word differs
        swaps = [("T1", "T2"), ("brain", "liver"), ("chest", "hand"), ("CT", "PET"), ("MRI", "CT"), ("a ", "another ")]
        title = next((made.title.replace(a, b, 1) for a, b in swaps if a in made.title), made.title + " II")
        sister = _published(rng, title, made.people, made.year, other, "article")
        return [replace(sister, venue=made.venue, volume=made.volume, issue=made.issue)]
    if chance < 0.27:  # the same title by other people
        people = [(rng.choice(SURNAMES), rng.choice(GIVEN)) for _ in range(rng.randint(2, 6))]
        return [_published(rng, made.title, people, made.year + rng.choice((-1, 0, 1)), other, "article")]
    if chance < 0.29:  # the yearly report of the same group
        return [
            _published(
                rng, f"{made.title}: results of {made.year + n}", made.people, made.year + n, other + n, "article"
            )
            for n in (1, 2)
        ]
    if chance < 0.30:  # proceedings exported under the volume's DOI
        shared = f"10.5555/proceedings-{rng.randint(1000, 9999)}"
        others = [_report(rng, other + n) for n in range(3)]
        return [
            replace(_published(rng, r.title, r.people, made.year, r.work, "conference"), doi=shared) for r in others
        ]
    if chance < 0.31:
        return [_published(rng, "Editorial", made.people[:1], made.year, other + n, "article") for n in range(2)]
    return []


def _exported(rng: random.Random, made: _Report, number: int, source: str) -> Entry:
    entry = Entry(
        report=number,
        work=made.work,
        source=source,
        title=_title(rng, made.title, source),
        authors=[_author(surname, given, source) for surname, given in made.people],
        year=made.year,
        journal=_venue(made.venue, source),
        volume=str(made.volume or ""),
        number=str(made.issue or "") if rng.random() > 0.1 else "",
        pages=_pages(rng, made.first, made.last, source),
        doi=_doi(rng, made.doi, source),
        pmid=made.pmid if source == "pubmed" or (source == "embase" and rng.random() < 0.5) else "",
        abstract=made.abstract if rng.random() > 0.2 else "",
        kind=made.kind,
    )
    if source in ("embase", "wos"):
        entry.authors = [_plain(name) for name in entry.authors]
        entry.journal = _plain(entry.journal)
    _faults(rng, entry)
    return entry


def _faults(rng: random.Random, entry: Entry) -> None:
    if rng.random() < 0.08 and entry.year is not None:
        entry.year += rng.choice((-1, 1))  # online first
    if rng.random() < 0.02:
        entry.year = None
    if rng.random() < 0.02:
        entry.authors = []
    if rng.random() < 0.06:
        entry.authors = entry.authors[:1]
    if rng.random() < 0.03:
        entry.volume = entry.number = ""
    if rng.random() < 0.04 and ": " in entry.title and not entry.title.lower().startswith(("erratum", "corr", "reply")):
        entry.title = entry.title.split(": ")[0]
    if rng.random() < 0.05 and len(entry.title) > 20:
        at = rng.randrange(4, len(entry.title) - 3)
        kept = entry.title
        while not (kept[at].isalpha() and kept[at + 1].isalpha()):
            at = rng.randrange(4, len(kept) - 3)
        swapped = kept[at + 1] + kept[at]
        entry.title = kept[:at] + rng.choice((kept[at + 1], swapped, kept[at : at + 2] * 2)) + kept[at + 2 :]


def _title(rng: random.Random, title: str, source: str) -> str:
    if rng.random() < 0.15:
        for british, american in SPELLINGS.items():
            title = title.replace(british, american)
    if source == "wos":
        title = title.upper() if rng.random() < 0.1 else title.title()
        title = title.replace("Β-", "beta-").replace("β", "beta")
    if source in ("pubmed", "embase"):
        title = title[0] + title[1:] + "."
    if source == "scopus" and rng.random() < 0.3:
        title = title.replace("&", "&amp;").replace("T1-", "T<sub>1</sub>-").replace("β", "&beta;")
    if source == "ieee":
        title = title.replace("-", "–" if rng.random() < 0.2 else "-").replace("β", "beta")
    return title


def _author(surname: str, given: str, source: str) -> str:
    initials = [name[0] for name in given.split()]
    if source == "pubmed":
        return f"{surname} {''.join(initials)}"
    if source == "scopus":
        return f"{surname}, {''.join(i + '.' for i in initials)}"
    if source == "embase":
        return f"{surname} {''.join(i + '.' for i in initials)}"
    return f"{surname}, {given}" if source == "wos" else f"{' '.join(i + '.' for i in initials)} {surname}"


def _venue(venue: str, source: str) -> str:
    if source == "pubmed":
        return JOURNALS.get(venue, venue)
    return venue.upper() if source == "wos" else venue


def _pages(rng: random.Random, first: int, last: int, source: str) -> str:
    if rng.random() < 0.12:
        return ""
    if source == "pubmed" and len(str(first)) == len(str(last)):
        shared = next((n for n, (a, b) in enumerate(zip(str(first), str(last), strict=True)) if a != b), 0)
        return f"{first}-{str(last)[shared:]}"
    return f"{first}{'–' if source == 'ieee' else '-'}{last}"


def _doi(rng: random.Random, doi: str, source: str) -> str:
    missing = {"pubmed": 0.12, "scopus": 0.1, "embase": 0.3, "wos": 0.2, "ieee": 0.15}[source]
    if not doi or rng.random() < missing:
        return ""
    return {"scopus": f"https://doi.org/{doi}", "embase": f"http://dx.doi.org/{doi}"}.get(
        source, doi.upper() if source == "wos" else doi
    )


def _plain(text: str) -> str:
    text = (
        text.replace("ß", "ss")
        .replace("ø", "o")
        .replace("Ø", "O")
        .replace("ł", "l")
        .replace("Ł", "L")
        .replace("ı", "i")
    )
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
