"""Cases -> labelled, hashed, listed images; killed at any moment it goes on where it was, with the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from pydantic import ValidationError
from torch import Tensor

import synthassay
from synthassay.generators.base import Generator
from synthassay.images.formats import write_image
from synthassay.images.image import Image
from synthassay.images.labelling import SyntheticLabel
from synthassay.images.verify import sha256_of_image
from synthassay.networks.batch import Batch
from synthassay.randomness import derive
from synthassay.records.base import disk_problem, write_text
from synthassay.records.manifest import DrawnFile, Manifest, SyntheticImage
from synthassay.records.vocabulary import Modality, Unit
from synthassay.tasks.base import Request, Task

PICTURES_AT_A_TIME = 32  # fixed, because the last bits of a convolution may depend on the batch's size
SLICES_AT_A_TIME = 16
FREE = ("label", "nothing")  # what images are conditioned on where many may be made at once

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Made:
    """One synthetic image, ready to be written.

    Attributes:
        request: What was asked for.
        shown: Subjects whose pixels or condition it shows; empty for those that the request names.
        drawing: The label map that it shows; None where it has none.
    """

    request: Request
    image: Image
    shown: tuple[str, ...] = ()
    drawing: Image | None = None


@dataclass(frozen=True)
class Origin:
    """Which weights made the images, and from whom they were learnt.

    Attributes:
        study: Title of the study.
        generator: The generator's name in the study; ``family`` its architecture.
        weights_sha256: Hash of the weight file.
        training_subjects_sha256: Hash of the sorted training subjects.
        modality: What the images imitate.
    """

    study: str
    generator: str
    family: str
    weights_sha256: str
    training_subjects_sha256: str
    modality: Modality


def synthesise(
    task: Task,
    model: Generator,
    origin: Origin,
    folder: Path,
    *,
    file_format: str = "auto",
    progress: Progress | None = None,
    requests: Sequence[Request] | None = None,
) -> Manifest:
    """Make every image that the task requests, or those that an earlier, killed run did not finish.

    Args:
        task: Says what to make and turns samples into images of physical units and geometry.
        model: Trained generator, in evaluation mode.
        origin: Provenance that every image carries.
        folder: Where images and ``manifest.json`` go.
        file_format: ``png``, ``nifti``, ``dicom``, or ``auto``: PNG for pictures, NIfTI for volumes.
        progress: Called with images made and images in all.
        requests: What to make instead of the task's own requests.

    Returns:
        The manifest, as written.

    Raises:
        RunError: The disk is full or the folder cannot be written; what was made stays and is taken up again.
    """
    requests = task.requests() if requests is None else requests
    groups = _groups(requests, task)
    return write_set(requests, groups, lambda group: _images(task, model, group), origin, folder, file_format, progress)


def write_set(
    requests: Sequence[Request],
    groups: Iterable[list[Request]],
    make: Callable[[list[Request]], Iterator[Made]],
    origin: Origin,
    folder: Path,
    file_format: str = "auto",
    progress: Progress | None = None,
) -> Manifest:
    """Write a set of synthetic images, marked, hashed and listed; what an earlier, killed run wrote is kept.

    Args:
        requests: All images of the set, in the manifest's order.
        groups: The same requests, as they are made together.
        make: Makes the images of a group; not called for a group that is there already.
        origin: Provenance that every image carries.
        folder: Where images and ``manifest.json`` go.
        file_format: As in ``synthesise``.
        progress: Called with images made and images in all.

    Raises:
        RunError: The disk is full or the folder cannot be written; what was made stays and is taken up again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ledger = folder / "made.jsonl"
    done = _intact(ledger, folder)
    unit, chosen = "", file_format
    for group in groups:
        if all(request.case in done for request in group):
            continue
        for made in make(group):
            chosen = _format_for(made.image, file_format)
            unit = made.image.unit.value
            entry = _write(made, origin, folder, chosen)
            done[entry.case] = entry
            _append(ledger, entry, chosen, unit)
            if progress is not None:
                progress(len(done), len(requests))
    chosen, unit = _ledger_facts(ledger, chosen, unit)
    manifest = Manifest(
        study=origin.study,
        generator=origin.generator,
        family=origin.family,
        software=f"synthassay {synthassay.__version__}",
        weights_sha256=origin.weights_sha256,
        training_subjects_sha256=origin.training_subjects_sha256,
        format=chosen,
        unit=unit,
        images=tuple(done[request.case] for request in requests),
    )
    manifest.write(folder / "manifest.json")
    ledger.unlink(missing_ok=True)
    return manifest


def _groups(requests: Sequence[Request], task: Task) -> Iterator[list[Request]]:
    size = PICTURES_AT_A_TIME if task.conditioned_on in FREE else 1
    rest = iter(requests)
    while group := list(islice(rest, size)):
        yield group


