"""Super-resolution: the fine image from a coarse one that is made from it."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from torch import Tensor

from synthassay.data.resolution import lower_resolution
from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.images.intensity import percentile_normalise
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.records.cohort import Case, Cohort
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Role, Split
from synthassay.tasks.base import TASKS, Request
from synthassay.tasks.paired import PairedTask
from synthassay.tasks.slices import WHOLE, WHOLE_AXES, Pair, PairMemory
from synthassay.tasks.units import RELATIVE_PERCENTILE, is_relative


@TASKS.add("super_resolve")
class SuperResolve(PairedTask):
    """Make the fine image from what a grid coarser by ``[super_resolve] factor`` would have shown.

    The source lies on the fine grid, each coarse pixel repeated. In-plane, rows and columns are coarse. Through-plane,
    z is: volumes are then taken in slices across x, so that the coarse axis lies in the picture and a network of
    pictures can work along it. MR images of arbitrary unit are divided by the 99.5th percentile of the **source**, both
    of them: a coarse scan tells its own scale.
    """

    name: ClassVar[str] = "super_resolve"
    baselines: ClassVar[tuple[str, ...]] = ("identity", "bicubic")
    table: ClassVar[str] = "super_resolve"

    def __init__(self, spec: StudySpec, cohort: Cohort) -> None:
        super().__init__(spec, cohort)
        self._turned = PairMemory(self._turn_pair)

    def roles(self) -> tuple[str, ...]:
        """The fine image alone: the coarse one is made from it."""
        return (self.spec.data.image or Role.IMAGE.value,)

    @property
    def through(self) -> bool:
        """Whether the slices are thick."""
        return self.spec.super_resolve.direction == "through-plane"

    def turns(self, neighbours: int) -> bool:
        """Whether volumes are taken in slices across x; those seen whole have their coarse axis in view anyhow."""
        return self.through and neighbours != WHOLE

    def factors(self, axes: int) -> tuple[int, ...]:
        """Fine pixels per coarse pixel along each axis of an image."""
        f = self.spec.super_resolve.factor
        if self.through:
            return (1, 1, f)
        return (f, f, 1)[:axes]

    def pair(self, case: Case) -> Pair:
        """Read the fine image and make the coarse one.

        Raises:
            ImageError: The image is too small, or thick slices are asked of a picture.
        """
        fine = self.store.image(case, self.roles()[0])
        fine = fine.with_pixels(fine.pixels.astype(np.float32))
        coarse = self._unmasked(case)
        if is_relative(self.spec, fine.unit):
            whole = percentile_normalise(coarse.pixels, self.mask(case), RELATIVE_PERCENTILE)
            gain = np.float32(np.abs(coarse.pixels).max() / np.abs(whole).max())
            return Pair(coarse.with_pixels(whole), fine.with_pixels(fine.pixels / gain))
        return Pair(coarse, fine)

    def words(self, case: Case) -> dict[str, str]:
        """How coarse the source is, and in which direction."""
        s = self.spec.super_resolve
        return {"direction": s.direction, "factor": str(s.factor), "degradation": s.degradation}

    def facts(self, neighbours: int = 1) -> Facts:
        """What a generator is built for: slices across z, or across x where z is coarse."""
        facts = super().facts(neighbours)
        if not self.turns(neighbours):
            return facts
        return replace(facts, space=self._turned(self._first.case).reference.space[:2])

    def examples(self, split: Split, neighbours: int = 1) -> Examples:
        """Slices of a split that show the subject."""
        if not self.turns(neighbours):
            return super().examples(split, neighbours)
        return self._slices(split, neighbours, self._turned, lambda case: np.swapaxes(self.mask(case), 0, 2))

    def condition(self, request: Request, neighbours: int = 1) -> Batch:
        """All slices of the coarse image."""
        pairs = self._turned if self.turns(neighbours) else self.pairs
        return Batch(source=self.shown(pairs(request.reference_case).source, request.reference_case, neighbours))

    def image(self, request: Request, generated: Tensor) -> Image:
        """The slices as one image on the fine grid."""
        if not self.through or generated.ndim == WHOLE_AXES:
            return super().image(request, generated)
        pair = self.pairs(request.reference_case)
        pixels = np.swapaxes(np.moveaxis(generated.numpy(), 0, -1), 1, 3)
        physical = np.ascontiguousarray(self.scale.to_physical(pixels), dtype=np.float32)
        return pair.reference.with_pixels(physical)

    def _unmasked(self, case: Case) -> Image:
        """The coarse image: what is known when the fine one is to be made."""
        fine = self.store.image(case, self.roles()[0])
        if self.through and len(fine.space) != 3:
            raise ImageError(case.case, "is a picture, which has no slices", remedy="Write direction = 'in-plane'.")
        factors, how = self.factors(len(fine.space)), self.spec.super_resolve.degradation
        planes = [lower_resolution(channel, factors, how, case.case) for channel in fine.pixels]
        return fine.with_pixels(np.stack(planes))

    def _turn_pair(self, case: str) -> Pair:
        pair = self.pairs(case)
        return Pair(_across_x(pair.source), _across_x(pair.reference))


def _across_x(image: Image) -> Image:
    """Return the volume with x as its last axis, for cutting slices alone: it has no place in the world."""
    return Image(np.ascontiguousarray(np.swapaxes(image.pixels, 1, 3)), unit=image.unit, subject=image.subject)
