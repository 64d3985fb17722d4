"""A set of images read one by one, each with what is drawn on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np

from synthassay.data.image_set import Entry, ImageSet
from synthassay.errors import ImageError, NotMeasured
from synthassay.images.specimen import Specimen


@dataclass(frozen=True, eq=False)
class Specimens(Sequence[Specimen]):
    """Images and their annotations; an image is read each time it is asked for, and not kept.

    Attributes:
        images: The set.
        drawn: ``mask``, ``structures`` or ``lesion`` to a set with one entry per image, in the same order; an entry is
            None where nothing is drawn on that image.
        structure_names: Label to name.
    """

    images: ImageSet
    drawn: Mapping[str, ImageSet | tuple[Entry | None, ...]] = field(default_factory=dict)
    structure_names: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def by_case(cls, images: ImageSet, drawn: Mapping[str, ImageSet], names: Mapping[int, str]) -> Specimens:
        """Pair annotations with images by their case."""
        found: dict[str, tuple[Entry | None, ...]] = {}
        for role, drawings in drawn.items():
            at = {entry.case: entry for entry in drawings.entries}
            found[role] = tuple(at.get(case) for case in images.cases)
        return cls(images, found, names)

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[Specimen]:
        return (self._read(position) for position in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Specimen: ...
    @overload
    def __getitem__(self, index: slice) -> list[Specimen]: ...
    def __getitem__(self, index: int | slice) -> Specimen | list[Specimen]:
        """Read one image, or several.

        Raises:
            ImageError: An annotation lies on another grid than its image.
        """
        if isinstance(index, slice):
            return [self._read(position) for position in range(len(self))[index]]
        return self._read(range(len(self))[index])

    def _read(self, position: int) -> Specimen:
        entry = self.images.entries[position]
        image = entry.load()
        mask, lesion = self._drawn("mask", position), self._drawn("lesion", position)
        return Specimen(
            pixels=image.pixels,
            spacing_mm=image.geometry.spacing_mm,
            mpp=image.geometry.mpp,
            unit=image.unit,
            case=entry.case,
            subject=entry.subject or f"case:{entry.case}",
            label=entry.label,
            mask=None if mask is None else mask > 0,
            structures=self._drawn("structures", position),
            lesion=None if lesion is None else lesion > 0,
            structure_names=self.structure_names,
        )

    def _drawn(self, role: str, position: int) -> np.ndarray | None:
        kept = self.drawn.get(role)
        if kept is None:
            return None
        entry = kept.entries[position] if isinstance(kept, ImageSet) else kept[position]
        if entry is None:
            return None
        try:
            pixels = entry.load().pixels
        except NotMeasured:  # a set with one entry per image holds this where nobody drew on one of them
            return None
        if len(pixels) != 1:
            raise ImageError(f"{entry.case}: {role}", f"has {len(pixels)} channels where a drawing has one")
        return pixels[0]
