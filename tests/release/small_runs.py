"""Small run folders, written from the records as a study writes them, for three modalities."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from synthassay.images.formats import write_image
from synthassay.images.image import Geometry, Image
from synthassay.images.labelling import SyntheticLabel
from synthassay.images.verify import sha256_of_image
from synthassay.records.base import fingerprint, sha256_of, write_lines
from synthassay.records.cohort import Case, Cohort, Locator
from synthassay.records.lock import Lock, StageRecord
from synthassay.records.manifest import DrawnFile, Manifest, SyntheticImage
from synthassay.records.measurement import Interval, Measurement
from synthassay.records.vocabulary import Axis, Better, Modality, Split, Unit

SUBJECTS = tuple(f"HOSP-{4711 + 13 * i}" for i in range(30))
SOFTWARE = "synthassay 0.1.0"
STUDY = """\
title = "{title}"
question = "What are these few images worth to anybody?"
modality = "{modality}"
task = "{task}"
intended_use = "trying the release"
[data]
path = "table.csv"
{roles}
[[generators]]
family = "{family}"
"""
KINDS = {
    "xray": (Modality.XRAY, "augment", "vae", "png", Unit.ARBITRARY, ""),
    "ct": (Modality.CT, "denoise", "pgan", "dicom", Unit.HU, ""),
    "mri": (Modality.MRI, "translate", "pgan", "nifti", Unit.ARBITRARY, 'input = "t1"\nimage = "t2"'),
}
SUFFIX = {"png": ".png", "nifti": ".nii.gz", "dicom": ""}


def small_image(kind: str, i: int) -> Image:
    rng = np.random.default_rng(i)
    if kind == "xray":
        return Image(rng.integers(0, 256, (1, 12, 10)).astype(np.uint8), Geometry(spacing_mm=(0.2, 0.2)))
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    affine[:3, 3] = [-11.0, -13.0, 40.0 + i]
    if kind == "ct":
        return Image(rng.integers(-1000, 1500, (1, 7, 6, 3)).astype(np.int16), Geometry.from_affine(affine), Unit.HU)
    return Image(rng.random((1, 7, 6, 3)).astype(np.float32) * 900, Geometry.from_affine(affine))


def rows(of: str, *, copied: float = 0.0, subjects: int = 30) -> tuple[Measurement, ...]:
    """What was measured: a likeness, and the leakage that the protocols ask for."""

    def row(metric: str, axis: Axis, value: float, low: float, high: float) -> Measurement:
        return Measurement(
            metric=metric,
            title=metric.replace("_", " ").capitalize(),
            axis=axis,
            of=of,
            value=value,
            interval=Interval(low=low, high=high, method="subject-clustered bootstrap"),
            n=40,
            subjects=subjects,
            unit="1",
            better=Better.LOWER,
            per_case={"HOSP-4711_img": value},
            settings={"nearest": "HOSP-4711"},
            source="doi:10.0000/none",
        )

    return (
        row("ssim", Axis.FIDELITY, 0.8, 0.7, 0.9),
        row("nearest_training_ratio", Axis.LEAKAGE, 1.01, 0.97, 1.04),
        row("copied_images", Axis.LEAKAGE, copied, copied, copied + 0.1),
    )


def write_run(
    folder: Path,
    kind: str = "xray",
    *,
    images: int = 3,
    drawn: bool = False,
    named: tuple[str, ...] = SUBJECTS,
    **measured: float,
) -> Path:
    """Write a run of one generator; ``measured`` as in ``rows``; with ``subjects=0`` nothing was measured."""
    modality, task, of, file_format, unit, roles = KINDS[kind]
    folder.mkdir(parents=True)
    title = f"Small {kind} study"
    text = STUDY.format(title=title, modality=modality, task=task, family=of, roles=roles)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    cohort = _cohort(unit, named)
    cohort.write(folder / "cohort.json")
    lock = Lock(
        software=SOFTWARE, python="3.12", platform="Linux", device="cpu", threads=1, seed=7, packages={},
        command="synthassay run", git="abc1234",
    )  # fmt: skip
    lock.write(folder / "lock.json")
    place = folder / "synthetic" / of
    entries = tuple(_entry(place, kind, i, cohort.cases[i], title, drawn) for i in range(images))
    Manifest(
        study=title,
        generator=of,
        family=of,
        software=SOFTWARE,
        weights_sha256="ab" * 32,
        training_subjects_sha256="cd" * 32,
        format=file_format,
        unit=unit.value,
        images=entries,
    ).write(place / "manifest.json")
    outputs = ["cohort.json", f"synthetic/{of}/manifest.json"]
    if measured.get("subjects") != 0:
        write_lines(folder / "measurements.jsonl", rows(of, **measured))  # type: ignore[arg-type]
        outputs.append("measurements.jsonl")
    for i, name in enumerate(outputs):
        hashes = {name: sha256_of(folder / name)}
        StageRecord(stage=f"stage-{i}", fingerprint=fingerprint(i), outputs=hashes).write(
            folder / "stages" / f"stage-{i}.json"
        )
    return folder


def _cohort(unit: Unit, named: tuple[str, ...]) -> Cohort:
    cases = tuple(
        Case(case=f"{subject}_img", subject=subject, images={"image": Locator(path=f"in/{subject}/t2.nii.gz")})
        for subject in named
    )
    split = {s: Split.TRAIN if i >= 10 else Split.TEST for i, s in enumerate(named)}
    return Cohort(
        root="/secret/place/of/data", source="table.csv", cases=cases, split=split, split_rule="subject",
        unit=unit.value, licence="CC BY 4.0", citation="Somebody (2020)", notes=("HOSP-4711 moved.",),
    )  # fmt: skip


def _entry(place: Path, kind: str, i: int, shown: Case, title: str, drawn: bool) -> SyntheticImage:
    modality, _, of, file_format, *_ = KINDS[kind]
    paired = kind != "xray"
    case = f"syn-{shown.case}" if paired else f"syn-normal-{i:05d}"
    label = SyntheticLabel(title, of, SOFTWARE, 1000 + i, case, "ab" * 32, modality)
    relative = f"images/{case}{SUFFIX[file_format]}"
    path = write_image(place / relative, small_image(kind, i), label, file_format=file_format)
    return SyntheticImage(
        case=case,
        path=relative,
        sha256=sha256_of_image(path),
        seed=1000 + i,
        condition={"source": shown.case} if paired else {"label": "normal"},
        label="" if paired else "normal",
        source_subjects=(shown.subject,) if paired else (),
        reference_case=shown.case if paired else "",
        structures=_drawing(place, case, i, label) if drawn else None,
    )


def _drawing(place: Path, case: str, i: int, label: SyntheticLabel) -> DrawnFile:
    relative = f"structures/{case}.nii.gz"
    image = small_image("mri", i)
    labels = Image((image.pixels > 450).astype(np.uint8), image.geometry, Unit.LABEL)
    path = write_image(place / relative, labels, label, file_format="nifti")
    return DrawnFile(path=relative, sha256=sha256_of_image(path))
