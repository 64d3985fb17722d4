"""Unconditional generation: new pictures, or whole volumes, of a population."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from synthassay.data.image_set import Entry, ImageSet
from synthassay.data.store import ImageStore
from synthassay.data.subgroups import groups_of
from synthassay.errors import DataError, ImageError
from synthassay.images.image import Image
from synthassay.images.intensity import IntensityScale
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.randomness import derive
from synthassay.records.cohort import Case, Cohort
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Role, Split
from synthassay.tasks.base import TASKS, Request, Task
from synthassay.tasks.foreground import foreground
from synthassay.tasks.units import is_relative, relative, stored_type, window


@TASKS.add("generate")
class Generate(Task):
    """Make ``[sampling] per_class`` images in all; no class is asked for.

    Volumes are made whole, in three dimensions. MR of arbitrary unit is given in relative units. Where real images hold
    whole numbers, so do synthetic ones.
    """

    name: ClassVar[str] = "generate"
    paired = False
    conditioned_on: ClassVar[str] = "nothing"
    baselines: ClassVar[tuple[str, ...]] = ("resample_real",)

    def __init__(self, spec: StudySpec, cohort: Cohort) -> None:
        super().__init__(spec, cohort)
        self.store = ImageStore(cohort, size=spec.data.size)
        self.role = spec.data.image or Role.IMAGE.value

    @property
    def data_range(self) -> tuple[float, float]:
        """Lowest and highest value that a synthetic image can have."""
        return self.scale.low, self.scale.high

    @cached_property
    def scale(self) -> IntensityScale:
        """Values to the model's [-1, 1]."""
        return IntensityScale(*window(self.spec, self._example.unit, self._stored, self._first.case))

    def facts(self, neighbours: int = 1) -> Facts:
        """What a generator is built for: no classes, and two or three spatial axes."""
        return Facts(len(self._example.pixels), 0, (), self._example.space)

    def examples(self, split: Split, neighbours: int = 1) -> Examples:
        """Whole images of a split on the model's scale."""
        return WholeExamples(self, self.cases(split))

    def requests(self) -> tuple[Request, ...]:
        """As many images as asked for."""
        return tuple(
            Request(f"syn-{i:05d}", derive(self.spec.seed, "synthesise", i), {})
            for i in range(self.spec.sampling.per_class)
        )

    def condition(self, request: Request, neighbours: int = 1) -> Batch:
        """Nothing: one class for all."""
        return Batch(label=torch.zeros(1, dtype=torch.int64))

    def image(self, request: Request, generated: Tensor) -> Image:
        """The image in the real images' values and pixel size."""
        physical = np.asarray(self.scale.to_physical(generated[0].numpy()))
        example = self._example
        if np.issubdtype(self._stored, np.integer) and not is_relative(self.spec, example.unit):
            physical = np.rint(physical)
        return Image(physical.astype(np.float32), example.geometry, example.unit, "", dict(example.meta))

    def real(self, role: str, split: Split) -> ImageSet:
        """Real images of a split as generators see them; a further role of the cohort as it is drawn."""
        own = role in (Role.IMAGE, Role.REFERENCE, self.role)
        cases = [case for case in self.cases(split) if own or role in case.images]
        return ImageSet(
            split.value,
            tuple(
                Entry(
                    case.case,
                    case.subject,
                    lambda case=case: self.given(case) if own else self.store.image(case, role),  # type: ignore[misc]
                    case.label,
                    case.site,
                    groups=groups_of(case),
                )
                for case in cases
            ),
        )

    def cases(self, split: Split) -> list[Case]:
        """Cases of a split that have the image, in cohort order."""
        return [case for case in self.cohort.of(split) if self.role in case.images]

    def given(self, case: Case) -> Image:
        """A case's image in the unit in which images are given.

        Raises:
            ImageError: It has another size than the first.
        """
        image = self.store.image(case, self.role)
        if is_relative(self.spec, image.unit):
            image = relative(image, self._mask(case, image), f"{case.case}: {self.role}")
        if case is not self._first and image.space != self._example.space:
            what = f"has size {image.space} where the first has {self._example.space}"
            raise ImageError(case.case, what, remedy="Resample all images to one size ([data] size).")
        return image

    def _mask(self, case: Case, image: Image) -> np.ndarray:
        role = self.spec.data.mask or Role.MASK.value
        if role in case.images:
            return np.asarray(np.any(self.store.image(case, role).pixels > 0, axis=0))
        return foreground(image, case.case)

    @cached_property
    def _first(self) -> Case:
        for case in self.cohort.cases:
            if self.role in case.images:
                return case
        known = sorted({name for case in self.cohort.cases for name in case.images})
        raise DataError("cohort", f"has no image of role {self.role!r}", remedy=f"It has: {', '.join(known)}.")

    @cached_property
    def _stored(self) -> np.dtype:
        return stored_type(self.cohort, self._first.images[self.role])

    @cached_property
    def _example(self) -> Image:
        return self.given(self._first)


class WholeExamples:
    """Whole images, on the model's scale."""

    def __init__(self, task: Generate, cases: Sequence[Case]) -> None:
        self._task, self._cases = task, tuple(cases)

    def __len__(self) -> int:
        return len(self._cases)

    def batch(self, positions: Sequence[int]) -> Batch:
        """Return the images at ``positions`` as one batch."""
        pixels = np.stack([self._task.given(self._cases[position]).pixels for position in positions])
        target = torch.from_numpy(np.ascontiguousarray(self._task.scale.to_model(pixels), dtype=np.float32))
        return Batch(target=target, label=torch.zeros(len(target), dtype=torch.int64))

    def subject(self, position: int) -> str:
        """Return whose image it is."""
        return self._cases[position].subject
