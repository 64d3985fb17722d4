"""Fixing a study before anyone reads: arms found and checked, images encoded, orders drawn, everything hashed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synthassay import __version__
from synthassay.errors import ReadingError
from synthassay.reading.arms import Stimulus, read_arms
from synthassay.reading.drafts import Draft, Material, material_of
from synthassay.reading.giveaways import find_giveaways, refuse_giveaways
from synthassay.reading.ordering import Orderer
from synthassay.reading.questions import questions_of
from synthassay.reading.showing import Progress, encode_all, portrait
from synthassay.reading.study_file import read_reader_study
from synthassay.records.base import fingerprint, whole_folder
from synthassay.records.reader_study import ArmRole, ReaderStudy
from synthassay.records.reading import Design, GiveAway, ReaderPlan, StimulusTruth, TrialTruth, Truth

DESIGN, TRUTH, IMAGES, SPEC = "design.json", "truth.json", "images", "reader.toml"
TOLD_ROLES = (ArmRole.REAL, ArmRole.SYNTHETIC, ArmRole.NEGATIVE_CONTROL)


@dataclass(frozen=True)
class Compiled:
    """What compiling made."""

    folder: Path
    design: Design
    truth: Truth


def compile_study(path: Path, out: Path, progress: Progress | None = None) -> Compiled:
    """Compile a study file into a folder that can be served; equal inputs give equal bytes.

    The folder holds ``reader.toml`` as written, ``design.json`` and ``images/`` for the room, and ``truth.json``, which
    may be taken away until the analysis: the design holds its hash.

    Args:
        path: The study file; paths in it are relative to its folder.
        out: Folder to write, whole or not at all; it must not exist.
        progress: Called with the images encoded so far and in all.

    Raises:
        SpecError: The file cannot be followed.
        DataError: Arms are missing or contradictory, or give themselves away.
        ImageError: An image cannot be read.
        ReadingError: The folder exists already.
    """
    study = read_reader_study(path)
    if out.exists():
        remedy = "A compiled study is never changed; choose another --out, or remove it if nobody has read."
        raise ReadingError(str(out), "exists already; nothing was written", remedy=remedy)
    arms = read_arms(study, path.parent)
    give_aways = _checked_arms(study, arms)
    material = material_of(study, arms)
    names = _opaque_names(study, material)
    questions = questions_of(study)
    orderer = Orderer(study, questions, lambda one: names[_key(one)][0])
    plans: list[ReaderPlan] = []
    truths: list[TrialTruth] = []
    for reader in study.codes:
        plan, told = orderer.plan(reader, material)
        plans.append(plan)
        truths += told
    shown = dict(names.values())
    truth = Truth(
        question=study.question, kind=study.kind, arms={arm.name: arm.role for arm in study.arms},
        analysis=study.analysis, give_aways=give_aways, trials=tuple(truths),
        stimuli=tuple(_told(name, one, path.parent) for name, one in sorted(shown.items())),
    )  # fmt: skip
    with whole_folder(out) as folder:
        (folder / IMAGES).mkdir()
        digest = encode_all(study, shown, folder / IMAGES, progress)
        design = Design(
            title=study.title, kind=study.kind, instructions=study.instructions, intended_use=study.intended_use,
            questions=questions, go_back=study.design.go_back, washout_days=study.design.washout_days,
            sessions=1 + max(trial.session for plan in plans for trial in plan.trials), windows=study.windows,
            readers=tuple(plans), spec_sha256=fingerprint(study.model_dump(mode="json")), truth_sha256=truth.digest(),
            images_sha256=digest, software=f"synthassay {__version__}",
        )  # fmt: skip
        (folder / SPEC).write_bytes(path.read_bytes())
        design.write(folder / DESIGN)
        truth.write(folder / TRUTH)
    return Compiled(out, design, truth)


def _checked_arms(study: ReaderStudy, arms: dict[str, list[Stimulus]]) -> tuple[GiveAway, ...]:
    """Portraits of what readers would receive; those of the files too where nothing is re-encoded."""
    told = [one for stimuli in arms.values() for one in stimuli if one.role in TOLD_ROLES]
    if len({one.arm for one in told}) < 2:
        return ()
    found = find_giveaways([portrait(study, one) for one in told], study.seed)
    accepted = set(study.reencode.accept) if study.reencode else set()
    refuse_giveaways([one for one in found if one.attribute not in accepted], reencoded=study.reencode is not None)
    return found


def _key(one: Stimulus) -> tuple[str, str, str]:
    return one.arm, one.case, str(one.path)


def _opaque_names(study: ReaderStudy, material: Material) -> dict[tuple[str, str, str], tuple[str, Stimulus]]:
    """Stimulus to its identifier, which tells nothing to whom does not hold the study file."""
    spec = study.model_dump(mode="json")
    names: dict[tuple[str, str, str], tuple[str, Stimulus]] = {}
    for draft in _all_drafts(material):
        for one in draft.stimuli:
            if _key(one) not in names:
                beside = draft.linked and one is not draft.first
                names[_key(one)] = (fingerprint([spec, one.arm, one.case, beside])[:24], one)
    return names


def _all_drafts(material: Material) -> Iterator[Draft]:
    for unit in material.practice:
        yield from unit.drafts
    for sessions in material.main.values():
        for units in sessions:
            for unit in units:
                yield from unit.drafts


def _told(name: str, one: Stimulus, folder: Path) -> StimulusTruth:
    near = one.path.is_relative_to(folder)
    source = one.path.relative_to(folder).as_posix() if near else one.path.as_posix()
    return StimulusTruth(
        image=name, arm=one.arm, role=one.role, case=one.case, subject=one.subject, sha256=one.sha256(),
        source=f"{source}, {one.made}" if one.made else source,
    )  # fmt: skip


def read_design(folder: Path) -> Design:
    """Read the design of a compiled study.

    Raises:
        ReadingError: The folder holds none.
    """
    if not (folder / DESIGN).is_file():
        remedy = "Compile the study first: `synthassay reader compile STUDY.toml --out FOLDER`."
        raise ReadingError(str(folder), "holds no compiled reader study (design.json)", remedy=remedy)
    return Design.read(folder / DESIGN)


def read_truth(folder: Path, design: Design) -> Truth:
    """Read the truth and hold it against the hash in the design.

    Raises:
        ReadingError: It is missing, or it was changed after compiling.
    """
    path = folder / TRUTH
    if not path.is_file():
        remedy = "Put it back where it was kept while readers read."
        raise ReadingError(str(path), "is not there, so there is nothing to compare answers with", remedy=remedy)
    truth = Truth.read(path)
    if truth.digest() != design.truth_sha256:
        remedy = "Restore the file that was compiled with this design; nothing was analysed."
        raise ReadingError(str(path), "is not the truth that this design was compiled with", remedy=remedy)
    return truth
