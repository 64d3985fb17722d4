"""Unpaired translation: from one contrast or modality to another, learnt from images of different subjects."""

from __future__ import annotations

from typing import ClassVar

from synthassay.errors import Fault, SpecError
from synthassay.records.cohort import Cohort
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Split
from synthassay.tasks.base import TASKS
from synthassay.tasks.unpaired import Shown, UnpairedTask


@TASKS.add("translate_unpaired")
class TranslateUnpaired(UnpairedTask):
    """Make an image of role ``[data] image`` from one of role ``[data] input``, with no pair to learn from.

    Where a training subject has both, every second subject gives its source alone and the others their target alone.
    Where the cases to be synthesised have both, the target is the reference.
    """

    name: ClassVar[str] = "translate_unpaired"
    baselines: ClassVar[tuple[str, ...]] = ("identity", "histogram_matching")

    def __init__(self, spec: StudySpec, cohort: Cohort) -> None:
        data = spec.data
        faults = [
            Fault(f"data.{field}", "is needed to translate", None, f"Name the role, e.g. {example!r}.")
            for field, example in (("input", "t1"), ("image", "ct"))
            if not getattr(data, field)
        ]
        if data.input and data.input == data.image:
            faults.append(Fault("data.input", "is the image to synthesise itself", data.input, "Name another role."))
        if faults:
            raise SpecError("study", faults)
        super().__init__(spec, cohort)

    @property
    def target(self) -> str:
        """The role translated to."""
        return self.spec.data.image

    def shown(self, split: Split) -> list[Shown]:
        """Images of both roles; a role is a domain."""
        roles = (self.spec.data.input, self.spec.data.image)
        return [Shown(case, role, role) for case in self.cohort.of(split) for role in roles if role in case.images]

    def reference_of(self, source: Shown) -> Shown | None:
        """The same case's image of the target role."""
        return Shown(source.case, self.target, self.target) if self.target in source.case.images else None