def _images(task: Task, model: Generator, group: list[Request]) -> Iterator[Made]:
    """Yield the image of each request, and whose pixels or condition it shows."""
    neighbours = int(getattr(model.settings, "neighbours", 1))
    if task.conditioned_on in FREE:
        labels = [task.condition(request, neighbours).label for request in group]
        condition = Batch(label=torch.cat([label for label in labels if label is not None]))
        rngs = [torch.Generator().manual_seed(request.seed) for request in group]
        samples, origins = _sample(model, condition, rngs)
        for i, request in enumerate(group):
            image = task.image(request, samples[i : i + 1])
            yield Made(request, image, tuple(sorted(set(origins[i]))), task.drawing(request))
        return
    for request in group:
        condition = task.condition(request, neighbours)
        begins = 0 if neighbours == 0 else request.first_slice  # a volume made whole has one seed
        overlap = task.spec.sampling.overlap if neighbours == 0 else 0.0
        pieces: list[Tensor] = []
        for part in condition.split(SLICES_AT_A_TIME):
            first = begins + SLICES_AT_A_TIME * len(pieces)
            rngs = [torch.Generator().manual_seed(derive(request.seed, first + i)) for i in range(len(part))]
            pieces.append(sample_image(model, part, rngs, overlap))
        yield Made(request, task.image(request, torch.cat(pieces)), drawing=task.drawing(request))


def sample_image(model: Generator, condition: Batch, rngs: Sequence[torch.Generator], overlap: float) -> Tensor:
    """Return samples of slices, or of a whole volume; in patches where it is larger than what the model has learnt."""
    source = condition.source
    if source is None or source.ndim < 5 or tuple(source.shape[2:]) == tuple(model.facts.space):
        return _sample(model, condition, rngs)[0]
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    with torch.inference_mode():
        return model.sample_over(condition.to(device), rngs, overlap).float().cpu()


def _sample(
    model: Generator, condition: Batch, rngs: Sequence[torch.Generator]
) -> tuple[Tensor, list[tuple[str, ...]]]:
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    with torch.inference_mode():
        samples, origins = model.sample_with_origin(condition.to(device), rngs)
    return samples.float().cpu(), origins


def _write(made: Made, origin: Origin, folder: Path, file_format: str) -> SyntheticImage:
    request = made.request
    suffix = {"png": ".png", "nifti": ".nii.gz", "tiff": ".tif", "dicom": ""}[file_format]
    relative = f"images/{request.case}{suffix}"
    write_image(folder / relative, made.image, _label(origin, request.case, request.seed), file_format=file_format)
    return SyntheticImage(
        case=request.case,
        path=relative,
        sha256=sha256_of_image(folder / relative),
        seed=request.seed,
        condition=request.condition,
        label=request.label,
        source_subjects=made.shown or request.source_subjects,
        reference_case=request.reference_case,
        structures=None if made.drawing is None else _write_drawing(request, made.drawing, origin, folder),
        lesion=request.lesion,
    )


def _write_drawing(request: Request, drawing: Image, origin: Origin, folder: Path) -> DrawnFile:
    """Write the label map beside the image, marked as the image is; NIfTI, which keeps labels and grid alike."""
    relative = f"structures/{request.case}.nii.gz"
    label = _label(origin, f"{request.case}-structures", request.seed)
    write_image(folder / relative, drawing, label, file_format="nifti")
    return DrawnFile(path=relative, sha256=sha256_of_image(folder / relative))


def _label(origin: Origin, case: str, seed: int) -> SyntheticLabel:
    return SyntheticLabel(
        study=origin.study,
        generator=origin.generator,
        software=f"synthassay {synthassay.__version__}",
        seed=seed,
        case=case,
        weights_sha256=origin.weights_sha256,
        modality=origin.modality,
    )


def _format_for(image: Image, asked: str) -> str:
    if asked != "auto":
        return asked
    return "nifti" if len(image.space) == 3 else "png"


def _append(ledger: Path, entry: SyntheticImage, file_format: str, unit: str) -> None:
    line = json.dumps({"format": file_format, "unit": unit, "image": entry.model_dump(mode="json")})
    try:
        with ledger.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
    except OSError as problem:
        raise disk_problem(ledger, problem) from problem


def _lines(ledger: Path) -> list[dict]:
    if not ledger.is_file():
        return []
    lines = []
    for line in ledger.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            break  # the process was killed while it wrote this line
    return lines


def _intact(ledger: Path, folder: Path) -> dict[str, SyntheticImage]:
    """Images that an earlier run listed and whose files still have their hash."""
    made = {}
    for line in _lines(ledger):
        try:
            entry = SyntheticImage.model_validate(line["image"])
        except (KeyError, ValidationError):
            break
        files = [(folder / file.path, file.sha256) for file in entry.files]
        if all(path.exists() and sha256_of_image(path) == sha256 for path, sha256 in files):
            made[entry.case] = entry
    if ledger.is_file():
        kept = [line for line in _lines(ledger) if line.get("image", {}).get("case") in made]
        write_text(ledger, "".join(json.dumps(line) + "\n" for line in kept))
    return made


def _ledger_facts(ledger: Path, file_format: str, unit: str) -> tuple[str, str]:
    first = next(iter(_lines(ledger)), None)
    if first is None:
        return file_format, unit or Unit.ARBITRARY.value
    return str(first["format"]), str(first["unit"])
