"""One question, one file: the study as its author writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from synthassay.records.base import Record
from synthassay.records.vocabulary import Modality

SCHEMA_VERSION = 1

Rule = Literal["given", "subject", "stratified", "site"]


class DataSpec(Record):
    """Where the real images are and how they are split. Exactly one of ``source`` and ``path`` is given."""

    source: str = Field("", description="Name of a known public source or of virtual patients; see `synthassay list`.")
    path: str = Field("", description="Folder, table (.csv, .parquet), .npz or BIDS root, relative to the study file.")
    layout: Literal["auto", "folder", "table", "npz", "bids"] = Field(
        "auto", description="How `path` is laid out; auto looks and says what it found."
    )
    subjects: int = Field(0, ge=0, description="Use at most so many subjects (stratified by split); 0 means all.")
    image: str = Field("", description="Role of the image to synthesise; e.g. t2. Empty: the source's only image.")
    input: str = Field("", description="Role of the image to translate from; e.g. t1.")
    mask: str = Field("", description="Role of the mask inside which to measure; empty: derived from the image.")
    label: str = Field("", description="Column or field that holds the class.")
    subject: str = Field("", description="Column or field that holds the subject.")
    site: str = Field("", description="Column or field that holds the site.")
    split: Rule = Field("subject", description="given: as in the data; subject, stratified (by class) or site.")
    fractions: tuple[float, float, float] = Field((0.7, 0.1, 0.2), description="Train, validation and test shares.")
    external_sites: tuple[str, ...] = Field((), description="Sites kept apart as external data.")
    size: tuple[int, ...] = Field((), description="Resample every picture to this size; empty keeps the size.")
    window: tuple[float, float] | None = Field(
        None, description="Intensities that the generator sees, in the image's unit; e.g. [-1000, 1500] HU."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        _refuse(data_contradictions(self.model_dump()))
        return self


class GeneratorSpec(BaseModel):
    """A generator to train: its family, a name in this study, and the family's own settings beside them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    family: str = Field(description="Architecture; see `synthassay list`.")
    name: str = Field("", pattern=r"^[a-z0-9_-]*$", description="Name in this study; the family's where empty.")

    @property
    def label(self) -> str:
        """The generator's name in tables and folders."""
        return self.name or self.family

    @property
    def settings(self) -> dict[str, Any]:
        """What the author set of the family's own settings."""
        return dict(self.model_extra or {})


class VariantSpec(BaseModel):
    """A set from one trained generator's weights: sampled with other settings, or as it was earlier in training."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9_-]+$", description="Name in this study.")
    of: str = Field(description="Generator of this study whose weights are taken.")
    after: int = Field(
        0, ge=0, description="Take the weights as they were after so many images; 0 takes those of the end."
    )

    @property
    def settings(self) -> dict[str, Any]:
        """What is changed of the generator's settings of sampling."""
        return dict(self.model_extra or {})


class ControlSpec(Record):
    """A set with a known fault: a generator's or baseline's images, damaged on purpose and judged like all others."""

    name: str = Field(pattern=r"^[a-z0-9_-]+$", description="Name in this study.")
    of: str = Field(description="Generator or baseline of this study whose images are damaged.")
    failure: str = Field(description="What is done to them; see `synthassay list failures`.")
    severity: float = Field(gt=0, allow_inf_nan=False, description="How much of it, in the failure's own unit.")
    spacing_mm: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="Size of a pixel that is assumed where the images do not state it."
    )


