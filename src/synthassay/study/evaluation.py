"""The evaluation stage: each set judged in turn, resumed measure by measure; then comparisons and verdicts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import synthassay
from synthassay.data.image_set import ImageSet
from synthassay.data.outside import drawn_by_manifest, folder_image_set
from synthassay.evaluate.evidence import Evidence, Options
from synthassay.evaluate.features.choose import identity_of
from synthassay.evaluate.leakage.neighbours import nearest_training
from synthassay.evaluate.observers.inserted import LesionView
from synthassay.evaluate.run import evaluate
from synthassay.records.base import disk_problem, write_lines, write_text
from synthassay.records.evaluation import ComparisonList, evaluation_folder
from synthassay.records.external import EXTERNAL_METRIC
from synthassay.records.manifest import Manifest
from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Role, Split
from synthassay.study.comparing import compare
from synthassay.study.console import Voice
from synthassay.study.cycles import cycles_file
from synthassay.study.drawn import drawn_on, drawn_on_sets
from synthassay.study.external import check_elsewhere, with_elsewhere
from synthassay.study.inserted import inserted_folder, inserted_lesions
from synthassay.study.losses import losses_file
from synthassay.study.plan import Plan, PlannedGenerator
from synthassay.study.run_folder import RunFolder
from synthassay.study.showcase import show_cases
from synthassay.study.verdict import write_verdicts
from synthassay.tasks import Task

MEASUREMENTS = "measurements.jsonl"


def evaluate_study(plan: Plan, folder: RunFolder, voice: Voice) -> str:
    """Judge every synthetic set of a study; return the fingerprint of what was found."""
    memo: dict[Any, Any] = {}
    rows: list[Measurement] = []
    for planned in plan.judged:
        inputs = {
            "synthetic": folder.outputs("synthesise", planned.name),
            "cohort": folder.outputs("cohort"),
            "evaluation": plan.spec.evaluation.model_dump(mode="json"),
            "embedding": identity_of(plan.spec.evaluation.embedding),
            "software": synthassay.__version__,
        }
        if plan.spec.classification is not None:
            inputs["classification"] = plan.spec.classification.model_dump(mode="json")
        if plan.spec.segmentation is not None:
            inputs["segmentation"] = plan.spec.segmentation.model_dump(mode="json")
        if isinstance(planned, PlannedGenerator) and losses_file(plan, folder.path, planned) is not None:
            inputs["losses"] = folder.outputs("losses", planned.name)
        if isinstance(planned, PlannedGenerator) and cycles_file(plan, folder.path, planned) is not None:
            inputs["cycles"] = folder.outputs("cycles", planned.name)
        if plan.task.inserts and isinstance(planned, PlannedGenerator):
            inputs["inserted"] = folder.outputs("insert", planned.name)

        def evidence(name: str = planned.name) -> Evidence:
            return study_evidence(plan, folder.path, name, memo)

        rows += judge(folder, planned.name, inputs, evidence, voice)
    return conclude(plan, folder, with_elsewhere(rows, check_elsewhere(plan, folder, voice)), voice)


def judge(folder: RunFolder, of: str, inputs: Any, evidence: Callable[[], Evidence], voice: Voice) -> list[Measurement]:
    """Judge one set, or read what was found when it was judged before on equal inputs."""
    place = evaluation_folder(folder.path, of)
    if folder.finished("evaluate", of, inputs):
        return read_measurements(place / MEASUREMENTS)
    folder.begin("evaluate", of, inputs, [place])
    place.mkdir(parents=True, exist_ok=True)
    ledger = place / "measured.jsonl"
    with folder.timed("evaluate", of) as elapsed, voice.track(f"evaluate {of}", "cases") as advance:
        gathered = evidence()
        rows = evaluate(
            gathered,
            completed=_completed(ledger),
            emit=lambda name, found: _append(ledger, name, found),
            progress=lambda step, done, total: advance(done, total, step),
        )
        neighbours = nearest_training(gathered)
        if neighbours is not None:
            neighbours.write(place / "neighbours.json")
        show_cases(folder.path, gathered, rows, neighbours)
        write_lines(place / MEASUREMENTS, rows)
        ledger.unlink(missing_ok=True)
        folder.finish("evaluate", of, inputs, [path for path in place.rglob("*") if path.is_file()])
    missing = sum(bool(row.not_measured) for row in rows)
    facts = {"measured": str(len(rows) - missing), "not measured": f"{missing}, each with its reason"}
    voice.panel(f"evaluated {of}", {**facts, "took": elapsed()})
    return rows


def study_evidence(plan: Plan, run: Path, name: str, memo: dict[Any, Any]) -> Evidence:
    """Gather what a generator's images are judged by; they are read back from their files, as anybody's would be."""
    task, spec = plan.task, plan.spec
    place = run / "synthetic" / name
    manifest = Manifest.read(place / "manifest.json")
    synthetic = folder_image_set("synthetic", place, spec.modality)
    translated = task.conditioned_on == "image"
    asked = Split(spec.sampling.split) if translated else Split.TEST
    order = [image.reference_case for image in manifest.images]
    sources = [image.condition.get("source", image.reference_case) for image in manifest.images]
    paired = {role: _aligned(task.real(role, asked), sources) for role in ("source", "mask") if translated}
    if task.paired:
        paired["reference"] = _aligned(task.real("reference", asked), order)
    others = {split: named(task.real(task.compared_with, split), split) for split in Split if task.cohort.of(split)}
    return Evidence(
        of=name,
        protocol=plan.protocol,
        task=spec.task,
        synthetic=synthetic,
        reference=paired.get("reference"),
        source=paired.get("source"),
        masks=paired.get("mask") or _masks_bent(task, manifest),
        synthetic_structures=drawn_by_manifest("synthetic structures", place),
        structures=drawn_on(task, Role.STRUCTURES, asked, order),
        lesions=drawn_on(task, Role.LESION, asked, order),
        structure_names=task.cohort.structure_names,
        drawn=drawn_on_sets(task, asked),
        test=others[asked],
        training=others.get(Split.TRAIN),
        holdout=others.get(Split.VALIDATION) if asked is not Split.VALIDATION else None,
        external=others.get(Split.EXTERNAL) if asked is not Split.EXTERNAL else None,
        inserted=_inserted(plan, run, name, synthetic, paired),
        case_losses=next((losses_file(plan, run, g) for g in plan.generators if g.name == name), None),
        case_cycles=next((cycles_file(plan, run, g) for g in plan.generators if g.name == name), None),
        data_range=task.data_range,
        seed=spec.seed,
        options=_options(plan, run),
        real_memo=memo,
    )


def _options(plan: Plan, run: Path) -> Options:
    spec = plan.spec
    return Options(
        bootstrap=spec.evaluation.bootstrap,
        augmentation_ratio=spec.evaluation.augmentation_ratio,
        embedding=spec.evaluation.embedding,
        embedding_steps=spec.evaluation.embedding_steps,
        utility_repeats=spec.evaluation.classifier_repeats,
        utility_steps=spec.evaluation.classifier_steps,
        segmenter_steps=spec.evaluation.segmenter_steps,
        classification=spec.classification,
        segmentation=spec.segmentation,
        processes=os.cpu_count() or 1,
        work=evaluation_folder(run),
    )


def _masks_bent(task: Task, manifest: Manifest) -> ImageSet | None:
    """Where the subject is on images made from training patients' label maps: bending leaves the outline as it was."""
    order = [image.condition.get("structures", "") for image in manifest.images]
    if not all(order) or any(image.structures is None for image in manifest.images):
        return None
    return _aligned(task.real(Role.MASK, Split.TRAIN), order)


