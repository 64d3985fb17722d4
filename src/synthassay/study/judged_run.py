"""One judged set of a run folder, with what is needed to set it beside another run's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from synthassay.errors import RunError, did_you_mean
from synthassay.records.base import fingerprint
from synthassay.records.comparison import JUDGED, JudgedCases
from synthassay.records.evaluation import evaluation_folder
from synthassay.records.measurement import Measurement
from synthassay.report.contents import REAL, Contents, read_contents


@dataclass(frozen=True)
class JudgedRun:
    """One judged set.

    Attributes:
        name: ``run: set``.
        protocol: Name of the protocol it was judged by.
        patients: Fingerprint of the real images that it was judged on; empty where the run does not say.
        references: Synthetic case to real case; empty where nothing is paired.
        subjects: Real case to subject.
        rows: (metric, stratum) to its measurement.
    """

    name: str
    protocol: str
    patients: str
    references: Mapping[str, str]
    subjects: Mapping[str, str]
    rows: Mapping[tuple[str, str], Measurement]


def read_judged_run(run: Path, of: str = "") -> JudgedRun:
    """Read the set called ``of`` from a run folder; where it is empty, the run's only generator.

    Raises:
        RunError: It is not a run folder, has no such set, or several generators and no name says which.
    """
    contents = read_contents(run)
    of = of or _only(contents)
    rows = {(row.metric, row.stratum): row for row in contents.measurements if row.of == of}
    if not rows:
        remedy = did_you_mean(of, {row.of for row in contents.measurements} - {REAL})
        raise RunError(str(run), "judged no set of this name", value=of, remedy=remedy)
    patients, references, subjects = _patients(contents, of)
    protocol = contents.requirements.protocol if contents.requirements else ""
    return JudgedRun(f"{run.name or run.resolve().name}: {of}", protocol, patients, references, subjects, rows)


def _only(contents: Contents) -> str:
    candidates = contents.generators or contents.baselines
    if len(candidates) == 1:
        return candidates[0]
    raise RunError(
        str(contents.run),
        f"judged {len(candidates)} generators",
        value=", ".join(contents.judged),
        remedy="Say which: --of for the first run, --against for the second.",
    )


def _patients(contents: Contents, of: str) -> tuple[str, dict[str, str], dict[str, str]]:
    cohort = contents.cohort
    if cohort is not None:
        hashes = contents.lock.data_sha256 if contents.lock else {}
        # without the root: the same data may lie in another folder on another machine
        known = fingerprint([cohort.model_dump(mode="json", include={"cases", "split"}), hashes])
        manifest = contents.manifests.get(of)
        images = manifest.images if manifest else ()
        references = {image.case: image.reference_case for image in images if image.reference_case}
        return known, references, {case.case: case.subject for case in cohort.cases}
    place = evaluation_folder(contents.run) / JUDGED
    if place.is_file():
        judged = JudgedCases.read(place)
        return judged.real_sha256, dict(judged.references), dict(judged.subjects)
    return "", {}, {}
