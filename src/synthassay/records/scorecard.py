"""The scorecard of synthetic medical data: seven criteria, filled from what a run measured."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from synthassay.records.appraisal import Pointer
from synthassay.records.base import Record
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Better


class CriterionName(StrEnum):
    """The seven criteria, in the order of doi:10.1038/s44172-025-00450-1."""

    CONGRUENCE = "congruence"
    COVERAGE = "coverage"
    CONSTRAINT = "constraint"
    COMPLETENESS = "completeness"
    COMPLIANCE = "compliance"
    COMPREHENSION = "comprehension"
    CONSISTENCY = "consistency"


class Entry(Record):
    """One thing shown under a criterion: a measured number, or a fact of the run.

    Attributes:
        value: Of a measure, with ``unit``, ``better``, ``interval`` and the ``floor`` between real sets.
        fact: In words, where it is no measure.
        stands: Where in the run folder.
    """

    of: str = ""
    title: str
    stratum: str = ""
    value: float | None = None
    interval: Interval | None = None
    floor: float | None = None
    target: float | None = None
    unit: str = ""
    better: Better | None = None
    n: int = 0
    subjects: int = 0
    fact: str = ""
    stands: Pointer


class Criterion(Record):
    """One of the seven, for the sets that were judged.

    Attributes:
        asks: What it asks, in our words.
        not_verified: What of that could not be held against the paper, and why.
        not_measured: Why something is missing, one sentence each.
        for_person: What only a person can add.
    """

    name: CriterionName
    asks: str
    not_verified: str = ""
    entries: tuple[Entry, ...] = ()
    not_measured: tuple[str, ...] = ()
    for_person: str = ""


class Scorecard(Record):
    """``scorecard.json``: the seven criteria of one run. There is no total: a good mean would hide a bad criterion."""

    schema_version: int = 1
    source: str = "Zamzmi et al. 2025, doi:10.1038/s44172-025-00450-1"
    run_sha256: str
    judged: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = Field(min_length=7, max_length=7)
