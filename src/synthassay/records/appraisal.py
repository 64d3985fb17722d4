"""What an appraisal found: each answer with what it rests on, who differed, and what follows for each domain."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from synthassay.records.base import Record
from synthassay.records.instrument import Purpose, Reply

APPRAISAL, SCORECARD = "appraisal.json", "scorecard.json"
RUN, CONSENSUS = "the run", "consensus"


class Level(StrEnum):
    """Risk of bias of a domain or of a whole study."""

    LOW = "low"
    SOME = "some concerns"
    HIGH = "high"
    UNCLEAR = "unclear"


class Pointer(Record):
    """Where in a run folder something stands.

    Attributes:
        file: Relative to the run folder, with forward slashes.
        place: Line (``line 7``) or key (``split``) in it; empty for the whole file.
        says: What stands there, in words that name no subject and no case.
    """

    file: str = Field(min_length=1)
    place: str = ""
    says: str = ""

    def __str__(self) -> str:
        return f"{self.file}{f', {self.place}' if self.place else ''}{f': {self.says}' if self.says else ''}"


class Answer(Record):
    """An answer to one item.

    Attributes:
        by: ``the run``, or the appraiser.
        evidence: Where it stands in the run folder.
        where: Where else it stands: a page of the paper, a document.
        why: The reason.
    """

    reply: Reply
    by: str = Field(min_length=1)
    evidence: tuple[Pointer, ...] = ()
    where: str = ""
    why: str = ""

    @model_validator(mode="after")
    def _yes_rests_on_something(self) -> Self:
        if self.reply.good and not self.evidence and not self.where.strip():
            raise ValueError("a yes without evidence: say where it stands")
        if self.by == RUN and self.reply.bad and not self.evidence:
            raise ValueError("the run says no without evidence")
        return self


class ItemAppraisal(Record):
    """All that was answered to one item, and what counts.

    Attributes:
        answers: Of the run first, then of each appraiser, by name, then of their consensus.
        reply: What counts; None while nobody answered.
        needs_person: Whether the run cannot tell.
        conflict: Who says what, where answers differ and no consensus ended it; empty elsewhere.
        overruled: That a consensus set aside what the run shows, and why; empty elsewhere.
    """

    item: str
    domain: str
    asks: str
    answers: tuple[Answer, ...] = ()
    reply: Reply | None = None
    needs_person: bool = False
    applies: bool = True
    conflict: str = ""
    overruled: str = ""

    @property
    def counted(self) -> Answer | None:
        """The answer that counts, with its evidence; None where none does."""
        return next((a for a in reversed(self.answers) if self.reply is not None and a.reply is self.reply), None)


class DomainJudgement(Record):
    """How biased a domain may be.

    Attributes:
        by: ``the rule``, or who judged otherwise.
        why: The items that decided, in words; or the judge's reason.
    """

    domain: str
    title: str
    level: Level
    by: str
    why: str


class Score(Record):
    """A weighted score.

    Attributes:
        percent: With every open item counted as no, as the original's calculator does.
        at_most: With every open item counted as yes.
        reached: Sum of weights answered yes; ``reachable`` of those that apply.
        open: How many items that apply nobody answered.
    """

    percent: float
    at_most: float
    reached: float
    reachable: float
    open: int


class Agreement(Record):
    """How far two appraisers agree, beyond chance.

    Attributes:
        share: Of the ``items`` that both answered, those answered alike.
        kappa: Cohen's; None where chance alone would make them agree always.
        low, high: Interval of 95 %; None where it cannot be had.
    """

    between: tuple[str, str]
    items: int
    share: float
    kappa: float | None = None
    low: float | None = None
    high: float | None = None
    method: str = ""


class Appraisal(Record):
    """One run appraised with one instrument.

    Attributes:
        run_sha256: Fingerprint of the files that answers may rest on.
        files: Each file that evidence points at, with its SHA-256.
        judged: Sets that were appraised.
        titles: Key of each domain to its title.
        overall: Of risk of bias; None for other purposes.
    """

    instrument: str
    title: str
    purpose: Purpose
    source: str
    instrument_sha256: str
    run_sha256: str
    files: dict[str, str] = {}
    judged: tuple[str, ...] = ()
    titles: dict[str, str] = {}
    appraisers: tuple[str, ...] = ()
    conditions: tuple[ItemAppraisal, ...] = ()
    items: tuple[ItemAppraisal, ...]
    domains: tuple[DomainJudgement, ...] = ()
    overall: Level | None = None
    score: Score | None = None
    agreement: tuple[Agreement, ...] = ()

    @property
    def open(self) -> tuple[ItemAppraisal, ...]:
        """Items that apply and that nobody has answered."""
        return tuple(item for item in self.items if item.applies and item.reply is None)

    @property
    def conflicts(self) -> tuple[ItemAppraisal, ...]:
        """Items and conditions on which answers differ."""
        return tuple(item for item in (*self.conditions, *self.items) if item.conflict)


class AppraisalList(Record):
    """``appraisal.json``: every instrument that the run was appraised with, by name."""

    schema_version: int = 1
    appraisals: tuple[Appraisal, ...] = ()


class GivenAnswer(Record):
    """What an appraiser wrote to one item; a reply left empty is no answer."""

    reply: Reply | None = None
    where: str = ""
    why: str = ""


class GivenJudgement(Record):
    """An appraiser's own level for a domain, which needs a reason."""

    level: Level
    why: str = Field(min_length=3)


class AnswerFile(Record):
    """What one appraiser answered, as the form saves it or a person writes it.

    Attributes:
        appraiser: A name or initials; ``consensus`` for what all agreed on after talking.
        instrument_sha256: The instrument's fingerprint, where the file was begun from a form; ``run_sha256`` likewise.
    """

    schema_version: int = 1
    instrument: str
    appraiser: str = Field(min_length=1, max_length=80)
    instrument_sha256: str = ""
    run_sha256: str = ""
    answers: dict[str, GivenAnswer] = {}
    judgements: dict[str, GivenJudgement] = {}
