"""Paired translation: from one contrast or modality to another of the same subject on the same grid."""

from __future__ import annotations

from typing import ClassVar

from synthassay.errors import Fault, SpecError
from synthassay.images.image import Image
from synthassay.images.intensity import IntensityScale
from synthassay.records.cohort import Case, Cohort
from synthassay.records.spec import StudySpec
from synthassay.tasks.base import TASKS
from synthassay.tasks.paired import PairedTask
from synthassay.tasks.slices import Pair
from synthassay.tasks.units import RELATIVE_WINDOW, is_relative, relative


@TASKS.add("translate")
class Translate(PairedTask):
    """Make the image of role ``[data] image`` from the image of role ``[data] input``.

    MR images of arbitrary unit are given in relative units: source and reference are each divided by their own 99.5th
    percentile inside the mask. The reference's percentile is used for the reference only; a synthetic image in the
    scanner's own units would need a scale that nothing at hand predicts.
    """

    name: ClassVar[str] = "translate"
    baselines: ClassVar[tuple[str, ...]] = ("identity", "linear_regression", "histogram_matching")

    def __init__(self, spec: StudySpec, cohort: Cohort) -> None:
        super().__init__(spec, cohort)
        data = spec.data
        faults = [
            Fault(
                f"data.{field}", "is needed to translate", None, f"Name the role to translate {way}, e.g. {example!r}."
            )
            for field, way, example in (("input", "from", "t1"), ("image", "to", "t2"))
            if not getattr(data, field)
        ]
        if data.input and data.input == data.image:
            faults.append(Fault("data.input", "is the image to synthesise itself", data.input, "Name another role."))
        if faults:
            raise SpecError("study", faults)

    @property
    def source_scale(self) -> IntensityScale:
        """The source's values to [-1, 1]: relative units where the target is in others, such as HU."""
        source, reference = (self.pairs(self._first.case).source, self.pairs(self._first.case).reference)
        return self.scale if source.unit == reference.unit else IntensityScale(*RELATIVE_WINDOW)

    def roles(self) -> tuple[str, ...]:
        """The role translated from, and the role translated to."""
        return self.spec.data.input, self.spec.data.image

    def pair(self, case: Case) -> Pair:
        """Read both images; MR in relative units."""
        source, reference = (self.store.image(case, role) for role in self.roles())
        return Pair(self._given(source, case, self.roles()[0]), self._given(reference, case, self.roles()[1]))

    def words(self, case: Case) -> dict[str, str]:
        """From which role to which."""
        return {"from": self.spec.data.input, "to": self.spec.data.image}

    def _given(self, image: Image, case: Case, role: str) -> Image:
        if not is_relative(self.spec, image.unit):
            return image
        return relative(image, self.mask(case), f"{case.case}: {role}")
