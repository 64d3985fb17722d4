"""The evidence as counts: architecture by modality by task, by year, and from which sides images were judged."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from synthassay.errors import DataError
from synthassay.records.extraction import CATEGORIES, Design, Extraction, Family, SynthesisTask
from synthassay.records.vocabulary import Axis, Modality
from synthassay.review.flow import included_reports
from synthassay.review.project import Project
from synthassay.review.screening import Screening
from synthassay.review.words import FAMILY_WORDS, MODALITY_WORDS

Place = tuple[Family | None, Modality, SynthesisTask]
PLACED_BY = ("modality", "task")


@dataclass(frozen=True)
class Study:
    """One study of the review: the rows of all its reports, joined.

    Attributes:
        evaluation: None: not extracted; empty: not evaluated.
        own: Whether it is a run of this package.
    """

    name: str
    design: Design | None
    year: int | None
    family: tuple[Family, ...] | None
    modality: tuple[Modality, ...] | None
    task: tuple[SynthesisTask, ...] | None
    evaluation: tuple[Axis, ...] | None
    reports: tuple[str, ...]
    own: bool


@dataclass(frozen=True)
class Cell:
    """The studies of one architecture (None: not extracted), modality and task."""

    family: Family | None
    modality: Modality
    task: SynthesisTask
    studies: tuple[Study, ...]
    runs: tuple[Study, ...]

    @property
    def extracted(self) -> tuple[Study, ...]:
        """Of the studies, those whose evaluation was extracted."""
        return tuple(s for s in self.studies if s.evaluation is not None)

    def judged(self, axis: Axis) -> int:
        """How many studies judged from a side."""
        return sum(axis in (s.evaluation or ()) for s in self.extracted)


@dataclass(frozen=True)
class Share:
    """A count of a count, with Wilson's 95 % interval. Source: Wilson 1927, doi:10.1080/01621459.1927.10502953."""

    count: int
    of: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval; None where there is nothing to count.

        >>> [round(end, 3) for end in Share(2, 10).interval]
        [0.057, 0.51]
        """
        if not self.of:
            return None
        z, n, p = 1.959963984540054, self.of, self.count / self.of
        middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))

    def __str__(self) -> str:
        if not (ends := self.interval):
            return "0 of 0"
        return f"{self.count} of {self.of} ({self.count / self.of:.0%} [{ends[0]:.0%}, {ends[1]:.0%}])"


@dataclass(frozen=True)
class Gap:
    """How much of a set of studies is judged from which sides.

    Attributes:
        extracted: Studies whose evaluation was extracted; all shares are of these.
        not_extracted: Studies whose evaluation was not.
        by: Side to share.
        patterns: What exactly was judged, in words, to how many studies; each study once.
        also: ``fidelity also utility`` and the like: of those judged from the first side, how many from the second.
    """

    name: str
    extracted: int
    not_extracted: int
    by: dict[Axis, Share]
    patterns: dict[str, int]
    also: dict[str, Share]


@dataclass(frozen=True)
class Evidence:
    """All that the pages and drawings of the evidence say.

    Attributes:
        studies: Original studies; ``reviews`` are counted apart and stand in no cell.
        without_row: Included reports of which nothing was extracted.
        unplaced: Field to studies in which it was not extracted, so that they stand in no cell.
        years: Year to family to studies; a study of two families counts in both.
        without_year: Studies whose year was not extracted.
    """

    studies: tuple[Study, ...]
    reviews: tuple[Study, ...]
    runs: tuple[Study, ...]
    without_row: int
    cells: dict[Place, Cell]
    unplaced: dict[str, int]
    years: dict[int, dict[Family | None, int]]
    without_year: int
    gaps: tuple[Gap, ...] = field(default=())


def gather(project: Project) -> Evidence:
    """Return the evidence of a review's included reports, and runs of this package beside it.

    Raises:
        DataError: Nothing was extracted.
    """
    rows = project.extractions()
    if not rows:
        remedy = "Write a sheet with: synthassay review extract PROJECT --sheet FILE; fill it, and give it back."
        raise DataError(str(project.path), "nothing was extracted", remedy=remedy)
    own = {name: row for name, row in rows.items() if name.startswith("run:")}
    if project.plan.flow_from == "stated":
        found = {name: row for name, row in rows.items() if name not in own}
        included = project.plan.stated.included_reports or len(found)
    else:
        screening = Screening(project)
        reports = included_reports(screening)
        found = {r: row for r in reports for m in screening.clusters.members[r] if (row := rows.get(m))}
        included = len(reports)
    joined = joined_studies(found.values(), own=False)
    studies = tuple(s for s in joined if s.design is not Design.REVIEW)
    runs = joined_studies(own.values(), own=True)
    return Evidence(
        studies=studies,
        reviews=tuple(s for s in joined if s.design is Design.REVIEW),
        runs=runs,
        without_row=max(0, included - len(found)),
        cells=_cells(studies, runs),
        unplaced={name: sum(getattr(s, name) is None for s in studies) for name in PLACED_BY},
        years=_years(studies),
        without_year=sum(s.year is None for s in studies),
        gaps=tuple(_gaps(studies)),
    )


def joined_studies(rows: Iterable[Extraction], *, own: bool) -> tuple[Study, ...]:
    """Join the rows of reports that describe one study; runs stand alone, one row per generator."""
    groups: dict[str, list[Extraction]] = defaultdict(list)
    for row in rows:
        groups[row.record if own else row.study or row.record].append(row)
    return tuple(_study(name, group, own=own) for name, group in groups.items())


def _study(name: str, rows: list[Extraction], *, own: bool) -> Study:
    def union(field_name: str) -> tuple[StrEnum, ...] | None:
        values = [value for row in rows if (value := getattr(row, field_name)) is not None]
        return tuple(dict.fromkeys(word for value in values for word in value)) if values else None

    designs = [row.design for row in rows if row.design is not None]
    return Study(
        name=name,
        design=designs[0] if designs else None,
        year=min((row.year for row in rows if row.year is not None), default=None),
        family=union("family"),  # type: ignore[arg-type]
        modality=union("modality"),  # type: ignore[arg-type]
        task=union("task"),  # type: ignore[arg-type]
        evaluation=union("evaluation"),  # type: ignore[arg-type]
        reports=tuple(row.record for row in rows),
        own=own,
    )


def _cells(studies: Iterable[Study], runs: Iterable[Study]) -> dict[Place, Cell]:
    held: dict[Place, tuple[list[Study], list[Study]]] = defaultdict(lambda: ([], []))
    for study in (*studies, *runs):
        for family in study.family or (None,):
            for modality in study.modality or ():
                for task in study.task or ():
                    held[family, modality, task][study.own].append(study)
    return {key: Cell(*key, tuple(theirs), tuple(ours)) for key, (theirs, ours) in held.items()}


def _years(studies: Iterable[Study]) -> dict[int, dict[Family | None, int]]:
    found: dict[int, dict[Family | None, int]] = defaultdict(lambda: defaultdict(int))
    for study in studies:
        if study.year is not None:
            for family in study.family or (None,):
                found[study.year][family] += 1
    return {year: dict(found[year]) for year in sorted(found)}


def _gaps(studies: tuple[Study, ...]) -> Iterable[Gap]:
    yield gap_of("all", studies)
    for modality in Modality:
        yield gap_of(MODALITY_WORDS[modality], [s for s in studies if modality in (s.modality or ())])
    for family in Family:
        own = [s for s in studies if family in (s.family or ())]
        if own:
            yield gap_of(FAMILY_WORDS[family], own)


def gap_of(name: str, studies: Iterable[Study]) -> Gap:
    """Return how much of some studies is judged from which sides."""
    studies = tuple(studies)
    known = [frozenset(a for a in CATEGORIES if a in s.evaluation) for s in studies if s.evaluation is not None]
    patterns: dict[str, int] = defaultdict(int)
    for sides in known:
        patterns[" and ".join(a.value for a in CATEGORIES if a in sides) or "not evaluated"] += 1
    also = {
        f"{a.value} also {b.value}": Share(sum(b in s for s in known if a in s), sum(a in s for s in known))
        for a in CATEGORIES
        for b in CATEGORIES
        if a is not b
    }
    by = {axis: Share(sum(axis in s for s in known), len(known)) for axis in CATEGORIES}
    ordered = dict(sorted(patterns.items(), key=lambda item: (-item[1], item[0])))
    return Gap(name, len(known), len(studies) - len(known), by, ordered, also)
