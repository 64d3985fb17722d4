"""A made-up run folder, written from the records as a study writes them: a translation of MR contrasts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from synthassay.images.image import Geometry, Image
from synthassay.images.picture import error_picture, montage, picture
from synthassay.records.base import write_lines
from synthassay.records.cohort import Case, Cohort, Locator
from synthassay.records.evaluation import (
    CaseSelection,
    Comparison,
    ComparisonList,
    NearestReal,
    Neighbour,
    NeighbourList,
    RequirementList,
    RequirementStatus,
    Verdict,
    VerdictList,
    evaluation_folder,
    picture_path,
)
from synthassay.records.lock import Lock
from synthassay.records.log import TrainingLine
from synthassay.records.manifest import Manifest, SyntheticImage
from synthassay.records.measurement import Interval, Measurement
from synthassay.records.vocabulary import Axis, Better, Split

METHOD = "subject-clustered bootstrap, BCa, 2000 draws"
WINDOW = (0.0, 1000.0)
SUBJECTS = tuple(f"HOSP-{4711 + 13 * i}" for i in range(30))
TEST_CASES = tuple(f"{subject}_ses-1" for subject in SUBJECTS[24:])

STUDY = """\
schema_version = 1
title = {title}
question = "Can T2-weighted brain MR be synthesised from T1-weighted MR so that signal differs by less than 5 %?"
modality = "mri"
task = "translate"
seed = 7
intended_use = "Completing missing contrasts in registration research."
baselines = [{baselines}]

[data]
source = "virtual-brains"
input = "t1"
image = "t2"
{generators}
"""


@pytest.fixture(scope="session")
def written_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A run folder to read only, written once per variation; see ``write_run`` for what can be varied."""

    @cache
    def write(**variation: object) -> Path:
        return write_run(tmp_path_factory.mktemp("written") / "run", **variation)  # type: ignore[arg-type]

    return write


@pytest.fixture
def make_run(tmp_path: Path, written_run: Callable[..., Path]) -> Callable[..., Path]:
    """Give a copy of a run folder, to change at will."""

    def make(name: str = "run", **variation: object) -> Path:
        return shutil.copytree(written_run(**variation), tmp_path / name)

    return make


def write_run(
    run: Path,
    *,
    generators: tuple[str, ...] = ("pgan", "vae"),
    baselines: tuple[str, ...] = ("linear_regression", "identity"),
    outside: bool = False,
    training: bool = True,
    measured: bool = True,
    pictures: bool = False,
    title: str = "T2 from T1 in thirty virtual brains",
) -> Path:
    run.mkdir(parents=True)
    names = generators + baselines
    write_lines(run / "measurements.jsonl", measurements(names, measured))
    if not outside:
        tables = "".join(f'\n[[generators]]\nfamily = "pgan"\nname = "{name}"\n' for name in generators)
        quoted = ", ".join(f'"{name}"' for name in baselines)
        text = STUDY.format(title=json.dumps(title), baselines=quoted, generators=tables)
        (run / "study.toml").write_text(text, encoding="utf-8")
        cohort().write(run / "cohort.json")
        lock().write(run / "lock.json")
        for name in names:
            manifest(name).write(run / "synthetic" / name / "manifest.json")
    if training and not outside:
        for name in generators:
            write_lines(run / "model" / name / "training.jsonl", training_lines())
    if measured:
        write_evaluation(run, generators, baselines, pictures)
    return run


def measurements(names: tuple[str, ...], measured: bool) -> list[Measurement]:
    rng = np.random.default_rng(3)
    rows = []
    paired = [
        ("mae", "Mean absolute error", Better.LOWER, "arbitrary", 42.0, ""),
        ("mae", "Mean absolute error", Better.LOWER, "arbitrary", 36.0, "tissue=white matter"),
        ("ssim", "Structural similarity (3D, 7×7×7, in the mask)", Better.HIGHER, "1", 0.86, ""),
        ("psnr", "Peak signal-to-noise ratio", Better.HIGHER, "dB", 27.4, ""),
    ]
    for metric, title, better, unit, good, stratum in paired:
        for i, name in enumerate(names):
            value = good * (1 + 0.13 * i * (1 if better == Better.LOWER else -1))
            half = 0.05 * good
            per_case = dict(zip(TEST_CASES, (value + half * rng.normal(size=6)).tolist(), strict=True))
            rows.append(
                Measurement(
                    metric=metric, title=title, axis=Axis.FIDELITY, of=name, stratum=stratum, unit=unit, better=better,
                    source="Wang et al. 2004, doi:10.1109/TIP.2003.819861, equation 13",
                    n=6, subjects=6, value=value, per_case=per_case,
                    interval=Interval(low=value - half, high=value + half * 1.2, method=METHOD),
                    settings={"data_range": 1000.0, "mask": "brain"},
                )
            )  # fmt: skip
    for i, name in enumerate((*names, "real")):
        value = 3.1 + 1.9 * i if name != "real" else 1.2
        rows.append(
            Measurement(
                metric="frechet", title="Fréchet distance, local-texture embedding", axis=Axis.DIVERSITY, of=name,
                n=120, subjects=6, unit="1", better=Better.LOWER, value=value,
                interval=Interval(low=value * 0.8, high=value * 1.25, method="half-sampling of subjects, 200 draws"),
                floor=1.2, floor_interval=Interval(low=0.9, high=1.6, method="split halves of real subjects"),
                source="Dowson and Landau 1982, doi:10.1016/0047-259X(82)90077-X",
                settings={"embedding": "local-texture", "features": 96},
            )
        )  # fmt: skip
    rows.append(
        Measurement(
            metric="nearest_ratio", title="Nearest-training to nearest-holdout ratio", axis=Axis.LEAKAGE, of=names[0],
            n=120, subjects=6, unit="1", better=Better.TARGET, target=1.0, value=0.98,
            interval=Interval(low=0.91, high=1.06, method=METHOD), source="Meehan et al. 2020, arXiv:2004.05675",
            failed_cases={TEST_CASES[2]: f"the image of {SUBJECTS[26]} is constant"},
        )
    )  # fmt: skip
    rows.extend(
        Measurement(
            metric="tstr", title="Train on synthetic, test on real: AUC", axis=Axis.UTILITY, of=name, unit="1",
            better=Better.HIGHER, not_measured="the cohort has no classes",
            source="Esteban et al. 2017, arXiv:1706.02633",
        )
        for name in names
    )  # fmt: skip
    if measured:
        return rows
    reason = {"not_measured": "no synthetic image could be read", "value": None, "interval": None, "floor": None}
    return [row.model_copy(update={**reason, "per_case": {}}) for row in rows]


