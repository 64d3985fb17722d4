"""A systematic review on disk: what was found, what is the same, who decided what, and the counts of the flow."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from synthassay.records.base import Record

CONSENSUS = "consensus"
"""Reviewer's name under which two reviewers write what they agreed on."""


class Stream(StrEnum):
    """How a record was found; PRISMA 2020 counts databases and registers apart from all other ways."""

    DATABASE = "database"
    REGISTER = "register"
    WEBSITE = "website"
    ORGANISATION = "organisation"
    CITATION = "citation"

    @property
    def searched(self) -> bool:
        """Whether it belongs to the left column of the flow: databases and registers."""
        return self in (Stream.DATABASE, Stream.REGISTER)


class Publication(Record):
    """One record as one source exported it. It is never changed and never deleted.

    Attributes:
        id: Source and running number, ``pubmed-0001``; unique in the project.
        source: Where it was exported from, as the reviewers call it.
        authors: As exported, first author first.
        pages: As exported: ``123-31``, ``123–131`` or an article number.
        kind: The source's own word: ``article``, ``conference``, ``JOUR``; empty where it has none.
        other: Fields of the export that have no place above: tag to values, kept so that nothing is lost.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    source: str
    stream: Stream = Stream.DATABASE
    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    doi: str = ""
    pmid: str = ""
    abstract: str = ""
    keywords: tuple[str, ...] = ()
    url: str = ""
    kind: str = ""
    other: dict[str, tuple[str, ...]] = {}


class ImportedFile(Record):
    """One import, written once and never changed: which file, from which source, what was in it.

    Attributes:
        sha256: Hash of the file's bytes; the same bytes are not imported twice.
        format: ``ris``, ``nbib``, ``bibtex`` or ``csv``.
        notes: What the reader had to guess or to leave out, with lines.
        publications: The records, in the file's order.
    """

    file: str
    sha256: str
    source: str
    stream: Stream
    format: str
    notes: tuple[str, ...] = ()
    publications: tuple[Publication, ...]


class Tie(StrEnum):
    """What a line of the link log says of two records."""

    SAME = "same"  # one report, found twice
    APART = "apart"  # two reports
    UNDO = "undo"  # takes back what was said last of this pair


class Link(Record):
    """One line of ``links.jsonl``. Lines are only ever added.

    Attributes:
        a: The earlier identifier of the two in the alphabet; ``b`` the later.
        by: Rule of the matcher (``rule:doi``) or a reviewer's name.
        at: Time, ISO 8601 in UTC; empty where a rule spoke.
    """

    tie: Tie
    a: str
    b: str
    by: str
    at: str = ""

    @model_validator(mode="after")
    def _two_in_order(self) -> Self:
        if self.a >= self.b:
            raise ValueError("a link joins two different records, the first in the alphabet first")
        return self

    @property
    def by_rule(self) -> bool:
        """Whether the matcher said it; a person's word outweighs it."""
        return self.by.startswith("rule:")


class Stage(StrEnum):
    """Where a decision is made."""

    TITLE_ABSTRACT = "title_abstract"
    RETRIEVAL = "retrieval"
    FULL_TEXT = "full_text"


