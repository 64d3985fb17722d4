"""Doses that a planning system calculated, as a set that stands beside the images they belong to."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from synthassay.data.folders import list_folder
from synthassay.data.image_set import Entry, ImageSet
from synthassay.data.listing import Fields
from synthassay.errors import DataError
from synthassay.images.dose_grid import on_grid_of, read_dose
from synthassay.images.image import Image


def dose_set(name: str, folder: Path, images: ImageSet) -> ImageSet:
    """Return the dose of each image, read when asked for and brought onto that image's grid.

    Args:
        name: Name of the set.
        folder: One file per image, of the same name: RTDOSE (``case.dcm``, or alone in a folder ``case``) or NIfTI.
        images: The images that the doses were calculated on, in order.

    Raises:
        DataError: The folder is missing, holds no such files, or lacks the dose of an image.
    """
    if not folder.is_dir():
        raise DataError(str(folder), "is no folder of doses")
    listing = list_folder(folder, Fields())
    paths = {case.case: folder / next(iter(case.images.values())).path for case in listing.cases}
    lacking = [case for case in images.cases if case not in paths]
    if lacking:
        raise DataError(
            str(folder),
            f"{len(lacking)} of {len(images)} images have no dose of the same name",
            value=", ".join(lacking[:5]),
            remedy="Name each dose like its image; leaving cases out would flatter the generator.",
        )
    return ImageSet(
        name,
        tuple(
            Entry(entry.case, entry.subject, partial(_dose, paths[entry.case], entry), label=entry.label)
            for entry in images.entries
        ),
    )


def _dose(path: Path, entry: Entry) -> Image:
    return on_grid_of(read_dose(path), entry.load(), f"case {entry.case}: {path}")
