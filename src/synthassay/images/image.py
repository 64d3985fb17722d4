"""The picture as a physical object."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from synthassay.errors import ImageError
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Affine, Pixels


@dataclass(frozen=True)
class Geometry:
    """Where pixels lie in the world.

    Attributes:
        affine: Voxel index (x, y, z) to RAS+ millimetres; None for a picture without a patient frame.
        spacing_mm: Pixel or voxel size per spatial axis; empty when unknown, never assumed to be 1.
        mpp: Micrometres per pixel, for pathology; None elsewhere.
    """

    affine: Affine | None = None
    spacing_mm: tuple[float, ...] = ()
    mpp: float | None = None

    @classmethod
    def from_affine(cls, affine: Affine) -> Self:
        """Take the spacing from the affine's column lengths.

        Raises:
            ImageError: The affine is singular or not finite.
        """
        matrix = np.asarray(affine, dtype=np.float64)
        spacing = np.linalg.norm(matrix[:3, :3], axis=0)
        if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:3, :3])) < 1e-9:
            raise ImageError(
                "affine",
                "is singular or not finite, so voxels have no place in the body",
                value=matrix.tolist(),
                remedy="Repair the header (sform/qform) from the scanner's original.",
            )
        return cls(affine=matrix, spacing_mm=tuple(float(s) for s in spacing))


@dataclass(frozen=True)
class Image:
    """Pixels with what is needed to read them physically.

    Attributes:
        pixels: ``channels *space``; space is ``x y z`` in RAS+ order for volumes, ``rows columns`` for pictures.
        geometry: Affine and spacing, or micrometres per pixel.
        unit: What a value means; HU only where the file proves it.
        subject: Whose image it is; empty when unknown.
        meta: What a format needs to write the image again (never a patient's identifiers).
    """

    pixels: Pixels
    geometry: Geometry = field(default_factory=Geometry)
    unit: Unit = Unit.ARBITRARY
    subject: str = ""
    meta: dict[str, str] = field(default_factory=dict)

    @property
    def space(self) -> tuple[int, ...]:
        """Size along each spatial axis."""
        return tuple(self.pixels.shape[1:])

    def with_pixels(self, pixels: Pixels, *, unit: Unit | None = None) -> Image:
        """The same place and subject with other pixels."""
        return replace(self, pixels=pixels, unit=self.unit if unit is None else unit)
