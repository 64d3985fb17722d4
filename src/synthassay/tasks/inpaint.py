"""Inpainting: what was taken out of an image is filled in again; every known pixel stays exactly as it was."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from torch import Tensor

from synthassay.data.holes import ellipsoid_hole
from synthassay.errors import DataError
from synthassay.images.image import Image
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.randomness import stream
from synthassay.records.cohort import Case, Cohort
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Role, Split
from synthassay.shapes import SpatialMask
from synthassay.tasks.base import TASKS, Request
from synthassay.tasks.paired import PairedTask
from synthassay.tasks.slices import WHOLE, Pair, PairMemory, SliceExamples, shown_slices
from synthassay.tasks.units import is_relative, relative, stored_type

COLOURS = {1: ("image",), 3: ("red", "green", "blue")}


@TASKS.add("inpaint")
class Inpaint(PairedTask):
    """Fill a hole in a real image.

    The source is the image with the hole at the lowest value of the window, and one channel more that is 1 in the hole
    and -1 elsewhere. ``hole = "ellipsoid"`` takes a random place out of the subject, so that the real image is the
    known answer; each training case gives ``per_case`` holes, and measures look inside the hole alone.
    ``hole = "lesion"`` takes the patient's own lesion out: what was there before it grew nobody knows, so there is no
    reference, and sets of images are compared. It is learnt from ellipsoids that touch no lesion. Whatever a generator
    says, pixels outside the hole are the real ones, bit by bit.
    """

    name: ClassVar[str] = "inpaint"
    baselines: ClassVar[tuple[str, ...]] = ("harmonic", "biharmonic")
    table: ClassVar[str] = "inpaint"

    def __init__(self, spec: StudySpec, cohort: Cohort) -> None:
        super().__init__(spec, cohort)
        self.fills_lesions = spec.inpaint.hole == "lesion"
        self.paired = not self.fills_lesions
        self._holed = PairMemory(self._take_out)
        if self.fills_lesions and not any(Role.LESION in case.images for case in cohort.cases):
            remedy = "Give lesion masks in the role lesion, or write [inpaint] hole = 'ellipsoid'."
            raise DataError("cohort", "has no lesion to fill", remedy=remedy)

    def roles(self) -> tuple[str, ...]:
        """The image alone: the hole is made in it."""
        return (self.spec.data.image or Role.IMAGE.value,)

    def pair(self, case: Case) -> Pair:
        """Read the image; it is the reference, and the source before the hole."""
        image = self.store.image(case, self.roles()[0])
        if is_relative(self.spec, image.unit):
            image = relative(image, super().mask(case), f"{case.case}: {self.roles()[0]}")
        image = image.with_pixels(image.pixels.astype(np.float32))
        return Pair(image, image)

    def words(self, case: Case) -> dict[str, str]:
        """What was taken out."""
        return {"hole": self.spec.inpaint.hole}

    def facts(self, neighbours: int = 1) -> Facts:
        """What a generator is built for: the image's channels, and the hole."""
        plain = super().facts(neighbours)
        drawn = (*COLOURS.get(plain.channels, tuple(f"channel {i}" for i in range(plain.channels))), "hole")
        return replace(plain, source_channels=max(neighbours, 1) * len(drawn), drawn=drawn)

    def examples(self, split: Split, neighbours: int = 1) -> Examples:
        """Slices that a hole goes through, of ``per_case`` holes per case."""
        if neighbours == WHOLE and self.spec.sampling.patch:
            keys = [(case, k) for case in self.cases(split) for k in range(self.spec.inpaint.per_case)]
            return self.blocks(self._holed, ((f"{case.case}#{k}", self._learnt_hole(case, k)) for case, k in keys))
        places, subjects = [], {}
        for case in self.cases(split):
            for number in range(self.spec.inpaint.per_case):
                key = f"{case.case}#{number}"
                places += [(key, at) for at in shown_slices(self._learnt_hole(case, number), neighbours)]
                subjects[key] = case.subject
        return SliceExamples(self._holed, places, subjects, self.scale, neighbours, self.source_scale)

    def condition(self, request: Request, neighbours: int = 1) -> Batch:
        """All slices of the image with its hole."""
        pair = self._holed(request.condition["source"])
        return Batch(source=self.shown(pair.source, request.condition["source"], neighbours))

    def image(self, request: Request, generated: Tensor) -> Image:
        """The hole as the generator fills it, whole numbers where the real image holds them; the rest is the real."""
        made = super().image(request, generated)
        case = self._cases[self.case_of(request)]
        real = self.pairs(case.case).reference
        whole = np.issubdtype(stored_type(self.cohort, case.images[self.roles()[0]]), np.integer)
        filled = np.rint(made.pixels) if whole and not is_relative(self.spec, real.unit) else made.pixels
        return real.with_pixels(np.where(self.hole(case), filled, real.pixels))

    def case_of(self, request: Request) -> str:
        """The real case that is filled."""
        return request.condition["source"]

    def requests(self) -> tuple[Request, ...]:
        """One image for each case of the sampling split; for lesions, each case that has one."""
        found = super().requests()
        return tuple(replace(r, reference_case="") for r in found) if self.fills_lesions else found

    def cases(self, split: Split) -> list[Case]:
        """Cases with the image; where lesions are filled, those to be synthesised have a lesion."""
        found = super().cases(split)
        wanted = self.fills_lesions and split is Split(self.spec.sampling.split)
        return [case for case in found if Role.LESION in case.images] if wanted else found

    def hole(self, case: Case) -> SpatialMask:
        """What is taken out when the case is synthesised."""
        if not self.fills_lesions:
            return self._ellipsoid(case, "synthesise", 0)
        lesion: SpatialMask = self.store.image(case, Role.LESION).pixels[0] > 0
        return lesion

    def mask(self, case: Case) -> SpatialMask:
        """Where to measure: the hole, for all else is the real image; the subject, where lesions are filled."""
        return super().mask(case) if self.fills_lesions else self.hole(case)

    @property
    def compared_with(self) -> str:
        """Sets are compared with the images before the hole."""
        return Role.REFERENCE.value

    def _real(self, role: str, case: Case) -> Image:
        if role == Role.SOURCE:
            holed = self._holed(case.case).source
            return holed.with_pixels(holed.pixels[:-1])
        return super()._real(role, case)

    def _take_out(self, key: str) -> Pair:
        name, _, number = key.partition("#")
        case = self._cases[name]
        image = self.pairs(name).reference
        hole = self._learnt_hole(case, int(number)) if number else self.hole(case)
        low, high = self.scale.low, self.scale.high
        shown = np.where(hole, np.float32(low), image.pixels)
        told = np.where(hole, np.float32(high), np.float32(low))[None]
        return Pair(image.with_pixels(np.concatenate([shown, told])), image)

    def _learnt_hole(self, case: Case, number: int) -> SpatialMask:
        return self._ellipsoid(case, "learn", number)

    def _ellipsoid(self, case: Case, what_for: str, number: int) -> SpatialMask:
        key = (case.case, what_for, number)
        if key not in self._holes:
            rng = stream(self.spec.seed, "hole", case.case, what_for, number)
            lesion = self.store.image(case, Role.LESION).pixels[0] > 0 if Role.LESION in case.images else None
            subject = super().mask(case)
            self._holes[key] = np.packbits(ellipsoid_hole(subject, self.spec.inpaint.share, rng, lesion, case.case))
        space = self.pairs(case.case).reference.space
        return np.unpackbits(self._holes[key], count=int(np.prod(space))).astype(bool).reshape(space)

    @cached_property
    def _holes(self) -> dict[tuple[str, str, int], np.ndarray]:
        return {}
