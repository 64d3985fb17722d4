"""Class-conditional augmentation: new pictures of a class, to add to real training pictures."""

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
from synthassay.tasks.units import stored_type, window


@TASKS.add("augment")
class Augment(Task):
    """Make ``[sampling] per_class`` pictures of each class.

    Where real pictures hold whole numbers, so do synthetic ones: a judge must not tell them apart by their rounding.
    """

    name: ClassVar[str] = "augment"
    paired = False
    conditioned_on: ClassVar[str] = "label"
    baselines: ClassVar[tuple[str, ...]] = ("resample_real", "affine_augmentation")

    def __init__(self, spec: StudySpec, cohort: Cohort) -> None:
        super().__init__(spec, cohort)
        self.store = ImageStore(cohort, size=spec.data.size)
        self.role = spec.data.image or Role.IMAGE.value

    @property
    def data_range(self) -> tuple[float, float]:
        """Lowest and highest value that a synthetic picture can have."""
        return self.scale.low, self.scale.high

    @cached_property
    def scale(self) -> IntensityScale:
        """Pixel values to the model's [-1, 1]."""
        return IntensityScale(*window(self.spec, self._example.unit, self._stored, self._first.case))

    def facts(self, neighbours: int = 1) -> Facts:
        """What a generator is built for; a picture has no neighbours.

        Raises:
            DataError: Fewer than two classes.
            ImageError: The images are volumes.
        """
        classes, image = self.cohort.classes, self._example
        if len(classes) < 2:
            remedy = "Give a label with at least two classes ([data] label in the study file)."
            raise DataError("cohort", "needs two classes or more to augment by class", value=classes, remedy=remedy)
        if len(image.space) != 2:
            what = f"is a volume of {'x'.join(map(str, image.space))}; augment makes pictures"
            raise ImageError(self._first.case, what, remedy="Give pictures, or a translate or denoise study.")
        return Facts(len(image.pixels), 0, classes, image.space)

    def examples(self, split: Split, neighbours: int = 1) -> Examples:
        """Pictures of a split with their classes, on the model's scale."""
        return PictureExamples(self.store, self.cases(split), self.role, self.scale, self.cohort.classes)

    def requests(self) -> tuple[Request, ...]:
        """``per_class`` pictures of each class, class by class."""
        wanted = [(label, i) for label in self.cohort.classes for i in range(self.spec.sampling.per_class)]
        return tuple(
            Request(
                case=f"syn-{_safe(label)}-{i:05d}",
                seed=derive(self.spec.seed, "synthesise", label, i),
                condition={"label": label},
                label=label,
            )
            for label, i in wanted
        )

    def condition(self, request: Request, neighbours: int = 1) -> Batch:
        """The class asked for, as its index."""
        return Batch(label=torch.tensor([self.cohort.classes.index(request.label)]))

    def image(self, request: Request, generated: Tensor) -> Image:
        """The picture in the real pictures' values and pixel size."""
        physical = np.asarray(self.scale.to_physical(generated[0].numpy()))
        example = self._example
        if np.issubdtype(self._stored, np.integer):
            physical = np.rint(physical)
        return Image(physical.astype(np.float32), example.geometry, example.unit, "", dict(example.meta))

    def real(self, role: str, split: Split) -> ImageSet:
        """Real pictures of a split, with their classes.

        Args:
            role: ``image`` (or the study's ``[data] image``), or a further role of the cohort.
            split: Whose pictures.
        """
        asked = self.role if role in (Role.IMAGE, Role.REFERENCE) else role
        entries = tuple(
            Entry(
                case.case,
                case.subject,
                lambda case=case: self.store.image(case, asked),  # type: ignore[misc]
                case.label,
                case.site,
                groups=groups_of(case),
            )
            for case in self.cases(split)
            if asked in case.images
        )
        return ImageSet(split.value, entries)

    def cases(self, split: Split) -> list[Case]:
        """Cases of a split that have the picture and a class, in cohort order."""
        return [case for case in self.cohort.of(split) if self.role in case.images and case.label]

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
        return self.store.read(self._first.images[self.role])


class PictureExamples:
    """Pictures with their class indices, on the model's scale."""

    def __init__(
        self, store: ImageStore, cases: Sequence[Case], role: str, scale: IntensityScale, classes: Sequence[str]
    ) -> None:
        self._store, self._cases, self._role, self._scale = store, tuple(cases), role, scale
        self._index = {name: index for index, name in enumerate(classes)}

    def __len__(self) -> int:
        return len(self._cases)

    def batch(self, positions: Sequence[int]) -> Batch:
        """Return the pictures at ``positions`` as one batch on the model's scale."""
        chosen = [self._cases[position] for position in positions]
        pixels = np.stack([self._store.image(case, self._role).pixels for case in chosen])
        target = torch.from_numpy(np.ascontiguousarray(self._scale.to_model(pixels), dtype=np.float32))
        return Batch(target=target, label=torch.tensor([self._index[case.label] for case in chosen]))

    def subject(self, position: int) -> str:
        """Return whose picture it is."""
        return self._cases[position].subject


def _safe(label: str) -> str:
    """Return a class name as part of a case identifier.

    >>> _safe("non-small cell / stage 2")
    'non-small-cell-stage-2'
    """
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in label)
    return "-".join(part for part in kept.split("-") if part) or "class"