class Choice(StrEnum):
    """What a reviewer decided."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    UNSURE = "unsure"
    UNDO = "undo"  # takes back this reviewer's decision on this record at this stage


class Decision(Record):
    """One line of ``decisions.jsonl``. Lines are only ever added; the last line of a reviewer counts.

    Attributes:
        record: Identifier of the record, or of any of its duplicates.
        reviewer: A name of the plan, or ``consensus``.
        reason: Key of the plan's reasons; needed to exclude a full text.
        at: Time, ISO 8601 in UTC.
    """

    record: str
    stage: Stage
    reviewer: str
    choice: Choice
    reason: str = ""
    note: str = ""
    at: str = ""


class FlowCounts(Record):
    """The counts of a PRISMA 2020 flow. None is "not reported", which is something else than 0.

    Attributes:
        databases: Source to records, for databases; ``registers`` likewise. Empty: the breakdown is not reported.
        identified: Records from databases and registers.
        full_text_reasons: Reason to excluded reports; None where a reason is named and its count is not.
        other_identified: Records from websites, organisations and citation searching.
        other_removed: Of these, duplicates and what titles and abstracts excluded.
        included_reports: Reports in the review; ``included_studies`` the studies that they describe.
    """

    databases: dict[str, int | None] = {}
    registers: dict[str, int | None] = {}
    identified: int | None = Field(None, ge=0)
    duplicates: int | None = Field(None, ge=0)
    excluded_automatic: int | None = Field(None, ge=0)
    excluded_other: int | None = Field(None, ge=0)
    screened: int | None = Field(None, ge=0)
    excluded: int | None = Field(None, ge=0)
    sought: int | None = Field(None, ge=0)
    not_retrieved: int | None = Field(None, ge=0)
    assessed: int | None = Field(None, ge=0)
    full_text_excluded: int | None = Field(None, ge=0)
    full_text_reasons: dict[str, int | None] = {}
    other_identified: int | None = Field(None, ge=0)
    other_sources: dict[str, int | None] = {}
    other_removed: int | None = Field(None, ge=0)
    other_sought: int | None = Field(None, ge=0)
    other_not_retrieved: int | None = Field(None, ge=0)
    other_assessed: int | None = Field(None, ge=0)
    other_full_text_excluded: int | None = Field(None, ge=0)
    other_full_text_reasons: dict[str, int | None] = {}
    previous_reports: int | None = Field(None, ge=0)
    previous_studies: int | None = Field(None, ge=0)
    included_reports: int | None = Field(None, ge=0)
    included_studies: int | None = Field(None, ge=0)
    total_reports: int | None = Field(None, ge=0)
    total_studies: int | None = Field(None, ge=0)
    meta_analysis: int | None = Field(None, ge=0)

    @field_validator(
        "databases", "registers", "full_text_reasons", "other_sources", "other_full_text_reasons", mode="before"
    )
    @classmethod
    def _unreported(cls, parts: Any) -> Any:
        """TOML has no empty value; there "not reported" stands for it."""
        return {k: None if v == "not reported" else v for k, v in parts.items()} if isinstance(parts, dict) else parts

    @model_validator(mode="after")
    def _no_part_below_zero(self) -> Self:
        tables = (
            self.databases,
            self.registers,
            self.full_text_reasons,
            self.other_sources,
            self.other_full_text_reasons,
        )
        if any(n is not None and n < 0 for parts in tables for n in parts.values()):
            raise ValueError("no count is below 0")
        return self


class ReviewPlan(Record):
    """``review.toml``: what is asked, who decides, and for which reasons a record may be excluded.

    Attributes:
        reviewers: Names of those who screen.
        decisions_needed: Reviewers who must decide each record at each stage.
        reasons: Key to words, for excluding full texts (and, where wished, titles).
        flow_from: ``records``: counts come from this folder's records and ``stated`` is held against them.
            ``stated``: a published flow, of which the records are not at hand.
        stated: Counts that a manuscript states.
        implied: Counts that follow from the stated ones and that a text quotes; held against what does follow.
        citation: The published review, where this folder encodes one.
    """

    schema_version: int = 1
    title: str = Field(min_length=3)
    question: str = Field(min_length=10)
    reviewers: tuple[str, ...] = Field(min_length=1)
    decisions_needed: int = Field(2, ge=1)
    reasons: dict[str, str] = {}
    flow_from: str = Field("records", pattern="^(records|stated)$")
    stated: FlowCounts = FlowCounts()
    implied: dict[str, int] = {}
    citation: str = ""

    @model_validator(mode="after")
    def _enough_reviewers(self) -> Self:
        if CONSENSUS in self.reviewers or len(set(self.reviewers)) < len(self.reviewers):
            raise ValueError(f"reviewers need different names, and none may be called {CONSENSUS}")
        if self.decisions_needed > len(self.reviewers):
            raise ValueError(f"{self.decisions_needed} decisions per record need as many reviewers")
        return self
