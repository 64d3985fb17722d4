"""Cases and the split that is keyed by subject, so that no subject can stand on two sides."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from synthassay.records.base import Record
from synthassay.records.vocabulary import Split


class Locator(Record):
    """Where one image lies: a file, and inside it an array key and an index where the file holds many.

    Attributes:
        path: File path relative to the cohort's root, with forward slashes; never leaves that root.
        key: Array name inside an ``.npz``, or DICOM SeriesInstanceUID inside a folder.
        index: Position along the array's first axis; None for the whole array.
    """

    path: str
    key: str = ""
    index: int | None = None

    def __str__(self) -> str:
        inside = f"::{self.key}" if self.key else ""
        return f"{self.path}{inside}" + (f"[{self.index}]" if self.index is not None else "")


class Case(Record):
    """One thing that is synthesised, measured or read.

    Attributes:
        case: Identifier, unique in the cohort and safe in a file name; never a patient's name.
        subject: Whose image it is; splits and intervals are by subject.
        images: Role (see ``Role`` and contrast names such as ``t1``) to where the image lies.
        label: Class name, where the cohort has classes.
        groups: Subgroup to the patient's value, such as sex and age band, where the data say; not written, because it
            changes neither who is in the cohort nor what is learnt from them.
    """

    case: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=128)
    subject: str = Field(min_length=1)
    session: str = ""
    site: str = ""
    scanner: str = ""
    label: str = ""
    images: dict[str, Locator]
    groups: dict[str, str] = Field(default_factory=dict, exclude=True)


class Cohort(Record):
    """The cases of a study and the split by subject.

    Attributes:
        root: Absolute folder that every locator is relative to.
        split: Subject to split. A mapping has one value per key: no subject can cross.
        source: Name of the known source, or how the cases were found.
        structure_names: Label in the label maps to the structure's name, where the data say; not written, because it
            changes neither who is in the cohort nor what is learnt from them.
        excluded: Case identifier to the reason for which it was left out.
        proof: Counts and set arithmetic that show that the splits are disjoint by subject.
    """

    root: str
    source: str
    cases: tuple[Case, ...]
    split: dict[str, Split]
    split_rule: str
    spacing_mm: tuple[float, ...] = ()
    unit: str
    classes: tuple[str, ...] = ()
    licence: str = ""
    citation: str = ""
    structure_names: dict[int, str] = Field(default_factory=dict, exclude=True)
    excluded: dict[str, str] = {}
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [case.case for case in self.cases]
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})[:5]
            raise ValueError(f"case identifiers are not unique: {', '.join(twice)}")
        missing = sorted({case.subject for case in self.cases} - self.split.keys())
        if missing:
            raise ValueError(f"subjects without a split: {', '.join(missing[:5])}")
        return self

    def of(self, *splits: Split) -> tuple[Case, ...]:
        """Return the cases whose subject is in one of ``splits``, in cohort order."""
        return tuple(case for case in self.cases if self.split[case.subject] in splits)

    def subjects(self, split: Split) -> tuple[str, ...]:
        """Return the subjects of a split, sorted."""
        used = {case.subject for case in self.cases}
        return tuple(sorted(s for s, where in self.split.items() if where == split and s in used))

    def proof(self) -> dict[str, int]:
        """Return the counts that show that no subject crosses: per split, in all, and pairwise overlaps (all 0)."""
        by_split = {split: {c.subject for c in self.of(split)} for split in Split}
        counts = {f"subjects in {split}": len(found) for split, found in by_split.items() if found}
        counts["subjects in all"] = len({case.subject for case in self.cases})
        present = [split for split in Split if by_split[split]]
        for i, one in enumerate(present):
            for other in present[i + 1 :]:
                counts[f"subjects in both {one} and {other}"] = len(by_split[one] & by_split[other])
        return counts
