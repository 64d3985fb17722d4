"""An instrument of appraisal as data: its questions in our words, what may be answered, and what was not verified."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from synthassay.records.base import Record

ITEM_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9.]*$"


class Reply(StrEnum):
    """What may be answered to an item."""

    YES = "yes"
    PROBABLY_YES = "probably yes"
    PROBABLY_NO = "probably no"
    NO = "no"
    NO_INFORMATION = "no information"
    NOT_APPLICABLE = "not applicable"

    @property
    def good(self) -> bool:
        """Whether it says yes, for which something must stand."""
        return self in (Reply.YES, Reply.PROBABLY_YES)

    @property
    def bad(self) -> bool:
        """Whether it says no."""
        return self in (Reply.NO, Reply.PROBABLY_NO)


class Purpose(StrEnum):
    """What an instrument is for, which decides what is made of its answers."""

    RISK = "risk of bias"  # domains are judged
    SCORE = "score"  # weights are added up
    REPORTING = "reporting"  # a table says where each thing is told
    MATRIX = "matrix"  # a table says what was thought of


class Domain(Record):
    """A part of an instrument.

    Attributes:
        key: Short name, as judgements call it.
        why: What goes wrong where this is wrong; empty where the title says it.
    """

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    why: str = ""


class Condition(Record):
    """A question whose no takes items out of the score."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    number: str = ""
    asks: str
    check: str = ""


class Item(Record):
    """One question, or one thing to be told.

    Attributes:
        id: Item number of the original, which no two items of an instrument share.
        asks: What is asked, in our own words unless ``verbatim``.
        check: Name of what looks in a run for the answer; empty where only a person can tell.
        critical: For risk of bias: a no here makes the whole domain high.
        weight: For scores.
        conditions: Keys of conditions that must all hold for the item to apply.
        not_verified: What of the item could not be held against the original, and why; empty where all could.
    """

    id: str = Field(pattern=ITEM_PATTERN)
    domain: str
    asks: str = Field(min_length=5)
    check: str = ""
    critical: bool = False
    weight: float | None = Field(None, gt=0)
    conditions: tuple[str, ...] = ()
    verbatim: bool = False
    not_verified: str = ""


class Instrument(Record):
    """A whole instrument, as its TOML file holds it.

    Attributes:
        name: As ``--instrument`` knows it.
        source: DOI or address of the original; ``licence`` of its text, and ``attribution`` where it must be named.
        verification: What the item numbers and contents were held against.
        a_no_is: For risk of bias: what a no to an item that is not critical makes of its domain.
    """

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    version: str
    purpose: Purpose
    source: str
    licence: str
    attribution: str = ""
    verification: str = Field(min_length=10)
    about: str = ""
    replies: tuple[Reply, ...] = Field(min_length=2)
    a_no_is: str = Field("some concerns", pattern=r"^(some concerns|high)$")
    domains: tuple[Domain, ...] = Field(min_length=1)
    conditions: tuple[Condition, ...] = ()
    items: tuple[Item, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        ids = [item.id for item in self.items]
        keys = {domain.key for domain in self.domains}
        known = {condition.key for condition in self.conditions}
        if len(set(ids)) != len(ids):
            raise ValueError(f"two items have one id: {sorted({i for i in ids if ids.count(i) > 1})}")
        if {item.domain for item in self.items} != keys:
            raise ValueError("the domains and those of the items differ")
        if not {c for item in self.items for c in item.conditions} <= known or known & set(ids):
            raise ValueError("an item names a condition that is not there, or a condition has an item's id")
        if self.purpose is Purpose.SCORE and any(item.weight is None for item in self.items):
            raise ValueError("an item of a score has no weight")
        if any(item.verbatim for item in self.items) and not self.attribution:
            raise ValueError("a text that stands word by word needs its attribution")
        return self

    def item(self, identifier: str) -> Item:
        """Return the item of this id.

        Raises:
            KeyError: There is none.
        """
        return {item.id: item for item in self.items}[identifier]

    def of(self, domain: str) -> tuple[Item, ...]:
        """Return the items of a domain, in order."""
        return tuple(item for item in self.items if item.domain == domain)

    @property
    def asked(self) -> tuple[str, ...]:
        """Everything that wants an answer: conditions by key, then items by id."""
        return (*(condition.key for condition in self.conditions), *(item.id for item in self.items))
