"""Which file format an image has, and the two doors through which all images come in and go out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.images.labelling import Mark, SyntheticLabel
from synthassay.records.vocabulary import Unit
from synthassay.registry import Registry

HEAD = 1024  # bytes that suffice to recognise every format: NIfTI's magic is at 344, DICOM's at 128


class Reader(Protocol):
    """Reads one image of a file or folder."""

    def __call__(self, path: Path, *, key: str, index: int | None, unit: Unit | None) -> Image:
        """Read the image at ``path``; arguments as in ``read_image``."""
        ...


@dataclass(frozen=True)
class Format:
    """One file format.

    Attributes:
        suffixes: File endings in lower case; the first is the one to write. An empty ending is a folder.
        recognises: Whether a file's first bytes are of this format.
        read: Reads one image.
        write: Writes a marked image and returns the path that a manifest lists; None where we only read.
        mark: Reads back what the file says about being synthetic.
        uids: Identifiers that must be unique among files (DICOM); none elsewhere.
    """

    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    read: Reader
    mark: Callable[[Path], Mark]
    write: Callable[[Path, Image, SyntheticLabel], Path] | None = None
    uids: Callable[[Path], tuple[str, ...]] = lambda path: ()


FORMATS: Registry[Format] = Registry("file format", package="synthassay.images", group="synthassay.formats")


def read_image(path: Path | str, *, key: str = "", index: int | None = None, unit: Unit | None = None) -> Image:
    """Read one image; its format is known by its first bytes, then by its suffix.

    Args:
        path: A file, or a folder that holds one DICOM series.
        key: DICOM SeriesInstanceUID, where a folder holds several series.
        index: Which image, where a file holds several: NIfTI's fourth axis, a DICOM frame, a TIFF page.
        unit: What you know the values to be. It fills in what the file leaves open and cannot contradict it.

    Returns:
        Pixels as ``channels x y z`` in RAS+ (volumes) or ``channels rows columns`` (pictures), with geometry and unit.

    Raises:
        ImageError: The image is unreadable, truncated, has NaN, or leaves open what it shows.
    """
    path = Path(path)
    image = FORMATS.get(format_of(path)).read(path, key=key, index=index, unit=unit)
    if unit is not None and image.unit is not unit:
        raise ImageError(
            str(path),
            f"holds values in {image.unit}, which the file proves, and not in {unit}",
            remedy="Leave the unit out, or convert the file.",
        )
    return image


def write_image(path: Path | str, image: Image, label: SyntheticLabel, *, file_format: str = "") -> Path:
    """Write a synthetic image, marked, whole or not at all; equal arguments give equal bytes.

    Args:
        path: Its suffix chooses the format (``.png``, ``.tif``, ``.nii``, ``.nii.gz``, ``.dcm``). Without a suffix a
            DICOM folder is written, one file per slice.
        image: Pixels in their physical unit, with geometry.
        label: What is written into the file about its making.
        file_format: Name of the format, where the suffix should not decide.

    Returns:
        The file, or the folder of slices: what a manifest lists.

    Raises:
        ImageError: The format cannot hold these pixels without loss, or cannot be written.
        RunError: The disk is full or the folder cannot be written.
    """
    path = Path(path)
    name = file_format or _by_suffix(path, folders=True)
    writer = FORMATS.get(name).write if name else None
    if writer is None:
        written = sorted({suffix or "no suffix" for _, f in FORMATS.items() if f.write for suffix in f.suffixes})
        raise ImageError(
            str(path),
            "cannot be written in the format that its suffix asks for",
            value=path.suffix or "no suffix",
            remedy=f"Use one of: {', '.join(written)}.",
        )
    return writer(path, image, label)


def is_marked(path: Path | str) -> bool:
    """Whether a file, or every file of a DICOM folder, says that it is synthetic; ``mark_of`` says why not."""
    return bool(mark_of(path))


def mark_of(path: Path | str) -> Mark:
    """Return what an image says about being synthetic, and what of the mark is gone."""
    path = Path(path)
    return FORMATS.get(format_of(path)).mark(path)


def uids_of(path: Path | str) -> tuple[str, ...]:
    """Return the identifiers of an image that no other image may share."""
    path = Path(path)
    return FORMATS.get(format_of(path)).uids(path)


def format_of(path: Path | str) -> str:
    """Return the name of an image's format.

    Raises:
        ImageError: There is no such file, or it is no image that we know.
    """
    path = Path(path)
    if path.is_dir():
        return "dicom"
    head = _head(path)
    for name, known in FORMATS.items():
        if known.recognises(head):
            return name
    if name := _by_suffix(path, folders=False):
        return name
    raise ImageError(
        str(path),
        "is of no known image format",
        value=path.suffix or "no suffix",
        remedy=f"Known: {', '.join(FORMATS.names())}.",
    )


def looks_like_image(path: Path) -> bool:
    """Whether a file is an image by its first bytes or its suffix, without reading it whole."""
    if _by_suffix(path, folders=False):
        return True
    head = _head(path)
    return any(known.recognises(head) for _, known in FORMATS.items())


def _by_suffix(path: Path, *, folders: bool) -> str:
    name = path.name.lower()
    for known, entry in FORMATS.items():
        if any(suffix and name.endswith(suffix) for suffix in entry.suffixes):
            return known
    return "dicom" if folders and not path.suffix else ""


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD)
    except OSError as problem:
        raise ImageError(
            str(path), f"cannot be read: {problem.strerror or problem}", remedy="Check the path and your rights."
        ) from None
