"""Images of a release: written anew from pixels and geometry alone, so that nothing else can come along; read back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import numpy as np

from synthassay.errors import ImageError
from synthassay.images.formats import mark_of, read_image, write_image
from synthassay.images.image import Image
from synthassay.images.verify import sha256_of_image
from synthassay.records.manifest import DrawnFile, Manifest, SyntheticImage
from synthassay.records.vocabulary import Modality, Unit
from synthassay.release.bids import bids_path, drawing_path
from synthassay.release.marking import Marker
from synthassay.release.naming import Named, label_of
from synthassay.release.source import Source

ReleaseFormat = Literal["nifti", "dicom", "png", "tiff"]
SUFFIX = {"png": ".png", "tiff": ".tif", "dicom": ""}
Progress = Callable[[int, int], None]


def write_images(
    source: Source,
    named: Iterable[Named],
    root: Path,
    file_format: ReleaseFormat,
    progress: Progress | None = None,
    marker: Marker | None = None,
) -> Manifest:
    """Write each image under its new name and label below ``root``, and read back what was written.

    Args:
        source: The run's set.
        named: Its images under their new names.
        root: The release in the making.
        file_format: Format of the images; label maps are NIfTI whatever it is.
        progress: Called with images written and images in all.
        marker: Puts the watermark into the pixels; they stay as synthesised where None.

    Returns:
        The manifest of the release, as written to ``manifest.json``.

    Raises:
        ImageError: The format cannot hold an image, or what was read back is not what was to be written.
        RunError: The disk is full or the folder cannot be written.
    """
    modality = source.study.modality
    bare = source.manifest.model_copy(
        update={
            "format": file_format,
            "training_subjects_sha256": _commitment(source),
            "images": (),
        }
    )
    images, all_named = [], tuple(named)
    for number, one in enumerate(all_named, 1):
        images.append(_write(source, one, root, file_format, bare, modality, marker))
        if progress is not None:
            progress(number, len(all_named))
    manifest = bare.model_copy(update={"images": tuple(images)})
    manifest.write(root / "manifest.json")
    return manifest


def _commitment(source: Source) -> str:
    """The hash of the training subjects under the run's key: of few subjects, a plain hash would tell who they are."""
    plain = source.manifest.training_subjects_sha256
    return source.pseudonyms.keyed(plain) if plain else ""


def _write(
    source: Source,
    one: Named,
    root: Path,
    file_format: ReleaseFormat,
    manifest: Manifest,
    modality: Modality,
    marker: Marker | None,
) -> SyntheticImage:
    image = read_image(source.folder / one.made.path)
    if marker is not None:
        image = marker.marked(one.made.case, image)
    if file_format == "nifti":
        relative = bids_path(one.name, modality, source.study.data.image)
    else:
        relative = f"images/{one.name}{SUFFIX[file_format]}"
    path, label = root / relative, label_of(manifest, one.name, one.entry.seed, modality)
    try:
        write_image(path, Image(image.pixels, image.geometry, image.unit), label, file_format=file_format)
    except ImageError as problem:
        remedy = "Choose another --format."
        raise ImageError(relative, problem.what, value=problem.value, remedy=remedy) from None
    seen = _read_back(path, image, relative, file_format)
    if marker is not None:
        marker.require_found(one.name, seen)
    update: dict[str, object] = {"path": relative, "sha256": sha256_of_image(path), "structures": None}
    if one.made.structures is not None:
        update["structures"] = _write_drawing(source, one, root, file_format, manifest, modality)
    return one.entry.model_copy(update=update)


def _write_drawing(
    source: Source, one: Named, root: Path, file_format: ReleaseFormat, manifest: Manifest, modality: Modality
) -> DrawnFile:
    assert one.made.structures is not None
    drawing = read_image(source.folder / one.made.structures.path)
    relative = drawing_path(one.name, modality) if file_format == "nifti" else f"structures/{one.name}.nii.gz"
    label = label_of(manifest, f"{one.name}-structures", one.entry.seed, modality)
    write_image(root / relative, Image(drawing.pixels, drawing.geometry, drawing.unit), label, file_format="nifti")
    _read_back(root / relative, drawing, relative, "nifti")
    return DrawnFile(path=relative, sha256=sha256_of_image(root / relative))


def _read_back(path: Path, image: Image, relative: str, file_format: ReleaseFormat) -> Image:
    """The file says that it is synthetic, in every way that its format has, and holds the pixels and their place."""
    mark, seen = mark_of(path), read_image(path)
    if not mark or mark.weakened:
        raise ImageError(relative, "was written and does not say that it is synthetic", value=mark.why_not or mark)
    step = 0.0
    if file_format == "dicom":
        span = float(image.pixels.max()) - float(image.pixels.min())
        step = 0.501 if image.unit is Unit.HU else 0.501 * span / 65535
        step += float(np.finfo(np.float32).eps) * float(np.abs(image.pixels).max())  # they are read as float32
    was, now = image.pixels.astype(np.float64), seen.pixels.astype(np.float64)
    if was.shape != now.shape or float(np.abs(was - now).max()) > step or seen.unit is not image.unit:
        what = "was written and read back with other values"
        raise ImageError(relative, what, remedy="Choose a --format that holds them, such as nifti.")
    one, other = image.geometry.affine, seen.geometry.affine
    if one is not None and other is not None and not np.allclose(one, other, rtol=1e-4, atol=1e-3):
        raise ImageError(relative, "was written and read back in another place")
    return seen
