"""Deduplication of a project: links into its log, questions as a sheet, and a person's words on pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from synthassay.errors import DataError, did_you_mean
from synthassay.records.base import write_text
from synthassay.records.review import Link, Tie
from synthassay.review.clusters import clusters
from synthassay.review.deduplicate import Proposal, Question, propose
from synthassay.review.formats.parsed import Parsed, text_of
from synthassay.review.formats.tables import rows_of
from synthassay.review.formats.writing import to_table
from synthassay.review.project import Project
from synthassay.review.sheets import now

COLUMNS = ("a", "b", "same_or_apart", "why", "title_a", "title_b", "authors_a", "authors_b", "where_a", "where_b")


def link_duplicates(review: Path) -> tuple[Proposal, int]:
    """Add the sure links to a project's log; return what was found and how many duplicates there are in all."""
    project = Project(review)
    if not project.records:
        raise DataError(str(review), "holds no record", remedy="Import one first: synthassay review import.")
    found = propose(tuple(project.records.values()), project.links())
    project.add_links(found.links)
    return found, clusters(list(project.records), project.links()).duplicates


def ask_sheet(review: Path, questions: Iterable[Question], file: Path) -> Path:
    """Write pairs that a person should judge, both records side by side."""
    records = Project(review).records
    rows = []
    for question in questions:
        row = {"a": question.a, "b": question.b, "same_or_apart": "", "why": question.why}
        for side, name in (("a", question.a), ("b", question.b)):
            record = records[name]
            where = (record.journal, record.year, record.volume, record.pages, record.doi)
            row |= {
                f"title_{side}": record.title,
                f"authors_{side}": "; ".join(record.authors),
                f"where_{side}": ", ".join(str(part) for part in where if part),
            }
        rows.append(row)
    write_text(file, "\ufeff" + to_table(rows, COLUMNS))
    return file


def say_of_sheet(review: Path, sheet: Path, reviewer: str) -> int:
    """Add the words of a filled sheet to the link log; rows without a word are passed over."""
    try:
        rows = rows_of(text_of(sheet.read_bytes(), Parsed()))
    except OSError as problem:
        raise DataError(str(sheet), f"cannot be read: {problem.strerror or problem}") from None
    links = []
    for number, row in enumerate(rows, 2):
        word = row.get("same_or_apart", "").strip().lower()
        if not word:
            continue
        if word not in ("same", "apart"):
            remedy = did_you_mean(word, ("same", "apart"))
            raise DataError(f"{sheet}, row {number}", "is neither same nor apart", value=word, remedy=remedy)
        links.append(_link(word, (row["a"], row["b"]), reviewer))
    return _say(review, links, reviewer)


def say_of_pairs(review: Path, said: Mapping[str, tuple[str, str]], reviewer: str) -> int:
    """Add a person's words on pairs to the link log."""
    return _say(review, [_link(word, pair, reviewer) for word, pair in said.items()], reviewer)


def _say(review: Path, links: list[Link], reviewer: str) -> int:
    project = Project(review)
    if reviewer not in project.plan.reviewers:
        remedy = did_you_mean(reviewer, project.plan.reviewers)
        raise DataError("reviewer", "no reviewer of this review has this name", value=reviewer, remedy=remedy)
    project.add_links(links)
    return len(links)


def _link(word: str, pair: tuple[str, str], reviewer: str) -> Link:
    a, b = sorted(pair)
    if a == b:
        raise DataError("a pair", "needs two different records", value=a)
    return Link(tie=Tie(word), a=a, b=b, by=reviewer, at=now())
