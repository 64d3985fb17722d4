"""What tasks that learn from pairs share: a source, its reference, and whole volumes made slice by slice."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np
from torch import Tensor

from synthassay.data.image_set import Entry, ImageSet
from synthassay.data.store import ImageStore
from synthassay.data.subgroups import groups_of
from synthassay.errors import DataError, Fault, ImageError, SpecError
from synthassay.images.image import Image
from synthassay.images.intensity import IntensityScale
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.randomness import derive
from synthassay.records.cohort import Case, Cohort
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Role, Split, Unit
from synthassay.shapes import SpatialMask
from synthassay.tasks.base import Request, Task
from synthassay.tasks.foreground import foreground
from synthassay.tasks.patches import PatchExamples, require_room
from synthassay.tasks.slices import (
    WHOLE,
    Pair,
    PairMemory,
    SliceExamples,
    every_slice,
    joined,
    require_size,
    shown_slices,
)
from synthassay.tasks.units import stored_type, window


class PairedTask(Task):
    """A source image becomes the image that a real reference shows.

    Volumes are made slice by slice along z, their last axis, or whole by generators with ``neighbours = 0``. Slices
    that show only background are left out of the examples, never out of what is synthesised.
    """

    paired = True
    conditioned_on = "image"

    def __init__(self, spec: StudySpec, cohort: Cohort) -> None:
        super().__init__(spec, cohort)
        self.store = ImageStore(cohort, size=spec.data.size)
        self.pairs = PairMemory(lambda case: self._checked_pair(self._cases[case]))

    @abstractmethod
    def roles(self) -> tuple[str, ...]:
        """Roles that a case must have to be used."""

    @abstractmethod
    def pair(self, case: Case) -> Pair:
        """Read a case's source and reference, in the unit in which images are given."""

    @abstractmethod
    def words(self, case: Case) -> dict[str, str]:
        """The condition in words, for the manifest."""

    @property
    def data_range(self) -> tuple[float, float]:
        """Lowest and highest value that a synthetic image can have, in the unit in which images are given."""
        return self.scale.low, self.scale.high

    @cached_property
    def scale(self) -> IntensityScale:
        """Physical values to the model's [-1, 1]; one scale for source and target."""
        case = self._first
        unit, stored = self.pairs(case.case).reference.unit, stored_type(self.cohort, case.images[self.roles()[-1]])
        return IntensityScale(*window(self.spec, unit, stored, case.case))

    @property
    def source_scale(self) -> IntensityScale:
        """The source's values to [-1, 1]."""
        return self.scale

    def facts(self, neighbours: int = 1) -> Facts:
        """What a generator is built for; ``neighbours`` slices of a volume stand as source channels, 0 is all at once.

        Raises:
            SpecError: Several neighbours are asked of pictures, or an even number other than 0.
        """
        pair = self.pairs(self._first.case)
        if neighbours == WHOLE:
            space = self.spec.sampling.patch or pair.reference.space
            return Facts(len(pair.reference.pixels), len(pair.source.pixels), (), space)
        if neighbours % 2 == 0 or (neighbours > 1 and len(pair.source.space) == 2):
            what = "must be odd" if neighbours % 2 == 0 else "must be 1, because pictures have no neighbouring slices"
            raise SpecError("study", [Fault("generators.neighbours", what, neighbours, "Change neighbours.")])
        channels = len(pair.reference.pixels)
        return Facts(channels, neighbours * len(pair.source.pixels), (), pair.reference.space[:2])

    def examples(self, split: Split, neighbours: int = 1) -> Examples:
        """Slices of a split that show the subject, on the model's scale."""
        return self._slices(split, neighbours, self.pairs, self.mask)

    def requests(self) -> tuple[Request, ...]:
        """One whole image for each case of the sampling split.

        Raises:
            DataError: The split has no case with the roles that the task needs.
        """
        split = Split(self.spec.sampling.split)
        cases = self.cases(split)
        if not cases:
            remedy = "Choose another [sampling] split, or give this split subjects that have these images."
            raise DataError(f"split {split}", f"has no case with {' and '.join(self.roles())}", remedy=remedy)
        return tuple(
            Request(
                case=f"syn-{case.case}",
                seed=derive(self.spec.seed, "synthesise", case.case),
                condition={"source": case.case, **self.words(case)},
                reference_case=case.case,
                source_subjects=(case.subject,),
            )
            for case in cases
        )

    def condition(self, request: Request, neighbours: int = 1) -> Batch:
        """All slices of the request's source, in order, as one batch."""
        return Batch(source=self.shown(self.pairs(request.reference_case).source, request.reference_case, neighbours))

    def shown(self, source: Image, case: str, neighbours: int) -> Tensor:
        """A source as generators see it: all of its slices in order, or the whole of it, to be cut into patches or not.

        Raises:
            ImageError: It is to be seen whole and has another size than the first; or a patch does not fit into it.
        """
        if neighbours == WHOLE and self.spec.sampling.patch:
            require_room(source.space, self.spec.sampling.patch, case)
        elif neighbours == WHOLE:
            require_size(source, self.pairs(self._first.case).reference.space, case)
        return every_slice(source, neighbours, self.source_scale)

    def image(self, request: Request, generated: Tensor) -> Image:
        """The generated slices as one float32 image on the source's grid, in the reference's unit."""
        pair = self.pairs(self.case_of(request))
        pixels = joined(generated.numpy(), len(pair.source.space))
        physical = np.ascontiguousarray(self.scale.to_physical(pixels), dtype=np.float32)
        return Image(
            physical, pair.source.geometry, pair.reference.unit, pair.source.subject, dict(pair.reference.meta)
        )

    def case_of(self, request: Request) -> str:
        """The real case on whose grid the request's image lies."""
        return request.reference_case

    def real(self, role: str, split: Split) -> ImageSet:
        """Real images of a split in the order of ``requests``, on the same grid and in the same unit.

        Args:
            role: ``source``, ``reference``, ``mask``, or any further role of the cohort (``lesion``, ``structures``);
                cases that lack a further role are left out, so align these by case.
            split: Whose images.

        Raises:
            DataError: No case of the cohort has this role.
        """
        cases = self.cases(split)
        if role not in (Role.SOURCE, Role.REFERENCE, Role.MASK):
            if not any(role in case.images for case in self.cohort.cases):
                known = sorted({name for case in self.cohort.cases for name in case.images})
                raise DataError("cohort", f"has no image of role {role!r}", remedy=f"It has: {', '.join(known)}.")
            cases = [case for case in cases if role in case.images]
        entries = tuple(
            Entry(
                case.case,
                case.subject,
                lambda case=case: self._real(role, case),  # type: ignore[misc]
                case.label,
                case.site,
                groups=groups_of(case),
            )
            for case in cases
        )
        return ImageSet(split.value, entries)

    def cases(self, split: Split) -> list[Case]:
        """Cases of a split that have the roles the task needs, in cohort order."""
        return [case for case in self.cohort.of(split) if all(role in case.images for role in self.roles())]

    def mask(self, case: Case) -> SpatialMask:
        """Where the subject is: the cohort's mask, else derived from the source (see ``foreground``).

        Raises:
            ImageError: The mask is empty.
        """
        role = self.spec.data.mask or Role.MASK.value
        if role in case.images:
            found: SpatialMask = np.any(self.store.image(case, role).pixels > 0, axis=0)
            if not found.any():
                raise ImageError(f"{case.case}: {role}", "is empty, so there is nowhere to measure")
            return found
        return foreground(self._unmasked(case), case.case)

    def _slices(
        self, split: Split, neighbours: int, pairs: Callable[[str], Pair], mask: Callable[[Case], SpatialMask]
    ) -> Examples:
        """Slices along the last axis of ``pairs`` in which ``mask`` shows anything; or volumes, whole or in patches."""
        if neighbours == WHOLE and self.spec.sampling.patch:
            return self.blocks(pairs, ((case.case, mask(case)) for case in self.cases(split)))
        places = []
        for case in self.cases(split):
            shown = shown_slices(mask(case), neighbours)
            places += [(case.case, at) for at in shown]
        subjects = {case.case: case.subject for case in self.cohort.cases}
        return SliceExamples(pairs, places, subjects, self.scale, neighbours, self.source_scale)

    def blocks(self, pairs: Callable[[str], Pair], shown: Iterable[tuple[str, SpatialMask]]) -> PatchExamples:
        """Patches of volumes by key, a case's name that may be followed by ``#`` and a number."""
        where, subject = dict(shown), {case.case: case.subject for case in self.cohort.cases}
        subjects = {key: subject[key.partition("#")[0]] for key in where}
        scales, side = (self.source_scale, self.scale), self.spec.sampling.patch
        return PatchExamples(pairs, where.items(), subjects, side, scales, self.spec.seed)

    def _unmasked(self, case: Case) -> Image:
        """The image that a mask is derived from; known at synthesis time, so never the one to be predicted."""
        return self.store.image(case, self.roles()[0])

    def _real(self, role: str, case: Case) -> Image:
        if role == Role.MASK:
            return Image(self.mask(case)[None], self.pairs(case.case).reference.geometry, Unit.LABEL, case.subject)
        if role in (Role.SOURCE, Role.REFERENCE):
            pair = self.pairs(case.case)
            return pair.source if role == Role.SOURCE else pair.reference
        return self.store.image(case, role)

    def _checked_pair(self, case: Case) -> Pair:
        pair = self.pair(case)
        if pair.source.space != pair.reference.space:
            what = f"source {pair.source.space} and reference {pair.reference.space} lie on different grids"
            raise ImageError(case.case, what, remedy="Register and resample them to one grid first.")
        return pair

    @cached_property
    def _cases(self) -> dict[str, Case]:
        return {case.case: case for case in self.cohort.cases}

    @cached_property
    def _first(self) -> Case:
        for case in self.cohort.cases:
            if all(role in case.images for role in self.roles()):
                return case
        known = sorted({name for case in self.cohort.cases for name in case.images})
        remedy = f"Set [data] input and image to roles that the cohort has: {', '.join(known)}."
        raise DataError("cohort", f"has no case with {' and '.join(self.roles())}", remedy=remedy)
