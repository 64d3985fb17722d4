"""What of a run is released: one set of synthetic images with the records that say how it was made and judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synthassay.errors import RunError, did_you_mean
from synthassay.images.verify import verify_folder
from synthassay.protocols import PROTOCOLS
from synthassay.protocols.ladder import verdict
from synthassay.records.base import inside, read_lines, sha256_of
from synthassay.records.cohort import Cohort
from synthassay.records.evaluation import Verdict
from synthassay.records.lock import Lock, StageRecord
from synthassay.records.manifest import Manifest
from synthassay.records.measurement import Measurement
from synthassay.records.pseudonyms import Pseudonyms, pseudonym_key
from synthassay.records.spec import StudySpec
from synthassay.records.study_file import read_study


@dataclass(frozen=True)
class Source:
    """One set of images of a run, and its records.

    Attributes:
        of: The set: name of a generator or baseline.
        folder: Where its images and their manifest lie.
        protocol: Name of the protocol that it is judged by.
        measurements: Of this set alone; empty where nothing was measured.
        verdict: The rung of evidence that the measurements reach.
        pseudonyms: Of this run, the same as in its report.
        identifiers: What must not appear in a release: subjects, their cases, file names of single subjects, the
            data's folder.
    """

    run: Path
    of: str
    folder: Path
    study: StudySpec
    lock: Lock | None
    cohort: Cohort
    manifest: Manifest
    protocol: str
    measurements: tuple[Measurement, ...]
    verdict: Verdict
    pseudonyms: Pseudonyms
    identifiers: frozenset[str]


def read_source(run: Path, of: str = "") -> Source:
    """Read one set of a run folder, after proving that its images are those that were made and judged.

    Args:
        run: Run folder that ``synthassay run`` (or ``synthesise``) wrote.
        of: Which set; the only one that the run holds where empty.

    Raises:
        RunError: It is no run folder, has no such set or several, a file of a finished stage was altered, or an image
            is not what its manifest says.
    """
    for needed in ("study.toml", "cohort.json", "synthetic"):
        if not (run / needed).exists():
            remedy = "Only sets that synthassay made can be released: their making is recorded. Run the study first."
            raise RunError(str(run), f"has no {needed}, so it is no run of a study", remedy=remedy)
    of = of or _only(run)
    folder = run / "synthetic" / of
    if not (folder / "manifest.json").is_file():
        raise RunError(str(run), "holds no set of this name", value=of, remedy=did_you_mean(of, _sets(run)))
    _require_unaltered(run, of)
    found = verify_folder(folder)
    if not found.ok:
        raise RunError(str(folder), f"cannot be released: {found.problems[0]}", remedy="Run synthassay verify on it.")
    study, cohort = read_study(run / "study.toml"), Cohort.read(run / "cohort.json")
    manifest = Manifest.read(folder / "manifest.json")
    lines = run / "measurements.jsonl"
    rows = read_lines(lines, Measurement, "Evaluate again.") if lines.is_file() else ()
    own = tuple(row for row in rows if row.of == of)
    protocol = study.evaluation.protocol or study.modality.value
    subjects, cases = _identifiers(cohort, manifest)
    return Source(
        run=run,
        of=of,
        folder=folder,
        study=study,
        lock=Lock.read(run / "lock.json") if (run / "lock.json").is_file() else None,
        cohort=cohort,
        manifest=manifest,
        protocol=protocol,
        measurements=own,
        verdict=verdict(of, PROTOCOLS.get(protocol), study.task, own),
        pseudonyms=Pseudonyms(pseudonym_key(run), subjects, cases, [cohort.root]),
        identifiers=frozenset({*subjects, *cases, *_own_file_names(cohort), cohort.root} - {""}),
    )


def _sets(run: Path) -> list[str]:
    return sorted(path.parent.name for path in (run / "synthetic").glob("*/manifest.json"))


def _only(run: Path) -> str:
    sets = _sets(run)
    learnt = [g.label for g in read_study(run / "study.toml").generators if g.label in sets]
    for found in (learnt, sets):
        if len(found) == 1:
            return found[0]
    remedy = "Say which with --of." if sets else "Run the study first: synthassay run."
    raise RunError(str(run), f"holds {len(sets)} sets", value=", ".join(sets) or None, remedy=remedy)


def _require_unaltered(run: Path, of: str) -> None:
    """Every file that a finished stage wrote for this set, or for all, still has its hash."""
    for path in sorted((run / "stages").glob("*.json")):
        record = StageRecord.read(path)
        if record.of not in ("", of) or record.stage == "report":
            continue
        for name, digest in record.outputs.items():
            file = inside(run, name)
            if not file.is_file() or sha256_of(file) != digest:
                remedy = "Run the study again: it makes this file anew."
                raise RunError(str(file), f"is not what the stage {record.stage} wrote", remedy=remedy)


def _identifiers(cohort: Cohort, manifest: Manifest) -> tuple[set[str], set[str]]:
    subjects = set(cohort.split)
    cases = {case.case for case in cohort.cases} | set(cohort.excluded)
    for image in manifest.images:
        subjects |= set(image.source_subjects)
        if image.source_subjects or image.reference_case:  # such a name is built from the source's
            cases |= {image.case, image.reference_case}
    return subjects - {""}, cases - {""}


def _own_file_names(cohort: Cohort) -> Iterator[str]:
    """Names of files and folders that belong to one subject alone, and so may name it."""
    owners: dict[str, set[str]] = {}
    for case in cohort.cases:
        for where in case.images.values():
            for part in where.path.split("/"):
                owners.setdefault(part.partition(".")[0], set()).add(case.subject)
    if len({case.subject for case in cohort.cases}) > 1:
        yield from (name for name, subjects in owners.items() if len(subjects) == 1)
