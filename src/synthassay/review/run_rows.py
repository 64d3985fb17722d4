"""A run of this package as rows of a review: its records already hold what a review extracts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from synthassay.errors import DataError
from synthassay.records.base import sha256_of
from synthassay.records.extraction import DatasetType, Design, Extraction, Family, Quote, SynthesisTask, Validation
from synthassay.records.manifest import Manifest
from synthassay.records.measurement import Measurement
from synthassay.records.spec import StudySpec
from synthassay.records.study_file import read_study
from synthassay.records.vocabulary import Axis
from synthassay.review.log import read_log

MEASUREMENTS = "measurements.jsonl"
CLASSICAL = frozenset(
    (
        "affine_augmentation", "bicubic", "biharmonic", "combat", "deformed_real", "harmonic", "histogram_matching",
        "identity", "linear_regression", "macenko", "non_local_means", "probabilistic_pca", "reinhard", "resample_real",
        "smote", "total_variation", "vahadane",
    )
)  # fmt: skip
"""Baselines that learn no network."""
_FAMILIES = (
    (("vae", "gan"), Family.HYBRID),
    (("gan",), Family.GAN),
    (("context_aware",), Family.GAN),
    (("cut",), Family.GAN),
    (("flow",), Family.FLOW),
    (("diffusion",), Family.DIFFUSION),
    (("ddpm",), Family.DIFFUSION),
    (("palette",), Family.DIFFUSION),
    (("pix2pix",), Family.GAN),
    (("edm",), Family.DIFFUSION),
    (("dit",), Family.DIFFUSION),
    (("bridge",), Family.DIFFUSION),
    (("consistency",), Family.DIFFUSION),
    (("mask_conditioned",), Family.DIFFUSION),
    (("vae",), Family.VAE),
    (("autoencoder",), Family.VAE),
)
"""What words of an architecture's name end in, all of a row, and the family that they say; the first row counts."""


def family_of(architecture: str) -> Family | None:
    """Return the family of an architecture by its registered name; None where the name does not say it.

    >>> [family_of(name) for name in ("pgan", "vae_gan", "rectified_flow", "latent_diffusion", "identity", "novel")]
    [<Family.GAN: 'gan'>, <Family.HYBRID: 'hybrid'>, <Family.FLOW: 'flow'>, <Family.DIFFUSION: 'diffusion'>, <Family.CLASSICAL: 'classical'>, None]
    """  # noqa: E501
    if architecture in CLASSICAL:
        return Family.CLASSICAL
    words = (*architecture.split("_"), architecture)
    return next((f for parts, f in _FAMILIES if all(any(w.endswith(part) for w in words) for part in parts)), None)


def rows_of_run(run: Path) -> tuple[Extraction, ...]:
    """Return one row for each set of a run that a network made; baselines are their comparators.

    What the run does not record, such as the anatomy, stays "not extracted".

    Raises:
        DataError: There is no measurement in the folder.
    """
    measurements = [m for m in read_log(run / MEASUREMENTS, Measurement) if m.value is not None]
    if not measurements:
        remedy = "Give the run folder of a study, or of `synthassay evaluate`."
        raise DataError(str(run), f"holds no {MEASUREMENTS} with a value", remedy=remedy)
    study = read_study(run / "study.toml") if (run / "study.toml").is_file() else None
    families = {file.parent.name: Manifest.read(file).family for file in sorted(run.glob("synthetic/*/manifest.json"))}
    if study is not None:
        families = {generator.label: generator.family for generator in study.generators} | families
    spoiled = {control.name for control in study.controls} if study is not None else set()
    sets = [name for name in dict.fromkeys(m.of for m in measurements) if name != "real" and name not in spoiled]
    classical = [name for name in sets if family_of(families.get(name, name)) is Family.CLASSICAL]
    place = f"{MEASUREMENTS}, SHA-256 {sha256_of(run / MEASUREMENTS)[:12]}"
    rows = [
        _row(run.resolve().name, name, families.get(name, ""), [m for m in measurements if m.of == name], study, place)
        for name in sets
        if name not in classical
    ]
    against = ", ".join(classical)
    return tuple(row.model_copy(update={"comparator": against}) if against else row for row in rows)


def _row(
    run: str, name: str, architecture: str, own: list[Measurement], study: StudySpec | None, place: str
) -> Extraction:
    axes = tuple(axis for axis in Axis if any(m.axis is axis for m in own))
    family = family_of(architecture)
    external = any("external" in m.metric or "external" in m.stratum for m in own)
    known = {task.value for task in SynthesisTask}
    return Extraction(
        record=f"run:{run}/{name}",
        study=f"run:{run}",
        design=Design.ORIGINAL,
        modality=(study.modality,) if study else None,
        family=(family,) if family else None,
        task=(SynthesisTask(study.task if study.task in known else "other"),) if study else None,
        dataset=_dataset(study),
        validation=(Validation.HOLDOUT, *((Validation.EXTERNAL,) if external else ())),
        evaluation=axes,
        evidence=tuple(_quotes(axes, own, architecture, study, place)),
        by="synthassay",
    )


def _quotes(
    axes: Iterable[Axis], own: list[Measurement], architecture: str, study: StudySpec | None, place: str
) -> Iterable[Quote]:
    for axis in axes:
        metrics = dict.fromkeys(m.metric for m in own if m.axis is axis)
        yield Quote(field="evaluation", words=f"{axis}: {', '.join(metrics)}"[:200], place=place)
    if study is not None:
        yield Quote(field="modality", words=f"modality = {study.modality}", place="study.toml")
        yield Quote(field="task", words=f"task = {study.task}", place="study.toml")
    if architecture:
        yield Quote(field="family", words=f"family = {architecture}", place="study.toml or manifest.json")


def _dataset(study: StudySpec | None) -> DatasetType | None:
    if study is None or not study.data.source:
        return None
    return DatasetType.VIRTUAL if study.data.source.startswith("phantom:") else DatasetType.PUBLIC
