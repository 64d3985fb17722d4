"""A run folder made by hand in which everything that a run can prove is proven; tests then take things away."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from synthassay.protocols import PROTOCOLS
from synthassay.records.audit import Audit
from synthassay.records.base import write_lines
from synthassay.records.cohort import Case, Cohort, Locator
from synthassay.records.evaluation import (
    CaseSelection,
    Comparison,
    ComparisonList,
    RequirementList,
    RequirementStatus,
)
from synthassay.records.lock import Lock
from synthassay.records.log import TrainingLine
from synthassay.records.manifest import Manifest, SyntheticImage
from synthassay.records.measurement import Interval, Measurement
from synthassay.records.vocabulary import Axis, Better, Split

STUDY = """\
title = "Chests made by hand"
question = "Do these synthetic radiographs help a classifier on held-out patients?"
modality = "xray"
task = "augment"
intended_use = "Augmenting training sets of classifiers."
baselines = ["resample_real"]
[data]
path = "table.csv"
split = "given"
size = [32, 32]
[[generators]]
family = "vae"
[classification]
network = "convnet"
"""
SIDES = (Split.TRAIN, Split.TRAIN, Split.TRAIN, Split.VALIDATION, Split.TEST, Split.EXTERNAL)
SUBJECTS = {f"HOSP-{i:03}": SIDES[i % len(SIDES)] for i in range(240)}
SETS = ("vae", "resample_real")


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run in which everything is proven; to read only."""
    return write_run(tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture
def run(whole_run: Path, tmp_path: Path) -> Path:
    """A copy to change at will."""
    return shutil.copytree(whole_run, tmp_path / "run")


@pytest.fixture
def change(run: Path) -> Callable[..., Path]:
    """Change the measurements of one metric, or take them away."""

    def changed(metric: str, of: str = "vae", **values: object) -> Path:
        lines = [json.loads(line) for line in (run / "measurements.jsonl").read_text().splitlines()]
        kept = [
            {**line, **values} if line["metric"] == metric and line["of"] == of else line
            for line in lines
            if values or not (line["metric"] == metric and line["of"] == of)
        ]
        (run / "measurements.jsonl").write_text("".join(json.dumps(line) + "\n" for line in kept))
        return run

    return changed


def rewrite(path: Path, **values: object) -> None:
    """Change fields of a JSON record on disk."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def write_run(run: Path) -> Path:
    run.mkdir(parents=True)
    (run / "study.toml").write_text(STUDY, encoding="utf-8")
    cohort().write(run / "cohort.json")
    lock().write(run / "lock.json")
    audit().write(run / "audit.json")
    write_lines(run / "measurements.jsonl", measurements())
    for of in SETS:
        manifest(of).write(run / "synthetic" / of / "manifest.json")
    line = TrainingLine(images_seen=4800, train={"loss": 0.2})
    write_lines(run / "model" / "vae" / "training.jsonl", [line])
    evaluation = run / "evaluation"
    requirements().write(evaluation / "requirements.json")
    comparisons().write(evaluation / "comparisons.json")
    CaseSelection(
        of="vae", metric="shape_plausibility", title="Implausible anatomy", unit="1", better=Better.LOWER,
        best=("syn-0",), worst=("syn-1",), rule="By the number.",
    ).write(evaluation / "vae" / "cases.json")  # fmt: skip
    return run


def cohort() -> Cohort:
    cases = tuple(
        Case(
            case=f"{subject}_1", subject=subject, site="north" if i % 2 else "south", label="normal",
            images={"image": Locator(path=f"{subject}.png")},
        )
        for i, subject in enumerate(SUBJECTS)
    )  # fmt: skip
    return Cohort(
        root="/secret/place", source="hand-made", cases=cases, split=SUBJECTS, split_rule="given", unit="arbitrary",
        spacing_mm=(1.0, 1.0), classes=("normal",), licence="CC0", citation="Made by hand, 2026.",
        excluded={"HOSP-999_1": "blurred"},
    )  # fmt: skip


def lock() -> Lock:
    return Lock(
        software="synthassay 0.1.0", python="3.11.9", platform="Linux", device="cpu", threads=1, seed=7,
        packages={"numpy": "2.1.0"}, data_sha256={"HOSP-000.png": "ab" * 32}, command="synthassay run study.toml",
    )  # fmt: skip


def audit() -> Audit:
    return Audit(data="hand-made", found_as="table", images=240, subjects=240, without_subject=0, splits={})


def manifest(of: str) -> Manifest:
    trained = sorted(subject for subject, side in SUBJECTS.items() if side is Split.TRAIN)
    images = tuple(
        SyntheticImage(
            case=f"syn-{i}", path=f"syn-{i}.png", sha256="cd" * 32, seed=i, label="normal",
            source_subjects=(trained[i],),
        )
        for i in range(4)
    )  # fmt: skip
    return Manifest(
        study="Chests made by hand", generator=of, family=of, software="synthassay 0.1.0", weights_sha256="ef" * 32,
        training_subjects_sha256=hashlib.sha256("".join(f"{s}\n" for s in trained).encode()).hexdigest(),
        format="png", unit="arbitrary", images=images,
    )  # fmt: skip


def measured(metric: str, axis: Axis, of: str, value: float, low: float, high: float, **other: object) -> Measurement:
    fields: dict[str, object] = {
        "metric": metric, "title": metric.replace("_", " ").capitalize(), "axis": axis, "of": of, "value": value,
        "interval": Interval(low=low, high=high, method="bootstrap of subjects"), "n": 400, "subjects": 200,
        "unit": "1", "better": Better.HIGHER, "source": "doi:10.1000/hand",
    }  # fmt: skip
    return Measurement.model_validate({**fields, **other})


def measurements() -> list[Measurement]:
    rows = []
    for of in SETS:
        rows += [
            measured("frechet_distance", Axis.FIDELITY, of, 40.0, 35.0, 46.0, floor=6.0, better=Better.LOWER),
            measured("coverage", Axis.DIVERSITY, of, 0.6, 0.55, 0.65),
            measured("coverage", Axis.DIVERSITY, of, 0.5, 0.45, 0.55, stratum="class=normal"),
            measured("coverage", Axis.DIVERSITY, of, 0.7, 0.65, 0.75, stratum="class=pneumonia"),
            measured("copied_images", Axis.LEAKAGE, of, 0.0, 0.0, 0.01, better=Better.LOWER),
            measured("exposed_patients", Axis.LEAKAGE, of, 0.0, 0.0, 0.01, better=Better.LOWER),
            measured("closer_to_training", Axis.LEAKAGE, of, 0.5, 0.45, 0.55, better=Better.TARGET, target=0.5),
            measured("membership_inference", Axis.LEAKAGE, of, 0.01, -0.03, 0.05, better=Better.LOWER),
            measured("shape_plausibility", Axis.FAILURE, of, 0.06, 0.05, 0.08, better=Better.LOWER),
            measured("auc_gain", Axis.UTILITY, of, 0.01, 0.002, 0.02, settings={"repeats": 3, "p_corrected": 0.04}),
            measured("subgroup_gain", Axis.UTILITY, of, 0.01, -0.002, 0.02, settings={"repeats": 3}),
            measured("tstr_auc_external", Axis.UTILITY, of, 0.9, 0.85, 0.95),
            measured("calibration_slope", Axis.UTILITY, of, 1.1, 0.9, 1.3),
            measured("reader_study", Axis.CLINICAL, of, 0.55, 0.45, 0.65),
        ]
    return rows


def requirements() -> RequirementList:
    least = {r.metric for r in PROTOCOLS.get("xray").required("augment") if r.least_subjects}
    assert "frechet_distance" in least, "the hand-made run must hold a measure that the protocol counts subjects for"
    rows = tuple(
        RequirementStatus(
            metric=metric, axis=axis, of=of, statement=f"{metric} measured", why="because", source="doi:10.1000/hand",
            met=True, reason="measured on 200 subjects",
        )
        for of in SETS
        for metric, axis in (("frechet_distance", Axis.FIDELITY), ("shape_plausibility", Axis.FAILURE))
    )  # fmt: skip
    return RequirementList(protocol="xray", task="augment", requirements=rows)


def comparisons() -> ComparisonList:
    one = Comparison(
        metric="auc_gain", of="vae", against="resample_real", difference=0.01, n=400, subjects=200, unit="1",
        better=Better.HIGHER, interval=Interval(low=0.001, high=0.02, method="bootstrap"), p=0.01,
        correction="Holm over 2 comparisons",
    )  # fmt: skip
    return ComparisonList(comparisons=(one,))
