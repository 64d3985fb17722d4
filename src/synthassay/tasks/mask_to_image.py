"""From a label map to an image: new images of training patients' anatomy, bent, each with its label map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from torch import Tensor

from synthassay.data.image_set import ImageSet
from synthassay.errors import DataError, ImageError
from synthassay.images.deformation import faded, moved_labels, moved_pixels, smooth_displacement
from synthassay.images.image import Image
from synthassay.images.intensity import IntensityScale
from synthassay.networks.batch import Batch, Facts
from synthassay.randomness import derive, stream
from synthassay.records.cohort import Case
from synthassay.records.vocabulary import Role, Split, Unit
from synthassay.shapes import Spatial
from synthassay.tasks.base import TASKS, Request
from synthassay.tasks.paired import PairedTask
from synthassay.tasks.slices import Pair, every_slice
from synthassay.tasks.units import is_relative, relative, stored_type

SMOOTHNESS_MM = 8.0
"""SD of the Gaussian that smooths the field: organs bend as a whole, and 4 mm of displacement do not fold it."""
FADED_OVER = 3.0
"""Distance, in displacements, over which the field dies away towards the outline of the subject."""

CASES_LOOKED_AT = 20


@dataclass(frozen=True)
class Bent:
    """A training case after a deformation: its label map, and its image moved along."""

    structures: Spatial
    image: Image


@TASKS.add("mask_to_image")
class MaskToImage(PairedTask):
    """Make ``[sampling] per_case`` images for the bent label map of each training case.

    It is learnt from the training cases' own label maps and images. The source has one channel for where the subject
    is and one per structure, each 1 inside and -1 outside. For synthesis, each label map is moved by a smooth random
    field of ``[sampling] deformation_mm`` that dies away towards the subject's outline: no patient has that anatomy,
    so there is no real image to compare one by one with, and the label map is exact by construction.
    """

    name: ClassVar[str] = "mask_to_image"
    paired = False
    conditioned_on = "structures"
    baselines: ClassVar[tuple[str, ...]] = ("linear_regression", "deformed_real")
    _last: tuple[str, Bent] | None = None

    def roles(self) -> tuple[str, ...]:
        """The label map, and the image to make."""
        return Role.STRUCTURES.value, self.spec.data.image or Role.IMAGE.value

    @cached_property
    def labels(self) -> tuple[int, ...]:
        """Labels of the structures in the training cases' label maps, 0 apart.

        Raises:
            DataError: The label maps of the training cases are empty.
        """
        found: set[int] = set()
        for case in self.cases(Split.TRAIN):
            found |= {int(label) for label in np.unique(self.store.image(case, Role.STRUCTURES).pixels)}
        if not found - {0}:
            remedy = "Give label maps in the role structures, with whole numbers above 0 for structures."
            raise DataError("cohort", "has no structure drawn on any training case", remedy=remedy)
        return tuple(sorted(found - {0}))

    @cached_property
    def outside(self) -> float | None:
        """The one value that training images hold outside the subject, where there is such a value."""
        found: set[float] = set()
        for case in self.cases(Split.TRAIN)[:CASES_LOOKED_AT]:
            beyond = self.pairs(case.case).reference.pixels[:, ~self.mask(case)]
            found |= {float(beyond.min()), float(beyond.max())} if beyond.size else set()
        return found.pop() if len(found) == 1 else None

    @property
    def source_scale(self) -> IntensityScale:
        """Not drawn and drawn to -1 and 1."""
        return IntensityScale(0.0, 1.0)

    def facts(self, neighbours: int = 1) -> Facts:
        """What a generator is built for, and what each source channel of a slice shows."""
        names = self.cohort.structure_names
        drawn = ("subject", *(names.get(label, f"label {label}") for label in self.labels))
        return replace(super().facts(neighbours), drawn=drawn)

    def pair(self, case: Case) -> Pair:
        """Read the label map, as channels, and the image; MR in relative units."""
        image = self.store.image(case, self.roles()[-1])
        if is_relative(self.spec, image.unit):
            image = relative(image, self.mask(case), f"{case.case}: {self.roles()[-1]}")
        return Pair(self._channels(self._structures(case), case, image), image)

    def words(self, case: Case) -> dict[str, str]:
        """How far the label map is bent."""
        return {"deformation_mm": f"{self.spec.sampling.deformation_mm:g}"}

    def requests(self) -> tuple[Request, ...]:
        """``per_case`` images for each training case, case by case; each has its own deformation.

        Raises:
            DataError: No training case has both a label map and an image.
        """
        cases = self.cases(Split.TRAIN)
        if not cases:
            raise DataError("split train", f"has no case with {' and '.join(self.roles())}")
        return tuple(
            Request(
                case=f"syn-{case.case}-{i:03d}",
                seed=derive(self.spec.seed, "synthesise", case.case, i),
                condition={"structures": case.case, **self.words(case)},
                source_subjects=(case.subject,),
            )
            for case in cases
            for i in range(self.spec.sampling.per_case)
        )

    def condition(self, request: Request, neighbours: int = 1) -> Batch:
        """All slices of the bent label map, or it whole; beside them, the bent image for the baseline that shows it."""
        bent = self._bent(request)
        source = self._channels(bent.structures, self._cases[self.case_of(request)], bent.image)
        return Batch(
            source=self.shown(source, self.case_of(request), neighbours),
            deformed=every_slice(bent.image, min(neighbours, 1), self.scale),
        )

    def image(self, request: Request, generated: Tensor) -> Image:
        """The generated slices on the training case's grid; whole numbers where real images hold them.

        Outside the subject they hold what all real images hold there, where that is one value: nobody scanned there.
        """
        image = super().image(request, generated)
        case = self._cases[self.case_of(request)]
        if self.outside is not None:
            image = image.with_pixels(np.where(self.mask(case), image.pixels, np.float32(self.outside)))
        whole = np.issubdtype(stored_type(self.cohort, case.images[self.roles()[-1]]), np.integer)
        if whole and not is_relative(self.spec, image.unit):
            return image.with_pixels(np.rint(image.pixels))
        return image

    def drawing(self, request: Request) -> Image:
        """The bent label map that the image was made from."""
        bent = self._bent(request)
        return Image(bent.structures[None], bent.image.geometry, Unit.LABEL, bent.image.subject)

    def case_of(self, request: Request) -> str:
        """The training case whose label map was bent."""
        return request.condition["structures"]

    def real(self, role: str, split: Split) -> ImageSet:
        """Real images of a split as generators see them, or what is drawn on them."""
        return super().real(Role.REFERENCE if role in (Role.IMAGE, self.roles()[-1]) else role, split)

    def _unmasked(self, case: Case) -> Image:
        return self.store.image(case, self.roles()[-1])

    def _structures(self, case: Case) -> Spatial:
        drawn: Spatial = self.store.image(case, Role.STRUCTURES).pixels[0].astype(np.int32)
        return drawn

    def _channels(self, structures: Spatial, case: Case, image: Image) -> Image:
        """One channel for where the subject is, and one per structure: 0 or 1."""
        planes = [self.mask(case), *(structures == label for label in self.labels)]
        return image.with_pixels(np.stack(planes).astype(np.uint8), unit=Unit.LABEL)

    def _bent(self, request: Request) -> Bent:
        """The case of a request after its deformation; the last one is kept, because it is asked for three times."""
        if self._last is None or self._last[0] != request.case:
            self._last = request.case, self._bend(request)
        return self._last[1]

    def _bend(self, request: Request) -> Bent:
        case, far = self._cases[self.case_of(request)], self.spec.sampling.deformation_mm
        image, structures = self.pairs(case.case).reference, self._structures(case)
        if far == 0:
            return Bent(structures, image)
        spacing = image.geometry.spacing_mm
        if not spacing:
            remedy = "Give the spacing in the file's header or in a sidecar, or set [sampling] deformation_mm = 0."
            raise ImageError(case.case, "has no known spacing, so nothing can be bent by millimetres", remedy=remedy)
        within = self.mask(case)
        drawn = smooth_displacement(spacing, within, stream(request.seed, "deformation"), SMOOTHNESS_MM)
        field = faded(far * drawn, within, spacing, FADED_OVER * far)
        bent = np.where(within, moved_labels(structures, field, spacing), 0).astype(np.int32)
        return Bent(bent, image.with_pixels(moved_pixels(image.pixels, field, spacing, within)))
