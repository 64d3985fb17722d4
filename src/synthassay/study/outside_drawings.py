"""What is drawn on images from elsewhere: folders of masks and label maps, paired with the images by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from synthassay.data.image_set import Entry, ImageSet
from synthassay.errors import DataError
from synthassay.records.vocabulary import Role

STRUCTURE_NAMES = "structures.json"
Read = Callable[[str, Path | None, str], ImageSet | None]


class Folders(Protocol):
    """Where drawings lie, each None where there are none."""

    @property
    def masks(self) -> Path | None:
        """Where to measure, on real images."""

    @property
    def structures(self) -> Path | None:
        """Label maps of real images."""

    @property
    def structures_synthetic(self) -> Path | None:
        """Label maps of synthetic images."""

    @property
    def structures_training(self) -> Path | None:
        """Label maps of training images."""

    @property
    def lesions(self) -> Path | None:
        """Lesions of real images."""

    @property
    def lesions_synthetic(self) -> Path | None:
        """Lesions of synthetic images."""


def drawings(folders: Folders, synthetic: ImageSet, reference: ImageSet | None, read: Read) -> dict[str, Any]:
    """Return what an evidence is given of drawings, as its keywords.

    Drawings of real images are needed for every pair; of training images, some are enough.

    Raises:
        DataError: An image has no drawing of its name, or the names of structures cannot be read.
    """
    real = {
        "mask": read("masks", folders.masks, Role.MASK),
        "structures": read("structures-real", folders.structures, Role.STRUCTURES),
        "lesion": read("lesions-real", folders.lesions, Role.LESION),
    }
    found: dict[str, Any] = {"structure_names": structure_names(folders.structures)}
    on_synthetic = {
        "synthetic_structures": read("structures-synthetic", folders.structures_synthetic, Role.STRUCTURES),
        "synthetic_lesions": read("lesions-synthetic", folders.lesions_synthetic, Role.LESION),
    }
    found |= {name: by_name(drawn.name, synthetic, drawn) for name, drawn in on_synthetic.items() if drawn}
    if reference is not None:
        words = {"masks": "mask", "structures": "structures", "lesions": "lesion"}
        found |= {name: by_name(drawn.name, reference, drawn) for name, role in words.items() if (drawn := real[role])}
    training = read("structures-training", folders.structures_training, Role.STRUCTURES)
    sides: dict[str, Mapping[str, ImageSet]] = {"test": {role: drawn for role, drawn in real.items() if drawn}}
    if training:
        sides["training"] = {"structures": training}
    found["drawn"] = {name: side for name, side in sides.items() if side}
    return found


def by_name(name: str, wanted: ImageSet, found: ImageSet) -> ImageSet:
    """Return drawings in the order of images.

    Raises:
        DataError: An image has none of its name.
    """
    at: dict[str, Entry] = {entry.case: entry for entry in found.entries}
    lacking = [case for case in wanted.cases if case not in at]
    if lacking:
        raise DataError(
            name,
            f"{len(lacking)} of {len(wanted)} images have none of the same name",
            value=", ".join(lacking[:5]),
            remedy=f"Name each file like its image, with an empty one where nothing is there, or leave --{name} out.",
        )
    return ImageSet(name, tuple(at[case] for case in wanted.cases))


def structure_names(folder: Path | None) -> dict[int, str]:
    """Return label to name from the ``structures.json`` beside label maps; empty where there is none.

    Raises:
        DataError: The file does not say names by label.
    """
    path = None if folder is None else folder / STRUCTURE_NAMES
    if path is None or not path.is_file():
        return {}
    try:
        return {int(label): str(name) for label, name in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, AttributeError) as problem:
        remedy = 'Write label to name: {"1": "PTV", "2": "parotid left"}.'
        raise DataError(str(path), "does not name structures", value=str(problem), remedy=remedy) from None
