"""Domains told by site, scanner or label: what stain normalisation and harmonisation share."""

from __future__ import annotations

from typing import ClassVar

from synthassay.errors import DataError, Fault, SpecError, did_you_mean
from synthassay.records.cohort import Case, Cohort
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Role, Split
from synthassay.tasks.unpaired import Shown, UnpairedTask


class AppearanceTask(UnpairedTask):
    """All images of one role, whose appearance depends on where they were made."""

    table: ClassVar[str] = "domains"

    def __init__(self, spec: StudySpec, cohort: Cohort) -> None:
        self.role = spec.data.image or Role.IMAGE.value
        known = sorted({getattr(case, spec.domains.by) for case in cohort.cases if self.role in case.images} - {""})
        if not known:
            remedy = "Name the column in [data] site, or say [domains] by = 'scanner'."
            raise DataError("cohort", f"does not say of any image which {spec.domains.by} it is from", remedy=remedy)
        if spec.domains.to not in known:
            what = f"is no {spec.domains.by} of this cohort" if spec.domains.to else "is needed: the look aimed at"
            remedy = did_you_mean(spec.domains.to, known)
            raise SpecError("study", [Fault("domains.to", what, spec.domains.to or None, remedy)])
        super().__init__(spec, cohort)

    @property
    def target(self) -> str:
        """The site, scanner or label aimed at."""
        return self.spec.domains.to

    def shown(self, split: Split) -> list[Shown]:
        """Images whose domain is known."""
        cases = [case for case in self.cohort.of(split) if self.role in case.images and self._domain(case)]
        return [Shown(case, self.role, self._domain(case)) for case in cases]

    def reference_of(self, source: Shown) -> Shown | None:
        """The same subject's image in the target domain, where there is one and it has the source's size."""
        for case in self.cohort.cases:
            same = case.subject == source.case.subject and case.session == source.case.session
            if same and self._domain(case) == self.target and self.role in case.images:
                found = Shown(case, self.role, self.target)
                return found if self._size(found) == self._size(source) else None
        return None

    def _domain(self, case: Case) -> str:
        return str(getattr(case, self.spec.domains.by))

    def _size(self, shown: Shown) -> tuple[int, ...]:
        return self.store.image(shown.case, shown.role).space
