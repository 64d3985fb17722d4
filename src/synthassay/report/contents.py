"""All that a report may know: the records of a run folder, read once and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from synthassay.errors import RunError
from synthassay.records.base import Record, read_lines, sha256_of
from synthassay.records.cohort import Cohort
from synthassay.records.evaluation import (
    CaseSelection,
    Comparison,
    ComparisonList,
    NeighbourList,
    RequirementList,
    Verdict,
    VerdictList,
    evaluation_folder,
)
from synthassay.records.external import EXTERNAL_METRIC, ExternalCheck, external_check_path
from synthassay.records.lock import Lock
from synthassay.records.log import TrainingLine
from synthassay.records.manifest import Manifest
from synthassay.records.measurement import Measurement
from synthassay.records.pseudonyms import Pseudonyms, pseudonym_key
from synthassay.records.reader_result import READER_RESULT, ReaderResult
from synthassay.records.spec import StudySpec
from synthassay.records.study_file import read_study

MEASUREMENTS = "measurements.jsonl"
REAL = "real"
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Contents:
    """A run folder as records; what the run does not have is None or empty.

    Attributes:
        generators: Names of what was judged and learnt (or came from outside), in the study's order.
        baselines: Names of the classical baselines.
        measurements_sha256: Hash of the file that every number comes from.
        pseudonym_key: Hash of the cohort's file (of the measurements' where there is none) after a prefix, so that it
            equals none of the hashes that a report shows.
        external: What the external check rests on, where the study has one; its rows are in ``elsewhere`` and not among
            the other ``measurements``.
        reader_result: What readers found, where a reader study was analysed.
    """

    run: Path
    study: StudySpec | None
    study_text: str
    lock: Lock | None
    cohort: Cohort | None
    measurements: tuple[Measurement, ...]
    measurements_sha256: str
    manifests: dict[str, Manifest]
    training: dict[str, tuple[TrainingLine, ...]]
    requirements: RequirementList | None
    verdicts: tuple[Verdict, ...]
    comparisons: tuple[Comparison, ...]
    selections: dict[str, CaseSelection]
    neighbours: dict[str, NeighbourList]
    generators: tuple[str, ...]
    baselines: tuple[str, ...]
    pseudonym_key: str
    reader_result: ReaderResult | None = None
    external: ExternalCheck | None = None
    elsewhere: tuple[Measurement, ...] = ()

    @property
    def controls(self) -> tuple[str, ...]:
        """Names of the sets spoiled on purpose, in the study's order."""
        named = [control.name for control in self.study.controls] if self.study is not None else []
        found = {m.of for m in self.measurements} | self.manifests.keys()
        return tuple(name for name in named if name in found)

    @property
    def judged(self) -> tuple[str, ...]:
        """Generators, then baselines, then controls."""
        return self.generators + self.baselines + self.controls

    def pseudonyms(self) -> Pseudonyms:
        """Names for the subjects and cases of this run."""
        subjects: set[str] = set()
        cases: set[str] = set()
        if self.cohort is not None:
            subjects |= self.cohort.split.keys()
            cases |= {case.case for case in self.cohort.cases} | self.cohort.excluded.keys()
        for neighbours in self.neighbours.values():
            found = [near for entry in neighbours.entries for near in entry.nearest]
            subjects |= {near.subject for near in found if near.subject}
            cases |= {near.case for near in found}
        cases |= set(self.external.cases) if self.external is not None else set()
        for manifest in self.manifests.values():
            for image in manifest.images:
                subjects |= set(image.source_subjects)
                cases |= {image.reference_case} - {""}
                if image.source_subjects or image.reference_case:  # such a name may be built from the source's
                    cases.add(image.case)
        for measurement in self.measurements:
            if measurement.of not in self.manifests:  # made elsewhere: nobody knows what its names are built from
                cases |= measurement.per_case.keys() | measurement.failed_cases.keys()
        places = [self.cohort.root] if self.cohort is not None else []
        return Pseudonyms(self.pseudonym_key, subjects, cases, places)


def read_contents(run: Path) -> Contents:
    """Read a run folder.

    Raises:
        RunError: It is not a run folder, nothing was measured in it, or one of its files is damaged; the message
            names the file and the line.
        SpecError: Its study file cannot be followed.
    """
    if not run.is_dir():
        raise RunError(str(run), "is not a folder", remedy="Give the run folder of a study.")
    measurements = read_lines(run / MEASUREMENTS, Measurement, "Run the evaluation first: synthassay evaluate.")
    if not measurements:
        raise RunError(str(run / MEASUREMENTS), "holds no measurement", remedy="Run the evaluation again.")
    study_file = run / "study.toml"
    study = read_study(study_file) if study_file.is_file() else None
    manifests = _per_generator(run / "synthetic", "manifest.json", Manifest)
    requirements = _read(evaluation_folder(run) / "requirements.json", RequirementList)
    verdicts = _read(evaluation_folder(run) / "verdict.json", VerdictList)
    comparisons = _read(evaluation_folder(run) / "comparisons.json", ComparisonList)
    generators, baselines = _roles(study, measurements, manifests)
    checked = study is not None and study.external is not None
    external = _read(external_check_path(run), ExternalCheck) if checked else None
    away = tuple(m for m in measurements if m.metric == EXTERNAL_METRIC and m.value is not None) if external else ()
    return Contents(
        run=run,
        study=study,
        study_text=study_file.read_text(encoding="utf-8") if study else "",
        lock=_read(run / "lock.json", Lock),
        cohort=_read(run / "cohort.json", Cohort),
        measurements=tuple(m for m in measurements if m.metric != EXTERNAL_METRIC) if away else measurements,
        measurements_sha256=sha256_of(run / MEASUREMENTS),
        manifests=manifests,
        training=_training(run / "model"),
        requirements=requirements,
        verdicts=verdicts.verdicts if verdicts else (),
        comparisons=comparisons.comparisons if comparisons else (),
        selections=_per_generator(evaluation_folder(run), "cases.json", CaseSelection),
        neighbours=_per_generator(evaluation_folder(run), "neighbours.json", NeighbourList),
        generators=generators,
        baselines=baselines,
        pseudonym_key=pseudonym_key(run),
        reader_result=_read(run / READER_RESULT, ReaderResult),
        external=external,
        elsewhere=away,
    )


def _read(path: Path, kind: type[R]) -> R | None:
    return kind.read(path) if path.is_file() else None


def _per_generator(folder: Path, name: str, kind: type[R]) -> dict[str, R]:
    if not folder.is_dir():
        return {}
    return {path.parent.name: kind.read(path) for path in sorted(folder.glob(f"*/{name}"))}


def _training(folder: Path) -> dict[str, tuple[TrainingLine, ...]]:
    paths = sorted(folder.glob("*/training.jsonl")) if folder.is_dir() else []
    read = {path.parent.name: read_lines(path, TrainingLine, "Run the training again.") for path in paths}
    return {name: lines for name, lines in read.items() if lines}


def _roles(
    study: StudySpec | None, measurements: tuple[Measurement, ...], manifests: dict[str, Manifest]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who is a generator and who a baseline; without a study, whoever was judged came from outside."""
    found = list(dict.fromkeys([*(m.of for m in measurements if m.of != REAL), *manifests]))
    if study is None:
        return tuple(found), ()
    learnt = [*(generator.label for generator in study.generators), *(variant.name for variant in study.variants)]
    others = {*learnt, *(control.name for control in study.controls)}
    return tuple(n for n in learnt if n in found), tuple(n for n in found if n not in others)
