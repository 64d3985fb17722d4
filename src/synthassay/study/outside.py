"""Judging images that no generator of ours made: folders and a protocol are enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import synthassay
from synthassay.data.dose_folder import dose_set
from synthassay.data.image_set import ImageSet
from synthassay.data.npz.archive import Archive, ArrayCache
from synthassay.data.outside import folder_image_set
from synthassay.errors import DataError, did_you_mean
from synthassay.evaluate.dose.calibration import read_curve
from synthassay.evaluate.evidence import Evidence, Options, subjects_of
from synthassay.evaluate.features.choose import embedding_called, identity_of
from synthassay.images.formats import looks_like_image, read_image
from synthassay.protocols import PROTOCOLS, Protocol
from synthassay.records.base import fingerprint, sha256_of, write_lines
from synthassay.records.comparison import JUDGED, JudgedCases
from synthassay.records.evaluation import evaluation_folder
from synthassay.records.vocabulary import Role, Split, TaskName, Unit
from synthassay.study.console import Voice
from synthassay.study.evaluation import MEASUREMENTS, judge
from synthassay.study.outside_drawings import drawings
from synthassay.study.outside_losses import losses_of_sets, read_losses
from synthassay.study.run_folder import RunFolder
from synthassay.study.verdict import write_verdicts

OF = "synthetic"


@dataclass(frozen=True)
class OutsideImages:
    """Where the images lie, and what cannot be read off them.

    Attributes:
        real: Images kept from training: the references where ``paired``, else the test set.
        training: What the generator learnt from; without it, leakage and utility are not measured.
        external: Real images from elsewhere.
        masks: Where to measure, one per real image.
        paired: Whether each synthetic image has a real one of the same name; found out where None.
        task: ``augment``, ``translate`` or ``denoise``: whose requirements hold; by whether the images are pairs (then
            ``translate``) where empty.
        unit: What pixel values are in, where the files do not prove it.
        data_range: Lowest and highest possible value, where neither protocol nor pixel type states it.
        embedding: Embedding of measures of sets; the protocol's own where empty.
        mpp: Micrometres per pixel of tiles whose files do not state them; sizes of nuclei are not measured without.
        structures: Label maps, one per real image; ``structures.json`` beside them gives names: ``{"1": "PTV"}``.
        structures_synthetic: Label maps of the synthetic images, named like them.
        structures_training: Label maps of training images, which a segmenter learns from where none are given for the
            synthetic ones.
        lesions: Lesions, one file per real image, empty where the patient has none; ``lesions_synthetic`` likewise.
        dose_real: Doses of the plans on the real images, named like them; ``dose_synthetic`` on the synthetic ones.
        prescription_gy: Dose that the plans prescribe.
        density_curve: CSV of CT number and relative electron density of the scanner.
        losses: CSV or JSON lines: image and the generator's loss on it, of every training and every real image.
    """

    protocol: str
    real: Path
    synthetic: Path
    training: Path | None = None
    external: Path | None = None
    masks: Path | None = None
    paired: bool | None = None
    unit: str = ""
    data_range: tuple[float, float] | None = None
    embedding: str = ""
    bootstrap: int = 1000
    seed: int = 20260101
    structures: Path | None = None
    structures_synthetic: Path | None = None
    structures_training: Path | None = None
    lesions: Path | None = None
    lesions_synthetic: Path | None = None
    dose_real: Path | None = None
    dose_synthetic: Path | None = None
    prescription_gy: float | None = None
    density_curve: Path | None = None
    mpp: float | None = None
    task: str = ""
    losses: Path | None = None


def evaluate_outside(images: OutsideImages, out: Path, voice: Voice) -> Path:
    """Judge folders of images by a protocol; the same command again resumes.

    Args:
        images: Where they lie.
        out: Run folder to write.
        voice: Speaks to whoever runs it.

    Returns:
        The run folder, from which ``synthassay report`` makes the report.

    Raises:
        UnknownName: The protocol has no such name.
        DataError: Images cannot be read, contradict each other, or do not have the protocol's unit.
    """
    protocol = PROTOCOLS.get(images.protocol)
    embedding_called(images.embedding or protocol.embedding)  # a wrong name or file is said before any image is read
    folder = RunFolder(out)
    with folder.alone():
        evidence = outside_evidence(images, protocol)
        given = {key: str(value) for key, value in asdict(images).items()}
        given["embedding"] = identity_of(images.embedding)
        inputs = {**given, "bytes": _bytes(images), "software": synthassay.__version__}
        rows = judge(folder, OF, inputs, lambda: evidence, voice)
        place = evaluation_folder(folder.path)
        write_verdicts(place, protocol, evidence.task, rows)
        _judged_cases(evidence, images.real).write(place / JUDGED)
        write_lines(folder.path / MEASUREMENTS, rows)
    voice.panel("judged", {"run folder": str(out)}, next_command=f"synthassay report {out}")
    return out


def outside_evidence(images: OutsideImages, protocol: Protocol) -> Evidence:
    """Gather the evidence from folders, pairing images by name where there are pairs."""
    modality, unit = protocol.modality, _unit(images.unit)
    losses = () if images.losses is None else read_losses(images.losses)  # before any image is read

    def read(name: str, folder: Path | None, role: str = Role.IMAGE) -> ImageSet | None:
        if folder is None:
            return None
        return folder_image_set(name, folder, modality, role=role, unit=unit, mpp=images.mpp)

    synthetic, real = read("synthetic", images.synthetic), read("test", images.real)
    assert synthetic is not None
    assert real is not None
    reference = _references(synthetic, real, images.paired)
    if reference is not None:
        synthetic = _owned(synthetic, reference)
    training = read("training", images.training)
    folders = {Split.TRAIN: images.training, Split.TEST: images.real}
    doses, synthetic_doses = _doses(images, reference, synthetic)
    return Evidence(
        of=OF,
        protocol=protocol,
        task=_task(images.task, paired=reference is not None),
        synthetic=synthetic,
        test=real,
        reference=reference,
        doses=doses,
        synthetic_doses=synthetic_doses,
        prescription_gy=images.prescription_gy,
        density_curve=() if images.density_curve is None else read_curve(images.density_curve),
        training=training,
        external=read("external", images.external),
        case_losses=losses_of_sets(losses, training, real, folders) if losses else None,
        data_range=images.data_range or protocol.data_range or _type_range(images.real),
        seed=images.seed,
        options=Options(bootstrap=images.bootstrap, embedding=images.embedding),
        **drawings(images, synthetic, reference, read),
    )


def _doses(
    images: OutsideImages, reference: ImageSet | None, synthetic: ImageSet
) -> tuple[ImageSet | None, ImageSet | None]:
    """The doses on the real and on the synthetic images, on the grid of each."""
    if images.dose_real is None and images.dose_synthetic is None:
        return None, None
    if images.dose_real is None or images.dose_synthetic is None or reference is None:
        raise DataError(
            "--dose-real and --dose-synthetic",
            "are compared pair by pair: both are needed, and a real image of the same name for each synthetic one",
        )
    return dose_set("doses", images.dose_real, reference), dose_set("synthetic doses", images.dose_synthetic, synthetic)


def _task(word: str, *, paired: bool) -> str:
    """The task whose requirements hold: as named, else by whether the images are pairs."""
    known = [name.value for name in TaskName]
    if word and word not in known:
        raise DataError("--task", "is not a known task", value=word, remedy=did_you_mean(word, known))
    if word and TaskName(word).pairs not in (None, paired):
        kind = "pairs" if paired else "not pairs"
        raise DataError(
            "--task", f"does not fit images that are {kind}", value=word, remedy="Say --paired or --no-paired."
        )
    return word or (TaskName.TRANSLATE if paired else TaskName.AUGMENT).value


def _unit(word: str) -> Unit | None:
    if not word:
        return None
    try:
        return Unit(word)
    except ValueError:
        raise DataError("--unit", "is not a known unit", value=word, remedy=did_you_mean(word, Unit)) from None


def _references(synthetic: ImageSet, real: ImageSet, paired: bool | None) -> ImageSet | None:
    """The real image of each synthetic one, or None where they are not pairs."""
    if paired is False:
        return None
    at = {entry.case: i for i, entry in enumerate(real.entries)}
    wanted = [entry.reference_case or entry.case for entry in synthetic.entries]
    lacking = [case for case in wanted if case not in at]
    if not lacking:
        return ImageSet("reference", real.subset([at[case] for case in wanted]).entries)
    if paired is None:
        return None
    raise DataError(
        str(real.name),
        f"{len(lacking)} of {len(wanted)} synthetic images have no real image of the same name",
        value=", ".join(lacking[:5]),
        remedy="Name both alike, or leave --paired out to compare the sets as wholes.",
    )


def _owned(synthetic: ImageSet, reference: ImageSet) -> ImageSet:
    """Synthetic images with the subject of their reference, so that intervals cluster by patient."""
    pairs = zip(synthetic.entries, reference.entries, strict=True)
    return ImageSet(synthetic.name, tuple(replace(one, subject=real.subject) for one, real in pairs))


def _type_range(place: Path) -> tuple[float, float] | None:
    """The range of an 8-bit pixel type: what the file can hold, not what these images happen to hold."""
    kind = _stored_type(place)
    return (0.0, 255.0) if kind == np.uint8 else None


def _stored_type(place: Path) -> np.dtype | None:
    if place.suffix == ".npz":
        archive = Archive(place, ArrayCache(0))
        return next((kind for shape, kind in archive.headers.values() if len(shape) >= 3), None)
    files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    first = next((path for path in files if looks_like_image(path)), None)
    return None if first is None else read_image(first).pixels.dtype


def _judged_cases(evidence: Evidence, real: Path) -> JudgedCases:
    """On which patients the images were judged, so that two runs on the same patients can be compared."""
    reference = evidence.reference
    references = {} if reference is None else dict(zip(evidence.synthetic.cases, reference.cases, strict=True))
    subjects = {} if reference is None else dict(zip(reference.cases, subjects_of(reference), strict=True))
    return JudgedCases(real_sha256=fingerprint(_hashes(real)), references=references, subjects=subjects)


def _bytes(images: OutsideImages) -> str:
    """Fingerprint of every file that is judged, so that changed images are judged again."""
    folders: Sequence[Path | None] = (
        images.real, images.synthetic, images.training, images.external, images.masks,
        images.structures, images.structures_synthetic, images.structures_training, images.lesions,
        images.lesions_synthetic, images.dose_real, images.dose_synthetic, images.density_curve,
        images.losses,
    )  # fmt: skip
    return fingerprint({str(folder): _hashes(folder) for folder in folders if folder is not None})


def _hashes(folder: Path) -> dict[str, str]:
    files = [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): sha256_of(p) for p in files}