class SamplingSpec(Record):
    """What is synthesised."""

    per_class: int = Field(200, ge=1, description="Synthetic images per class (label-conditioned tasks).")
    per_case: int = Field(1, ge=1, description="Synthetic images per training case (tasks from label maps).")
    deformation_mm: float = Field(
        3.0, ge=0, description="How far label maps are bent: 95th percentile of the displacement, in mm."
    )
    patch: tuple[int, ...] = Field(
        (), description="Size of the patches that generators with neighbours = 0 see of volumes too large for memory."
    )
    overlap: float = Field(
        0.5, ge=0, lt=1, description="Least share of a patch's side in common with the next, where they are blended."
    )
    split: Literal["validation", "test", "external"] = Field(
        "test", description="Whose sources are translated or denoised (image-conditioned tasks)."
    )
    format: Literal["auto", "png", "nifti", "dicom"] = Field("auto", description="File format of synthetic images.")


class EvaluationSpec(Record):
    """How the synthetic images are judged."""

    protocol: str = Field("", description="Protocol; the modality's own where empty.")
    bootstrap: int = Field(1000, ge=200, description="Subject-clustered bootstrap draws.")
    augmentation_ratio: float = Field(1.0, gt=0, description="Synthetic images added per real training image.")
    embedding: str = Field(
        "",
        description="Embedding of measures of sets: radiomic, in_domain, or weights:PATH of an encoder's card; the "
        "protocol's default where empty.",
    )
    embedding_steps: int = Field(0, ge=0, description="Training steps of in_domain; 0 for its own number.")
    classifier_repeats: int = Field(3, ge=1, description="Trainings per arm of the utility measures.")
    classifier_steps: int = Field(0, ge=0, description="Steps of each such training; 0 lets the images' size decide.")
    segmenter_steps: int = Field(
        0,
        ge=0,
        description="Steps of the segmenter that draws structures on synthetic images; 0 lets their size decide.",
    )
    inserted_lesions: int = Field(
        2, ge=0, description="Places per case where lesions are added before denoising CT, to see whether they last."
    )


class ClassificationSpec(Record):
    """What classifiers are trained to see whether synthetic images help; absent: only those of the plain measures."""

    network: Literal["convnet", "features"] = Field(
        "convnet",
        description="convnet: a MONAI ResNet on pixels. features: logistic regression on the radiomic embedding, "
        "in seconds.",
    )
    fractions: tuple[float, ...] = Field(
        (0.01, 0.05, 0.1, 0.25, 1.0), min_length=1, description="Shares of the real training patients to train on."
    )
    ratios: tuple[float, ...] = Field(
        (1.0, 0.25, 0.5, 2.0, 4.0),
        min_length=1,
        description="Synthetic images per real one. The first is tried with every share, the others with the smallest "
        "and the largest.",
    )
    repeats: int = Field(3, ge=1, description="Trainings per arm, each with other patients, weights and batches.")
    steps: int = Field(200, ge=2, description="Optimiser steps of every training.")
    classical: bool = Field(True, description="Whether gain over classical augmentation is measured too.")
    pretrain: bool = Field(True, description="Whether training on synthetic first, then on real, is measured too.")
    rare: bool = Field(True, description="Whether adding only images of the rarest class is measured too.")
    choose: bool = Field(True, description="Whether choosing among the synthetic images is measured too.")
    margin: float = Field(0.02, gt=0, lt=0.5, description="Largest loss of AUC that would not matter.")
    sensitivity: float = Field(
        0.95, gt=0, lt=1, description="Sensitivity that the operating point has on real validation patients."
    )

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if not all(0 < share <= 1 for share in self.fractions) or not all(ratio > 0 for ratio in self.ratios):
            raise ValueError("fractions must lie above 0 and at most at 1, and ratios above 0")
        return self


