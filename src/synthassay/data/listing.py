"""Cases found in files, before they are split."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from synthassay.errors import DataError
from synthassay.records.cohort import Case
from synthassay.records.vocabulary import Role, Split

TRUTH_ROLES = frozenset({Role.MASK.value, Role.LESION.value, Role.STRUCTURES.value})


@dataclass(frozen=True)
class Fields:
    """Columns or arrays that the study file names; an empty name means the layout's own.

    Attributes:
        label: Holds the class.
        subject: Holds the subject; for a plain folder a regular expression with one group.
        site: Holds the site.
        split: Holds the given split.
        declared: List what the data say, even what no study may use: names that occur twice, files that are missing,
            split names of any wording. Columns with usual names (``patient``, ``filename``) are understood too.
    """

    label: str = ""
    subject: str = ""
    site: str = ""
    split: str = ""
    declared: bool = False


@dataclass(frozen=True)
class Listing:
    """Cases found in files.

    Attributes:
        root: Folder that every locator is relative to.
        found_as: How they were found, in words: ``BIDS folder``, ``npz (MedMNIST)``.
        given: Case identifier to the split that the data state.
        excluded: Case identifier or file to the reason for which it is not a case.
        notes: What a reader of the report must know about how the cases were found.
        structure_names: Label of a structure to its name, where the data say.
        words: Case identifier to its split in the words of the data: ``val``, where ``given`` says validation.
        shown: Case identifier to the name by which whoever owns the data knows it: a path, a file name.
        alone: Cases whose data name no subject, so that they count as a subject each.
        facts: Case identifier to what else a table says about it: ``study``, ``series``, ``date``.
    """

    root: Path
    cases: tuple[Case, ...]
    found_as: str
    given: dict[str, Split] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    structure_names: dict[int, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()
    facts: dict[str, dict[str, str]] = field(default_factory=dict)

    def picture_roles(self) -> tuple[str, ...]:
        """Roles that are pictures (not masks or label maps), most frequent first, then by name."""
        counts = Counter(role for case in self.cases for role in case.images if role not in TRUTH_ROLES)
        return tuple(sorted(counts, key=lambda role: (-counts[role], role)))


def case_name(text: str, instead: str = "") -> str:
    """Return ``text`` as a case identifier: only letters, digits and ``._+-``, beginning with a letter or digit.

    Args:
        text: Any name.
        instead: What to call a case whose name has no such letter or digit; where absent, it is refused.

    >>> case_name("normal/IM 0115")
    'normal-IM-0115'
    """
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", text).lstrip("._+-")[:128].rstrip("-") or instead
    if not name:
        raise DataError(text, "has no letter or digit that could name a case", remedy="Rename the file or the case.")
    return name


USUAL_NAMES = {
    "case": (
        "case",
        "case_id",
        "image_id",
        "filename",
        "file_name",
        "name",
        "id",
        "image_ids",
        "filenames",
        "ids",
        "names",
    ),
    "subject": (
        "subject",
        "patient",
        "subject_id",
        "patient_id",
        "participant_id",
        "subjects",
        "patients",
        "patient_ids",
        "slide",
    ),
    "session": ("session", "visit"),
    "site": ("site", "institution", "hospital", "center", "centre"),
    "scanner": ("scanner", "model", "manufacturer_model_name"),
    "label": ("label", "labels", "class", "diagnosis", "y"),
    "split": ("split", "splits", "set", "partition", "fold"),
    "study": ("study_instance_uid", "study_uid", "study_id"),
    "series": ("series_instance_uid", "series_uid", "series_id"),
    "date": ("date", "acquisition_date", "study_date", "acquired"),
}


def usual_name(what: str, names: Iterable[str]) -> str:
    """Return which of some columns or arrays usually holds a fact; empty where none does.

    >>> usual_name("subject", ["image", "PatientID"])
    'PatientID'
    """
    plain = {name.lower().replace("_", "").replace(" ", ""): name for name in names}
    usual = (name.replace("_", "") for name in USUAL_NAMES[what])
    return next((plain[name] for name in usual if name in plain), "")


def told_apart(names: Sequence[str]) -> list[str]:
    """Return names of which none occurs twice: the second of a name gets ``+2``.

    >>> told_apart(["a", "b", "a"])
    ['a', 'b', 'a+2']
    """
    taken: set[str] = set(names)
    met: set[str] = set()
    found = []
    for name in names:
        own, count = name, 1
        while own in met or (count > 1 and own in taken):
            count += 1
            own = f"{name[:120]}+{count}"
        met.add(own)
        found.append(own)
    return found


def refuse_twins(names: Sequence[str], where: str, remedy: str) -> None:
    """Refuse case identifiers that occur twice.

    Raises:
        DataError: Some do; the message names up to five.
    """
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        more = ", …" if len(twice) > 5 else ""
        shown = ", ".join(twice[:5]) + more
        raise DataError(where, f"{len(twice)} case(s) are listed twice", value=shown, remedy=remedy)