def _inserted(
    plan: Plan, run: Path, name: str, synthetic: ImageSet, paired: Mapping[str, ImageSet]
) -> Callable[[], Sequence[LesionView]] | None:
    if not plan.task.inserts or name in {control.name for control in plan.controls}:
        return None
    ordinary = {"synthetic": synthetic, "source": paired["source"], "reference": paired["reference"]}
    return inserted_lesions(inserted_folder(run, name), ordinary, plan.spec.modality)


def conclude(plan: Plan, folder: RunFolder, rows: Sequence[Measurement], voice: Voice) -> str:
    """Write all measurements together, the paired comparisons, the requirements and the verdicts."""
    references = {}
    for planned in plan.judged:
        manifest = Manifest.read(folder.path / "synthetic" / planned.name / "manifest.json")
        references[planned.name] = {i.case: i.reference_case for i in manifest.images if i.reference_case}
    owners = {case.case: case.subject for case in plan.cohort.cases}
    trained = [planned.name for planned in plan.judged if not planned.baseline]
    here = [row for row in rows if row.metric != EXTERNAL_METRIC]
    found = compare(here, references, owners, trained, seed=plan.spec.seed, draws=plan.spec.evaluation.bootstrap)
    place = evaluation_folder(folder.path)
    ComparisonList(comparisons=tuple(found)).write(place / "comparisons.json")
    write_verdicts(place, plan.protocol, plan.spec.task, rows)
    write_lines(folder.path / MEASUREMENTS, rows)
    outputs = [folder.path / MEASUREMENTS, *(path for path in place.glob("*.json"))]
    inputs = [folder.outputs("evaluate", planned.name) for planned in plan.judged]
    return folder.finish("conclude", "", inputs, outputs)


def read_measurements(path: Path) -> list[Measurement]:
    """Read a file of measurements, one a line."""
    return [Measurement.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]


def named(images: ImageSet, split: Split) -> ImageSet:
    """The set under the name that tables use for the split."""
    words = {Split.TRAIN: "training", Split.VALIDATION: "holdout"}
    return ImageSet(words.get(split, split.value), images.entries)


def _aligned(images: ImageSet, order: Sequence[str]) -> ImageSet:
    at = {case: i for i, case in enumerate(images.cases)}
    return images.subset([at[case] for case in order])


def _completed(ledger: Path) -> dict[str, list[Measurement]]:
    """What an earlier, killed evaluation had measured; a last line that was cut off is dropped from the file too."""
    found: dict[str, list[Measurement]] = {}
    whole = []
    for line in ledger.read_text(encoding="utf-8").splitlines() if ledger.is_file() else ():
        try:
            entry = json.loads(line)
            found[entry["metric"]] = [Measurement.model_validate(row) for row in entry["rows"]]
        except (json.JSONDecodeError, KeyError, ValidationError):
            break
        whole.append(line)
    write_text(ledger, "".join(f"{line}\n" for line in whole))
    return found


def _append(ledger: Path, name: str, rows: Sequence[Measurement]) -> None:
    line = json.dumps({"metric": name, "rows": [row.model_dump(mode="json") for row in rows]})
    try:
        with ledger.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
    except OSError as problem:
        raise disk_problem(ledger, problem) from problem