class SegmentationSpec(Record):
    """What segmenters are trained to see whether synthetic images with label maps help; absent: none are trained."""

    fractions: tuple[float, ...] = Field(
        (0.05, 0.25, 1.0), min_length=1, description="Shares of the real training patients to train on."
    )
    ratios: tuple[float, ...] = Field((1.0,), min_length=1, description="Synthetic images per real one.")
    repeats: int = Field(2, ge=1, description="Trainings per arm, each with other patients and weights.")
    steps: int = Field(400, ge=2, description="Optimiser steps of every training.")
    classical: bool = Field(True, description="Whether gain over classical augmentation is measured too.")
    pretrain: bool = Field(True, description="Whether training on synthetic first, then on real, is measured too.")
    margin: float = Field(0.02, gt=0, lt=1, description="Largest loss of Dice that would not matter.")

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if not all(0 < share <= 1 for share in self.fractions) or not all(ratio > 0 for ratio in self.ratios):
            raise ValueError("fractions must lie above 0 and at most at 1, and ratios above 0")
        return self


class LeakageSpec(Record):
    """What is asked of the generators themselves, to see what they give away; absent: nothing."""

    losses: bool = Field(
        False, description="Whether each generator's loss on single real images is written and judged."
    )
    draws: int = Field(8, ge=1, le=1000, description="Draws of noise per image, the same for all images.")


class DenoiseSpec(Record):
    """How low dose is simulated from routine-dose CT."""

    dose_fraction: float = Field(0.25, gt=0, lt=1, description="Dose relative to the routine-dose image.")


class SuperResolveSpec(Record):
    """How low resolution is made from the real images."""

    direction: Literal["in-plane", "through-plane"] = Field(
        "in-plane", description="Along rows and columns of each slice, or along z: thick slices."
    )
    factor: int = Field(2, ge=2, le=8, description="How many fine pixels make one coarse pixel, per coarse direction.")
    degradation: Literal["average", "fourier"] = Field(
        "average",
        description="average: the mean over each coarse pixel, as detectors and thick slices have it. fourier: only "
        "the low spatial frequencies are kept, as in MR with fewer phase-encoding steps.",
    )


class InpaintSpec(Record):
    """What is taken out of the real images, to be filled again."""

    hole: Literal["ellipsoid", "lesion"] = Field(
        "ellipsoid",
        description="ellipsoid: at a random place inside the subject, with the real image as known answer. lesion: "
        "the patient's own lesion, which no real image without it can judge.",
    )
    share: float = Field(0.3, gt=0, le=0.8, description="Width of an ellipsoid relative to the subject's, per axis.")
    per_case: int = Field(4, ge=1, description="Holes per training case that are learnt from.")


class DomainsSpec(Record):
    """Which appearances unpaired tasks go between."""

    by: Literal["site", "scanner", "label"] = Field("site", description="What tells the appearance of a case.")
    to: str = Field("", description="The appearance aimed at; e.g. the name of a site.")