def cohort() -> Cohort:
    split = {s: Split.TRAIN if i < 20 else Split.VALIDATION if i < 24 else Split.TEST for i, s in enumerate(SUBJECTS)}
    cases = tuple(
        Case(
            case=f"{s}_ses-1", subject=s, session="1", site="north" if i % 3 else "south",
            images={"t1": Locator(path=f"{s}/t1.nii.gz"), "t2": Locator(path=f"{s}/t2.nii.gz")},
        )
        for i, s in enumerate(SUBJECTS)
    )  # fmt: skip
    return Cohort(
        root="/home/dr-quill/patients", source="virtual-brains", cases=cases, split=split, split_rule="subject",
        spacing_mm=(2.0, 2.0, 2.0), unit="arbitrary", licence="Apache-2.0", excluded={"HOSP-9999_ses-1": "no T2 image"},
        citation="Made by physics, described in the documentation.", notes=("HOSP-4711 has two sessions; one is used",),
    )  # fmt: skip


def lock() -> Lock:
    return Lock(
        software="synthassay 0.1.0", python="3.11.9", platform="Linux x86_64", device="cpu", threads=1, git="5688e64",
        seed=7, packages={"numpy": "2.1.0", "torch": "2.4.1"}, data_sha256={f"{SUBJECTS[0]}/t1.nii.gz": "ab" * 32},
        command="synthassay run study.toml --out runs/t1-to-t2",
    )  # fmt: skip


def manifest(name: str) -> Manifest:
    images = tuple(
        SyntheticImage(
            case=f"{case}_{name}", path=f"{case}_{name}.nii.gz", sha256="cd" * 32, seed=i, condition={"source": case},
            source_subjects=(case.split("_")[0],), reference_case=case,
        )
        for i, case in enumerate(TEST_CASES)
    )  # fmt: skip
    return Manifest(
        study="T2 from T1", generator=name, family=name, software="synthassay 0.1.0", weights_sha256="ef" * 32,
        training_subjects_sha256="12" * 32, format="nifti", unit="arbitrary", images=images,
    )  # fmt: skip


def training_lines() -> list[TrainingLine]:
    rng = np.random.default_rng(5)
    lines = []
    for step in range(1, 101):
        l1 = 0.03 + 0.9 * np.exp(-step / 9) + 0.004 * rng.normal()
        terms = {"generator/l1": float(l1), "generator/adversarial": float(0.7 + 0.1 * rng.normal()),
                 "discriminator/adversarial": float(0.6 + 0.08 * rng.normal())}  # fmt: skip
        validation = {"generator/l1": float(l1 * 1.15 + 0.01)} if step % 5 == 0 else {}
        lines.append(TrainingLine(images_seen=step * 400, train=terms, validation=validation))
    return lines


def write_evaluation(run: Path, generators: tuple[str, ...], baselines: tuple[str, ...], pictures: bool) -> None:
    folder = evaluation_folder(run)
    RequirementList(protocol="mri", requirements=tuple(requirements(generators))).write(folder / "requirements.json")
    VerdictList(verdicts=tuple(verdict(name) for name in generators)).write(folder / "verdict.json")
    if baselines:
        ComparisonList(comparisons=tuple(comparisons(generators, baselines[0]))).write(folder / "comparisons.json")
    for i, name in enumerate(generators + baselines):
        cases = tuple(f"{case}_{name}" for case in TEST_CASES)
        CaseSelection(
            of=name, metric="mae", title="Mean absolute error", unit="arbitrary", better=Better.LOWER,
            best=cases[:2], median=cases[2:3], worst=cases[4:6],
            values={case: 30.0 + 5 * k for k, case in enumerate(cases)},
            rule="One session per subject.", window=WINDOW, window_unit="arbitrary", error_limit=300,
        ).write(evaluation_folder(run, name) / "cases.json")  # fmt: skip
        if name in generators:
            neighbours(name, cases).write(evaluation_folder(run, name) / "neighbours.json")
        if pictures:
            write_pictures(run, name, cases, 0.4 + 0.4 * i, name in generators)


