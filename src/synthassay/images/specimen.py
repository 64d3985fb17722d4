"""One image together with what is drawn on it: where to measure, its structures, its lesion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from synthassay.errors import ImageError
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels, Spatial, SpatialMask


@dataclass(frozen=True, eq=False)
class Specimen:
    """An image with its annotations on the same grid: what a failure is injected into and a measure of sets looks at.

    Attributes:
        pixels: ``channels *space`` in physical units.
        spacing_mm: Size of a pixel or voxel per spatial axis; empty where unknown.
        mpp: Micrometres per pixel, for pathology; None elsewhere.
        mask: ``*space``: where to measure; None for everywhere.
        structures: ``*space``: integer label map; None where nothing is drawn.
        lesion: ``*space``; None where no lesion is drawn.
        structure_names: Label to name; empty where unknown.
        shows: The case whose pixels it shows, where it stands in the place of another; empty elsewhere.

    Raises:
        ImageError: An annotation lies on another grid than the pixels.
    """

    pixels: Pixels
    spacing_mm: tuple[float, ...] = ()
    mpp: float | None = None
    unit: Unit = Unit.ARBITRARY
    case: str = ""
    subject: str = ""
    label: str = ""
    mask: SpatialMask | None = None
    structures: Spatial | None = None
    lesion: SpatialMask | None = None
    structure_names: Mapping[int, str] = field(default_factory=dict)
    shows: str = ""

    def __post_init__(self) -> None:
        for name in ("mask", "structures", "lesion"):
            drawn: np.ndarray | None = getattr(self, name)
            if drawn is not None and drawn.shape != self.space:
                raise ImageError(
                    f"{self.case or 'image'}: {name}",
                    f"lies on a grid of {drawn.shape} but the image has {self.space}",
                    remedy="Resample both to one grid.",
                )

    @property
    def space(self) -> tuple[int, ...]:
        """Size along each spatial axis."""
        return tuple(self.pixels.shape[1:])

    def replace(self, **changes: Any) -> Self:
        """The same specimen with other attributes."""
        return replace(self, **changes)