class ExternalSpec(Record):
    """Real images from elsewhere: what was learnt translates their input, and their image judges it; never learnt from.

    Exactly one of ``source`` and ``path`` is given; window and units are the study's own.
    """

    source: str = Field("", description="Name of a known public source or of virtual patients; see `synthassay list`.")
    path: str = Field("", description="Folder, table (.csv, .parquet), .npz or BIDS root, relative to the study file.")
    layout: Literal["auto", "folder", "table", "npz", "bids"] = Field("auto", description="How `path` is laid out.")
    subjects: int = Field(0, ge=0, description="Use at most so many subjects; 0 means all.")
    input: str = Field("", description="Role that stands for [data] input; the same name where empty.")
    image: str = Field("", description="Role that stands for [data] image; the same name where empty.")
    mask: str = Field("", description="Role of the mask inside which to measure; empty: derived from the input.")
    subject: str = Field("", description="Column or field that holds the subject.")
    spacing: Literal["given", "study"] = Field(
        "given",
        description="given: as the images are, which must then be the study's. study: resampled to the study's.",
    )
    note: str = Field("", description="What a reader must know of these images; printed beside what they show.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        _refuse(data_contradictions({"source": self.source, "path": self.path}))
        return self


class StudySpec(Record):
    """One study. Every field of the file is here; unknown names are faults."""

    schema_version: int = Field(SCHEMA_VERSION, description="Version of this file's format.")
    title: str = Field(min_length=3, description="Shown on top of the report.")
    question: str = Field(min_length=10, description="What the study asks, as one sentence.")
    modality: Modality = Field(description="mri, ct, xray or pathology.")
    task: str = Field(description="Such as augment, translate, denoise or inpaint; see `synthassay list tasks`.")
    seed: int = Field(20260101, ge=0, description="Root of every random number.")
    intended_use: str = Field("", description="What the images are for; printed with the verdict.")
    data: DataSpec
    generators: tuple[GeneratorSpec, ...] = Field((), description="Generators to train, judged side by side.")
    variants: tuple[VariantSpec, ...] = Field(
        (), description="Further sets from the generators' weights: other sampling, or an earlier moment of training."
    )
    baselines: tuple[str, ...] | None = Field(None, description="Classical baselines; the task's own where absent.")
    controls: tuple[ControlSpec, ...] = Field((), description="Sets with a known fault, made of others' images.")
    sampling: SamplingSpec = SamplingSpec()
    evaluation: EvaluationSpec = EvaluationSpec()
    denoise: DenoiseSpec = DenoiseSpec()
    super_resolve: SuperResolveSpec = SuperResolveSpec()
    inpaint: InpaintSpec = InpaintSpec()
    domains: DomainsSpec = DomainsSpec()
    external: ExternalSpec | None = Field(
        None, description="Real images from elsewhere as an external check; none where the table is absent."
    )
    classification: ClassificationSpec | None = Field(
        None, description="Classifiers to train for measuring utility; absent: those of the plain measures alone."
    )
    segmentation: SegmentationSpec | None = Field(
        None, description="Segmenters trained to measure utility; none are where the table is absent."
    )

    leakage: LeakageSpec | None = Field(
        None, description="What generators themselves give away; not looked for where the table is absent."
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        _refuse(study_contradictions(self.model_dump()))
        return self


def data_contradictions(table: Mapping[str, Any]) -> list[str]:
    """What in a ``[data]`` table contradicts itself; fields of a wrong type are left to their own faults."""
    found = []
    if bool(table.get("source")) == bool(table.get("path")):
        found.append("give either `source` (a known source) or `path` (your files), not both and not neither")
    fractions = _numbers(table.get("fractions", (1.0, 0.0, 0.0)))
    if fractions is not None and (abs(sum(fractions) - 1) > 1e-6 or min(fractions, default=0) < 0):
        found.append("fractions must be three numbers of at least 0 that add up to 1")
    window = _numbers(table.get("window") or ())
    if window is not None and len(window) == 2 and window[0] >= window[1]:
        found.append("window must be [low, high] with low < high")
    return found


def study_contradictions(table: Mapping[str, Any]) -> list[str]:
    """What in a whole study contradicts itself; fields of a wrong type are left to their own faults."""
    generators = [g for g in table.get("generators") or () if isinstance(g, Mapping)]
    baselines = table.get("baselines")
    names = [str(g.get("name") or g.get("family", "")) for g in generators] + [str(b) for b in baselines or ()]
    found = [
        f"two generators are called {name}; give each its own `name`"
        for name in sorted({name for name in names if name and names.count(name) > 1})
    ]
    if not generators and baselines is not None and not len(baselines):
        found.append("nothing to judge: name at least one generator or baseline")
    sampling = table.get("sampling") or {}
    if isinstance(sampling, Mapping) and sampling.get("patch") and all(g.get("neighbours") != 0 for g in generators):
        found.append("[sampling] patch is for generators with neighbours = 0, and there is none")
    return found


def _numbers(value: Any) -> list[float] | None:
    if not isinstance(value, list | tuple) or any(isinstance(v, bool) or not isinstance(v, int | float) for v in value):
        return None
    return [float(v) for v in value]


def _refuse(contradictions: list[str]) -> None:
    if contradictions:
        raise ValueError("; ".join(contradictions))