def requirements(generators: tuple[str, ...]) -> list[RequirementStatus]:
    why = "One number hides errors of tissue contrast, the dominant failure in MR synthesis."
    rows = [
        RequirementStatus(
            metric="mae", axis=Axis.FIDELITY, of=name, met=True, source="Dohmen et al. 2024, arXiv:2408.06075",
            statement="Absolute error with an interval, inside the brain", why=why, reason="6 cases of 6 subjects",
        )
        for name in generators
    ]  # fmt: skip
    rows.append(
        RequirementStatus(
            metric="dice", axis=Axis.FAILURE, of="".join(generators[:1]), met=False,
            source="doi:10.1038/s41592-023-02151-z",
            statement="Structures keep their size and place", why="Smooth images can lose a structure.",
            reason="the cohort has no label maps",
        )
    )  # fmt: skip
    return rows


def verdict(name: str) -> Verdict:
    return Verdict(
        of=name, rung=1, rung_title="Fidelity only", level="1, technical quality",
        missing=("structure and failure checks", "external data"),
        text="The images resemble their references; whether structures are kept was not shown.",
    )  # fmt: skip


def comparisons(generators: tuple[str, ...], against: str) -> list[Comparison]:
    return [
        Comparison(
            metric="mae", of=name, against=against, difference=-11.2, n=6, subjects=6, unit="arbitrary",
            better=Better.LOWER, interval=Interval(low=-14.9, high=-7.8, method=METHOD), p=0.004,
            correction="Holm over 4 comparisons",
        )
        for name in generators[:1]
    ]  # fmt: skip


def neighbours(name: str, cases: tuple[str, ...]) -> NeighbourList:
    entries = tuple(
        NearestReal(
            synthetic=case, threshold=2.0,
            nearest=(Neighbour(case=f"{SUBJECTS[k]}_ses-1", subject=SUBJECTS[k], distance=1.9 + 0.4 * k),),
        )
        for k, case in enumerate(cases[:4])
    )  # fmt: skip
    return NeighbourList(
        of=name, distance="Euclidean distance in the local-texture embedding", searched=(6, 20), entries=entries
    )


def write_pictures(run: Path, name: str, cases: tuple[str, ...], blur: float, neighbour: bool) -> None:
    scale = Geometry(spacing_mm=(2.0, 2.0, 2.0))
    for i, case in enumerate(cases):  # every case that is shown somewhere
        t1, t2 = (Image(brain(i, contrast), scale) for contrast in ("t1", "t2"))
        rng = np.random.default_rng(i)
        made = t2.with_pixels(t2.pixels * (1 - 0.06 * blur) + blur * 40 * rng.normal(size=t2.pixels.shape))
        drawn = {
            "source": picture(t1, WINDOW), "synthetic": picture(made, WINDOW, marks={"Synthetic Data": "YES"}),
            "reference": picture(t2, WINDOW), "error": error_picture(made, t2, 300),
        }  # fmt: skip
        if neighbour:
            drawn["neighbour"] = picture(Image(brain(i + 40, "t2"), scale), WINDOW)
        for role, png in drawn.items():
            path = picture_path(run, name, case, role)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png)
    rows = {
        f"{what} T2": [Image(brain(k + at, "t2"), scale) for k in range(6)]
        for what, at in (("Synthetic", 0), ("Real", 60))
    }
    (evaluation_folder(run, name) / "grid.png").write_bytes(montage(rows, WINDOW, side=112))


def brain(seed: int, contrast: str) -> np.ndarray:
    """A head of ellipses with the contrast of T1 or T2, as a volume of two slices, 1 x 72 x 88 x 2."""
    rng = np.random.default_rng(seed)
    signal = {"t1": (500, 800, 600, 150), "t2": (300, 450, 650, 950)}[contrast]
    x, y = np.meshgrid(np.linspace(-1, 1, 72), np.linspace(-1, 1, 88), indexing="ij")
    slice_ = np.zeros((72, 88))
    wide = 0.72 + 0.05 * rng.normal()
    for radius, value in zip((0.9, 0.78, 0.6), signal[:3], strict=True):
        slice_[(x / wide) ** 2 + y**2 < radius**2] = value
    for side in (-1, 1):
        slice_[((x - 0.13 * side) / 0.09) ** 2 + ((y + 0.05) / (0.3 + 0.03 * rng.normal())) ** 2 < 1] = signal[3]
    slice_ += 18 * rng.normal(size=slice_.shape)
    return np.repeat(slice_[None, :, :, None], 2, axis=-1)
