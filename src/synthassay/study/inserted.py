"""Slices that a generator made from sources with lesions added, gathered for the judge with all they compare with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from synthassay.data.image_set import ImageSet
from synthassay.data.lesions import lesion_kinds, lesion_signal, patch_reach
from synthassay.data.outside import folder_image_set
from synthassay.errors import DataError
from synthassay.evaluate.observers.inserted import LesionView
from synthassay.images.image import Image
from synthassay.records.manifest import InsertedLesion, Manifest, SyntheticImage
from synthassay.records.vocabulary import Modality


def inserted_folder(run: Path, generator: str) -> Path:
    """Folder of a generator's slices with lesions."""
    return run / "synthetic" / generator / "inserted"


def inserted_lesions(
    place: Path, ordinary: Mapping[str, ImageSet], modality: Modality
) -> Callable[[], Sequence[LesionView]] | None:
    """Return a reader of all views of a folder of slices with lesions; None where there is no such folder.

    The slice with a lesion is read back from its file. The source and the reference with that lesion are those without
    it plus what the lesion adds, because noise of low dose is added too (``data.lesions``).

    Args:
        place: Folder with ``manifest.json``.
        ordinary: ``synthetic``, ``source`` and ``reference`` images without lesions, aligned, by their name.
        modality: What the images show.
    """
    if not (place / "manifest.json").is_file():
        return None
    return partial(_views, place, dict(ordinary), modality)


def _views(place: Path, ordinary: dict[str, ImageSet], modality: Modality) -> list[LesionView]:
    manifest = Manifest.read(place / "manifest.json")
    with_lesion = folder_image_set("synthetic with lesions", place, modality)
    at = {case: i for i, case in enumerate(ordinary["reference"].cases)}
    views, held = [], ""
    whole: dict[str, Image] = {}
    for listed, entry in zip(manifest.images, with_lesion.entries, strict=True):
        if listed.reference_case not in at or listed.lesion is None:
            raise DataError(
                str(place),
                f"{listed.case} belongs to no image that is judged",
                value=listed.reference_case,
                remedy="Remove the folder and run the study again.",
            )
        if listed.reference_case != held:
            held = listed.reference_case
            whole = {kind: images.entries[at[held]].load() for kind, images in ordinary.items()}
        subject = ordinary["reference"].entries[at[held]].subject
        views.append(_view(listed, listed.lesion, subject, entry.load(), whole))
    return views


def _view(
    listed: SyntheticImage, lesion: InsertedLesion, subject: str, shown: Image, whole: Mapping[str, Image]
) -> LesionView:
    reference = whole["reference"]
    spacing = reference.geometry.spacing_mm
    signal = lesion_signal(reference.space, spacing, lesion.centre, lesion.diameter_mm, lesion.contrast)
    cut = partial(_patch, lesion=lesion, spacing_mm=spacing)
    absent = {kind: cut(_slice(image.pixels[0], lesion)) for kind, image in whole.items()}
    added = cut(_slice(signal, lesion))
    present = {kind: absent[kind] + added for kind in ("source", "reference")}
    alone = shown.pixels[0] if shown.pixels.ndim == 3 else shown.pixels[0, ..., 0]
    return LesionView(
        case=listed.reference_case,
        subject=subject,
        site=f"{listed.reference_case} {list(lesion.centre)}",
        diameter_mm=lesion.diameter_mm,
        contrast=lesion.contrast,
        spacing_mm=(float(spacing[0]), float(spacing[1])),
        absent=absent,
        present={**present, "synthetic": cut(alone)},
    )


def _slice(volume: np.ndarray, lesion: InsertedLesion) -> np.ndarray:
    return volume if volume.ndim == 2 else volume[..., lesion.centre[2]]


def _patch(picture: np.ndarray, *, lesion: InsertedLesion, spacing_mm: tuple[float, ...]) -> np.ndarray:
    largest = max(diameter for diameter, _ in lesion_kinds(spacing_mm))
    sides = []
    for centre, step in zip(lesion.centre, spacing_mm[:2], strict=False):
        reach = patch_reach(largest, step)
        sides.append(slice(centre - reach, centre + reach + 1))
    return picture[tuple(sides)].astype(np.float64)
