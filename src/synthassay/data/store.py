"""The one door to a cohort's pixels: physical units, RAS+, checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from synthassay.data.image_set import Entry, ImageSet
from synthassay.data.listing import TRUTH_ROLES
from synthassay.data.npz.archive import Archive, ArrayCache
from synthassay.data.npz.recognise import Layout, layout_of
from synthassay.data.subgroups import groups_of
from synthassay.errors import ImageError, SynthassayError, did_you_mean
from synthassay.images.formats import read_image
from synthassay.images.geometry import resample_to_size, resample_to_spacing
from synthassay.images.image import Image
from synthassay.records.base import inside
from synthassay.records.cohort import Case, Cohort, Locator
from synthassay.records.vocabulary import Role, Unit

ROOM_FOR_ARRAYS: Final = 768 * 2**20


class ImageStore:
    """Reads the images of a cohort's cases.

    Args:
        cohort: The cases, or a root folder with none where only ``read`` is used.
        size: Size that every image is resampled to, per spatial axis; empty keeps each image's own.
        spacing_mm: Spacing that every image is resampled to, before the size; empty keeps each image's own.
        unit: What pictures are known to be in; it fills in what a file leaves open and cannot contradict it.
        cache_bytes: Room for unpacked ``.npz`` arrays.
    """

    def __init__(
        self,
        cohort: Cohort | Path,
        *,
        size: tuple[int, ...] = (),
        spacing_mm: tuple[float, ...] = (),
        unit: Unit | None = None,
        cache_bytes: int = ROOM_FOR_ARRAYS,
    ) -> None:
        self._root = Path(cohort.root) if isinstance(cohort, Cohort) else cohort
        self._size, self._spacing_mm = size, spacing_mm
        self._unit, self._cache = unit, ArrayCache(cache_bytes)
        self._archives: dict[Path, tuple[Archive, Layout]] = {}

    def image(self, case: Case, role: str) -> Image:
        """Return a case's image in physical units; volumes in RAS+, pictures as rows and columns.

        Masks and lesions are bool, label maps int32, pictures float32.

        Raises:
            ImageError: The case has no such role, the file cannot be read, holds NaN, or a mask is empty. The message
                names the case and the file.
        """
        where = case.images.get(str(role))
        if where is None:
            remedy = did_you_mean(str(role), case.images)
            raise ImageError(f"case {case.case}", "has no image in this role", value=str(role), remedy=remedy)
        try:
            image = self.read(where, known_unit=None if role in TRUTH_ROLES else self._unit)
        except SynthassayError as problem:
            place = f"case {case.case}: {problem.where}"
            raise ImageError(place, problem.what, value=problem.value, remedy=problem.remedy) from None
        return replace(_checked(image, case.case, str(role), where), subject=case.subject)

    def read(self, where: Locator, *, known_unit: Unit | None = None) -> Image:
        """Return the image that lies at a locator, in its stored type and unchecked.

        Raises:
            ImageError: It cannot be read, or its file proves another unit than ``known_unit``.
            DataError: The path leaves the cohort's root.
        """
        path = inside(self._root, where.path)
        if path.suffix.lower() == ".npz":
            archive, layout = self._archive(path)
            image = _in_unit(layout.image(archive, where.key, where.index), known_unit, where)
        else:
            image = read_image(path, key=where.key, index=where.index, unit=known_unit)
        if self._spacing_mm:
            image = resample_to_spacing(image, self._spacing_mm)
        return resample_to_size(image, self._size) if self._size else image

    def image_set(self, name: str, cases: Iterable[Case], role: str) -> ImageSet:
        """Return the cases' images of one role as a set that reads each image when it is asked for."""
        return ImageSet(
            name,
            tuple(
                Entry(
                    case.case,
                    case.subject,
                    partial(self.image, case, role),
                    label=case.label,
                    site=case.site,
                    groups=groups_of(case),
                )
                for case in cases
            ),
        )

    def _archive(self, path: Path) -> tuple[Archive, Layout]:
        if path not in self._archives:
            archive = Archive(path, self._cache)
            self._archives[path] = archive, layout_of(archive)
        return self._archives[path]


def _in_unit(image: Image, known: Unit | None, where: Locator) -> Image:
    if known is None or image.unit is known:
        return image
    if image.unit is not Unit.ARBITRARY:
        raise ImageError(str(where), f"holds values in {image.unit}, not in {known}", remedy="Leave the unit out.")
    return image.with_pixels(image.pixels, unit=known)


def _checked(image: Image, case: str, role: str, where: Locator) -> Image:
    pixels = image.pixels
    if np.issubdtype(pixels.dtype, np.floating):
        bad = int(pixels.size - np.count_nonzero(np.isfinite(pixels)))
        if bad:
            raise ImageError(
                f"case {case}: {where}",
                f"has {bad} of {pixels.size} values that are NaN or infinite",
                remedy="Repair the image or leave the case out; a guess in their place would be measured as anatomy.",
            )
    if role in TRUTH_ROLES:
        mask = pixels.astype(np.int32) if role == Role.STRUCTURES else pixels != 0
        if role == Role.MASK and not mask.any():
            raise ImageError(
                f"case {case}: {where}",
                "is an empty mask: there is nowhere to measure",
                remedy="Draw the mask, name another role in [data] mask, or leave the case out.",
            )
        return image.with_pixels(mask, unit=Unit.LABEL)
    return image.with_pixels(pixels.astype(np.float32, copy=False))
