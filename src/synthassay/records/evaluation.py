"""What the evaluation leaves for the report beside the numbers: chosen cases, neighbours, requirements, comparisons.

All of it lies under ``evaluation/`` in a run folder; the paths are given here, so that writer and reader agree.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from synthassay.records.base import Record
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Axis, Better

CASE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._+-]*$"
CaseName = Annotated[str, Field(pattern=CASE_PATTERN, max_length=128)]

PICTURE_ROLES = ("source", "synthetic", "reference", "error", "neighbour")


class CaseSelection(Record):
    """``evaluation/<of>/cases.json``: which cases the report shows, chosen by a number and not by hand.

    Attributes:
        of: Generator or baseline whose images they are.
        metric: Measure by which they were ranked; ``title``, ``unit`` and ``better`` describe it.
        values: Case identifier to the value that ranked it.
        best: Cases nearest to the good end, best first; ``median`` around the median; ``worst`` worst first.
        rule: How they were chosen, as a sentence.
        window: Intensities shown as black and white in the pictures, in ``window_unit``.
        error_limit: Largest error shown on the error map's scale, symmetric about 0, in ``window_unit``.
    """

    of: str
    metric: str
    title: str
    unit: str
    better: Better
    best: tuple[CaseName, ...]
    median: tuple[CaseName, ...] = ()
    worst: tuple[CaseName, ...] = ()
    values: dict[str, float] = {}
    rule: str = ""
    window: tuple[float, float] | None = None
    window_unit: str = ""
    error_limit: float | None = None


class Neighbour(Record):
    """A real case and how far it is from a synthetic one."""

    case: CaseName
    subject: str
    distance: float


class NearestReal(Record):
    """One synthetic case with its nearest real cases, nearest first.

    Attributes:
        threshold: Distance below which it would count as a copy; None where no such distance was calibrated.
        copy_correlation: Where it counts as a copy of the first of ``nearest``: how the two correlate after the best
            mirroring and shift, which the distance knows nothing of. None elsewhere.
    """

    synthetic: CaseName
    nearest: tuple[Neighbour, ...] = Field(min_length=1)
    threshold: float | None = None
    copy_correlation: float | None = None

    @property
    def copied(self) -> bool:
        """Whether it counts as a copy of its nearest real case."""
        near = self.threshold is not None and self.nearest[0].distance < self.threshold
        return near or self.copy_correlation is not None


class NeighbourList(Record):
    """``evaluation/<of>/neighbours.json``: synthetic images near real training images: copies, then nearest first.

    Attributes:
        distance: What the distance is and in which space, e.g. ``Euclidean distance in the local-texture embedding``.
        among: The real set that was searched, e.g. ``training``.
        searched: How many synthetic and how many real images were compared.
        copies: How many of all synthetic images count as copies; None where nobody counted.
    """

    of: str
    distance: str
    unit: str = ""
    among: str = "training"
    searched: tuple[int, int]
    copies: int | None = None
    entries: tuple[NearestReal, ...]


class RequirementStatus(Record):
    """One requirement of the protocol and whether the evidence meets it.

    Attributes:
        statement: What must be shown, as a sentence; e.g. ``At least 20 subjects measured in each tissue``.
        why: Why the protocol asks for it; ``source`` where that is argued.
        reason: How it was met, or why it was not.
    """

    metric: str
    axis: Axis
    of: str = ""
    statement: str = ""
    why: str
    source: str
    met: bool
    reason: str


class RequirementList(Record):
    """``evaluation/requirements.json``: all requirements of the protocol, met and unmet, in its order.

    Attributes:
        task: The task whose requirements these are.
    """

    protocol: str
    task: str = ""
    requirements: tuple[RequirementStatus, ...]


class Verdict(Record):
    """How far up the ladder of evidence one generator came; never one score.

    Attributes:
        rung: Number of the rung reached, 0 for none; ``rung_title`` its name.
        level: Fryback and Thornbury's level of efficacy (doi:10.1177/0272989X9101100203) that the rung speaks to.
        missing: What the next rung asks for and was not shown.
        text: The verdict as a sentence or two.
    """

    of: str
    rung: int = Field(ge=0)
    rung_title: str = ""
    level: str
    missing: tuple[str, ...] = ()
    text: str


class VerdictList(Record):
    """``evaluation/verdict.json``: one verdict per generator."""

    verdicts: tuple[Verdict, ...]


class Comparison(Record):
    """One generator against another (or a baseline) on the same cases.

    Attributes:
        difference: Mean of ``of`` minus ``against``, case by case, in the metric's unit.
        interval: Of the difference, resampling subjects.
        p: Two-sided, after ``correction`` (e.g. ``Holm over 6 comparisons``); None where none was computed.
    """

    metric: str
    stratum: str = ""
    of: str
    against: str
    difference: float
    interval: Interval | None = None
    n: int
    subjects: int
    unit: str
    better: Better
    p: float | None = None
    correction: str = ""


class ComparisonList(Record):
    """``evaluation/comparisons.json``: paired comparisons, case by case on the same real references."""

    comparisons: tuple[Comparison, ...]


def evaluation_folder(run: Path, of: str = "") -> Path:
    """Where the evaluation's files about one generator lie; without a name, those about all."""
    return run / "evaluation" / of if of else run / "evaluation"


def picture_path(run: Path, of: str, case: str, role: str) -> Path:
    """Where the picture of a case in one of ``PICTURE_ROLES`` lies.

    >>> picture_path(Path("run"), "pgan", "case-7", "error").as_posix()
    'run/evaluation/pgan/pictures/case-7--error.png'
    """
    if role not in PICTURE_ROLES:
        raise ValueError(f"{role!r} is not one of {PICTURE_ROLES}")
    return evaluation_folder(run, of) / "pictures" / f"{case}--{role}.png"
