"""The records of a run folder, with where each stands, so that an answer can point at what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from synthassay.errors import RunError, did_you_mean
from synthassay.records.appraisal import Pointer
from synthassay.records.audit import Audit
from synthassay.records.base import Record, fingerprint, sha256_of
from synthassay.records.cohort import Cohort
from synthassay.records.evaluation import CaseSelection, ComparisonList, RequirementList
from synthassay.records.lock import Lock
from synthassay.records.manifest import Manifest
from synthassay.records.measurement import Measurement
from synthassay.records.spec import StudySpec
from synthassay.records.study_file import read_study
from synthassay.records.vocabulary import Axis

MEASUREMENTS, REAL = "measurements.jsonl", "real"
STUDY, LOCK, COHORT, AUDIT = "study.toml", "lock.json", "cohort.json", "audit.json"
REQUIREMENTS, COMPARISONS = "evaluation/requirements.json", "evaluation/comparisons.json"
R = TypeVar("R", bound=Record)
T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """One measurement and the line on which it stands."""

    number: int
    m: Measurement

    @property
    def pointer(self) -> Pointer:
        """Where it stands, and what it says without naming a case."""
        m = self.m
        where = f", {m.stratum}" if m.stratum else ""
        if m.value is None:
            says = f"not measured, because {m.not_measured}"
        else:
            ends = f" [{m.interval.low:.4g}, {m.interval.high:.4g}]" if m.interval else ""
            says = f"{m.value:.4g}{ends} over {m.n:,} images" + (f", {m.subjects:,} subjects" if m.subjects else "")
        return Pointer(file=MEASUREMENTS, place=f"line {self.number}", says=f"{m.of}, {m.title}{where}: {says}")


@dataclass(frozen=True)
class Dossier:
    """What a run folder holds; what it does not hold is None or empty.

    Attributes:
        judged: Names of the sets that are appraised: what the study's generators made, or what was asked for.
        others: Sets to compare them with: baselines and other methods, not controls.
        roles_known: Whether the study, or the asker, says which sets are which.
        trained: Generators whose training was logged.
        sha256: File, relative to the run folder, to its SHA-256, of every file that was read.
    """

    run: Path
    study: StudySpec | None
    lock: Lock | None
    cohort: Cohort | None
    audit: Audit | None
    lines: tuple[Line, ...]
    manifests: dict[str, Manifest]
    selections: dict[str, CaseSelection]
    requirements: RequirementList | None
    comparisons: ComparisonList | None
    judged: tuple[str, ...]
    others: tuple[str, ...]
    roles_known: bool
    trained: tuple[str, ...]
    sha256: dict[str, str]

    @property
    def digest(self) -> str:
        """Fingerprint of all files that answers may rest on."""
        return fingerprint(self.sha256)

    @property
    def task(self) -> str:
        """The study's task, else that by which outside images were judged."""
        return self.study.task if self.study else self.requirements.task if self.requirements else ""

    def of(self, metric: str, *sets: str) -> list[Line]:
        """Return the lines of a metric, of the judged sets where none are named; whole rows before strata."""
        wanted = sets or self.judged
        return sorted(
            (line for line in self.lines if line.m.metric == metric and line.m.of in wanted),
            key=lambda line: bool(line.m.stratum),
        )

    def on(self, axis: Axis, of: str = "") -> list[Line]:
        """Return the lines of the judged sets, or of one, on an axis."""
        wanted = (of,) if of else self.judged
        return [line for line in self.lines if line.m.axis is axis and line.m.of in wanted]

    def unmet(self, axis: Axis) -> list[Pointer]:
        """Return where a requirement on this axis stands that a judged set does not meet."""
        return [pointer for met, pointer in self.required(axis) if not met]

    def required(self, axis: Axis) -> list[tuple[bool, Pointer]]:
        """Return whether each requirement on this axis is met by each judged set, and where that stands."""
        listed = self.requirements.requirements if self.requirements else ()
        return [
            (
                status.met,
                Pointer(file=REQUIREMENTS, place=f"requirements[{i}]", says=f"{status.statement}: {status.reason}"),
            )
            for i, status in enumerate(listed)
            if status.axis is axis and status.of in (*self.judged, "")
        ]


def read_dossier(run: Path, of: Sequence[str] = ()) -> Dossier:
    """Read a run folder.

    Args:
        run: Run folder, or a folder with at least one record of a run, such as ``measurements.jsonl``.
        of: Sets to appraise; the study's generators where empty, and all sets where there is no study.

    Raises:
        RunError: It is no folder, no set has such a name, or a record in it is damaged.
        SpecError: Its study file cannot be followed.
    """
    if not run.is_dir():
        raise RunError(str(run), "is not a folder", remedy="Give the run folder of a study.")
    sha256: dict[str, str] = {}

    def record(relative: str, kind: type[R]) -> R | None:
        return _noted(run, relative, sha256, kind.read)

    def each(pattern: str, kind: type[R]) -> dict[str, R]:
        names = [path.relative_to(run).as_posix() for path in sorted(run.glob(pattern))]
        return {Path(name).parent.name: found for name in names if (found := record(name, kind)) is not None}

    study = _noted(run, STUDY, sha256, read_study)
    lines = _noted(run, MEASUREMENTS, sha256, _lines) or ()
    manifests = each("synthetic/*/manifest.json", Manifest)
    judged, others, known = _roles(study, [line.m.of for line in lines], manifests, of, run)
    logs = [path for path in sorted(run.glob("model/*/training.jsonl")) if path.stat().st_size]
    for log in logs:
        sha256[log.relative_to(run).as_posix()] = sha256_of(log)
    return Dossier(
        run=run, study=study, lock=record(LOCK, Lock), cohort=record(COHORT, Cohort), audit=record(AUDIT, Audit),
        lines=lines, manifests=manifests, selections=each("evaluation/*/cases.json", CaseSelection),
        requirements=record(REQUIREMENTS, RequirementList), comparisons=record(COMPARISONS, ComparisonList),
        judged=judged, others=others, roles_known=known, trained=tuple(log.parent.name for log in logs), sha256=sha256,
    )  # fmt: skip


def _noted(run: Path, relative: str, sha256: dict[str, str], read: Callable[[Path], T]) -> T | None:
    path = run / relative
    if not path.is_file():
        return None
    sha256[relative] = sha256_of(path)
    return read(path)


def _lines(path: Path) -> tuple[Line, ...]:
    found = []
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        if not text.strip():
            continue
        try:
            found.append(Line(number, Measurement.model_validate_json(text)))
        except ValidationError as problem:
            first = problem.errors(include_url=False)[0]
            raise RunError(f"{path}, line {number}", f"is not a measurement: {first['msg']}") from None
    return tuple(found)


def _roles(
    study: StudySpec | None, measured: Iterable[str], manifests: Iterable[str], of: Sequence[str], run: Path
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Who is appraised, who stands beside, and whether that is known rather than assumed."""
    found = [name for name in dict.fromkeys([*measured, *manifests]) if name != REAL]
    for name in of:
        if name not in found:
            raise RunError(str(run), "judged no set of this name", value=name, remedy=did_you_mean(name, found))
    controls = {control.name for control in study.controls} if study else set()
    learnt = [g.label for g in study.generators if g.label in found] if study else []
    judged = list(of) or learnt or [name for name in found if name not in controls]
    others = [name for name in found if name not in {*judged, *controls}]
    return tuple(judged), tuple(others), study is not None or bool(of)
