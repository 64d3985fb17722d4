"""The main job: one study file in, one run folder out, stage by stage and only forwards."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import synthassay
from synthassay.data.cohorts import data_hashes
from synthassay.generators.stored import WEIGHTS, load_generator
from synthassay.records.base import whole_file
from synthassay.records.manifest import Manifest
from synthassay.records.study_file import read_study, with_seed
from synthassay.records.vocabulary import Split
from synthassay.study.console import Voice
from synthassay.study.controls import PlannedControl
from synthassay.study.cycles import write_cycles
from synthassay.study.damaging import UNDAMAGED, write_control
from synthassay.study.evaluation import evaluate_study
from synthassay.study.inserted import inserted_folder
from synthassay.study.lock import lock_of
from synthassay.study.losses import write_losses
from synthassay.study.origin import origin_of
from synthassay.study.plan import Plan, PlannedGenerator, plan_study
from synthassay.study.run_folder import RunFolder
from synthassay.study.variants import write_variant
from synthassay.synthesise import synthesise
from synthassay.train import LOG, kept_weights, train

STAGES = ("cohort", "train", "synthesise", "evaluate", "report")


def run_study(study: Path, out: Path | None, voice: Voice, *, until: str = "report", seed: int | None = None) -> Path:
    """Do every stage of a study that is not done yet.

    Args:
        study: The study file.
        out: Run folder; ``runs/<name of the study file>`` below the working folder where None, with the seed where one
            is given.
        voice: Speaks to whoever runs it.
        until: Last of ``STAGES`` to do.
        seed: Another seed than the file's, for a study repeated to see how far its figures depend on it.

    Returns:
        The run folder.

    Raises:
        SynthassayError: With what to do; what was finished stays, and the same command goes on from there.
    """
    plan = plan_study(study, seed)
    folder = RunFolder(out or Path("runs") / (study.stem if seed is None else f"{study.stem}-seed-{seed}"))
    with folder.alone():
        cohort = _cohort(plan, folder, voice)
        for generator in plan.generators:
            weights = _train(plan, folder, generator, cohort, voice)
            _synthesise(plan, folder, generator, weights, voice)
            _insert(plan, folder, generator, weights, voice)
            write_losses(plan, folder, generator, weights, voice)
            write_cycles(plan, folder, generator, weights, voice)
        for control in plan.controls:
            _damage(plan, folder, control, voice)
        if STAGES.index(until) >= STAGES.index("evaluate"):
            measured = evaluate_study(plan, folder, voice)
            if until == "report":
                _report(folder, measured, voice)
    return folder.path


def _cohort(plan: Plan, folder: RunFolder, voice: Voice) -> str:
    with whole_file(folder.path / "study.toml") as partial:
        if read_study(plan.path).seed == plan.spec.seed:
            shutil.copyfile(plan.path, partial)
        else:
            partial.write_text(with_seed(plan.path.read_text(encoding="utf-8"), plan.spec.seed), encoding="utf-8")
    hashes = data_hashes(plan.cohort)
    inputs = {"cohort": plan.cohort.digest(), "data": hashes, "spec": plan.spec.model_dump(mode="json")}
    if not folder.finished("cohort", "", inputs):
        with folder.timed("cohort", ""):
            plan.cohort.write(folder.path / "cohort.json")
            lock_of(plan, hashes).write(folder.path / "lock.json")
            # the lock is left out: what machine and commit ran does not make finished work unfinished
            folder.finish("cohort", "", inputs, [folder.path / "cohort.json"])
    counts = plan.cohort.proof()
    voice.panel(
        plan.spec.title,
        {
            "data": plan.cohort.source,
            "cases": f"{len(plan.cohort.cases):,} of {counts['subjects in all']:,} subjects; "
            + ", ".join(f"{len(plan.cohort.of(s)):,} {s}" for s in Split if plan.cohort.of(s)),
            "run folder": str(folder.path),
        },
    )
    return plan.cohort.digest() + str(sorted(hashes.items()))


def _train(plan: Plan, folder: RunFolder, generator: PlannedGenerator, cohort: str, voice: Voice) -> Path:
    place = folder.path / "model" / generator.name
    if generator.variant_of is not None:
        write_variant(plan, folder, generator, voice)
        return place
    inputs: dict[str, Any] = {
        "software": synthassay.__version__,
        "cohort": hashlib.sha256(cohort.encode()).hexdigest(),
        "family": generator.cls.family,
        "settings": generator.settings.model_dump(mode="json"),
        "task": plan.spec.task,
        "data": plan.spec.data.model_dump(mode="json"),
        "denoise": plan.spec.denoise.model_dump(mode="json"),
        "seed": plan.spec.seed,
    }
    keep = plan.kept(generator)
    if keep:
        inputs["keep"] = keep
    if plan.spec.sampling.patch and generator.neighbours == 0:
        inputs["patch"] = plan.spec.sampling.patch
    if plan.task.table:
        inputs[plan.task.table] = plan.spec.model_dump(mode="json")[plan.task.table]
    if folder.finished("train", generator.name, inputs):
        return place
    folder.begin("train", generator.name, inputs, [place])
    with folder.timed("train", generator.name) as elapsed, voice.track(f"train {generator.name}") as advance:
        model = generator.build(plan.task)
        train(
            model,
            plan.task.examples(Split.TRAIN, generator.neighbours),
            plan.task.examples(Split.VALIDATION, generator.neighbours),
            folder=place,
            seed=plan.spec.seed,
            progress=lambda now: advance(now.images_seen, now.images_total),
            keep=keep,
        )
        written = [place / name for name in (WEIGHTS, LOG, *map(kept_weights, keep))]
        folder.finish("train", generator.name, inputs, written)
    alarms = {"alarm": "; ".join(model.alarms())} if model.alarms() else {}
    voice.panel(f"trained {generator.name}", {"weights": str(place), "took": elapsed(), **alarms})
    return place


def _synthesise(plan: Plan, folder: RunFolder, generator: PlannedGenerator, weights: Path, voice: Voice) -> Manifest:
    place = folder.path / "synthetic" / generator.name
    inputs = {
        "model": folder.outputs("train", generator.name),
        "sampling": sampling_of(plan),
        "title": plan.spec.title,
    }
    if folder.finished("synthesise", generator.name, inputs):
        return Manifest.read(place / "manifest.json")
    folder.begin("synthesise", generator.name, inputs, [place])
    title = f"synthesise {generator.name}"
    with folder.timed("synthesise", generator.name) as elapsed, voice.track(title) as advance:
        manifest = synthesise(
            plan.task,
            load_generator(weights),
            origin_of(plan, generator, weights),
            place,
            file_format=plan.spec.sampling.format,
            progress=advance,
        )
        folder.finish("synthesise", generator.name, inputs, [place / "manifest.json"])
    facts = {"images": f"{len(manifest.images):,}, marked synthetic", "manifest": str(place), "took": elapsed()}
    voice.panel(f"synthesised by {generator.name}", facts, next_command=f"synthassay verify {place}")
    return manifest


def sampling_of(plan: Plan) -> dict[str, Any]:
    """Return the sampling that the task uses: a field of another task makes nothing unfinished."""
    bends = plan.task.conditioned_on == "structures"
    unused = set() if bends else {"per_case", "deformation_mm"}
    if not plan.spec.sampling.patch:
        unused |= {"patch", "overlap"}
    return plan.spec.sampling.model_dump(mode="json", exclude=unused)


def _insert(plan: Plan, folder: RunFolder, generator: PlannedGenerator, weights: Path, voice: Voice) -> None:
    """Make slices from sources with lesions added, as NIfTI whatever the format of the images themselves."""
    if not plan.task.inserts:
        return
    place = inserted_folder(folder.path, generator.name)
    inputs = {
        "synthetic": folder.outputs("synthesise", generator.name),
        "sites": plan.spec.evaluation.inserted_lesions,
        "title": plan.spec.title,
    }
    if folder.finished("insert", generator.name, inputs):
        return
    folder.begin("insert", generator.name, inputs, [place])
    requests = plan.task.inserted()
    if not requests:
        folder.finish("insert", generator.name, inputs, [])
        return
    title = f"synthesise {generator.name} with lesions"
    with folder.timed("insert", generator.name) as elapsed, voice.track(title) as advance:
        synthesise(
            plan.task,
            load_generator(weights),
            origin_of(plan, generator, weights),
            place,
            file_format="nifti",
            progress=advance,
            requests=requests,
        )
        folder.finish("insert", generator.name, inputs, [place / "manifest.json"])
    facts = {"slices with a lesion added": f"{len(requests):,}, marked synthetic", "took": elapsed()}
    voice.panel(f"inserted lesions for {generator.name}", facts)


def _damage(plan: Plan, folder: RunFolder, control: PlannedControl, voice: Voice) -> None:
    """Make a control's images from those of the set that it names."""
    place = folder.path / "synthetic" / control.name
    inputs = {
        "synthetic": folder.outputs("synthesise", control.spec.of),
        "control": control.spec.model_dump(mode="json"),
        "cohort": folder.outputs("cohort"),
        "sampling": sampling_of(plan),
        "seed": plan.spec.seed,
        "title": plan.spec.title,
    }
    if folder.finished("synthesise", control.name, inputs):
        return
    folder.begin("synthesise", control.name, inputs, [place])
    title, of = f"damage {control.name}", folder.path / "synthetic" / control.spec.of
    with folder.timed("synthesise", control.name) as elapsed, voice.track(title) as advance:
        manifest = write_control(plan.task, control, of, place, plan.spec.sampling.format, advance)
        folder.finish("synthesise", control.name, inputs, [place / "manifest.json"])
    what = f"{control.failure.title} of {control.spec.severity:g} {control.failure.unit} in {control.spec.of}"
    facts = {"what": what, "images": f"{len(manifest.images):,}, marked synthetic", "took": elapsed()}
    left = sum(UNDAMAGED in image.condition for image in manifest.images)
    voice.panel(f"control {control.name}", {**facts, **({"could not be damaged": str(left)} if left else {})})


def _report(folder: RunFolder, measured: str, voice: Voice) -> None:
    from synthassay.report.build import build_report

    inputs = {"measured": measured, "software": synthassay.__version__}
    if not folder.finished("report", "", inputs):
        with folder.timed("report", ""):
            path = build_report(folder.path)
            folder.finish("report", "", inputs, [path])
    voice.panel("report", {"open": str((folder.path / "report.html").resolve())})
