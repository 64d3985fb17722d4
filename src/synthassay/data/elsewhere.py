"""Real images from elsewhere, by which a study is checked: found, told apart from its own, brought to its roles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from synthassay.data.cohorts import data_hashes, load_cohort
from synthassay.data.store import ImageStore
from synthassay.errors import DataError
from synthassay.images.image import Image
from synthassay.records.cohort import Case, Cohort
from synthassay.records.spec import DataSpec, ExternalSpec, StudySpec
from synthassay.records.vocabulary import Role, Split

SAME_SPACING = 0.02
"""Relative difference of voxel sizes that is let pass: what headers round."""
_COUNTED = re.compile(r"(?:case|image)-\d+")


@dataclass(frozen=True)
class Elsewhere:
    """What an external check rests on.

    Attributes:
        cohort: Its cases, all external, in the roles of the study.
        spacing_mm: Spacing that its images are resampled to; empty where they stay as they are.
        own_spacing_mm: Spacing that they have themselves.
    """

    cohort: Cohort
    spacing_mm: tuple[float, ...]
    own_spacing_mm: tuple[float, ...]


def load_elsewhere(spec: StudySpec, cohort: Cohort, *, folder: Path) -> Elsewhere:
    """Return the images that ``[external]`` names, in the roles of ``[data]`` and none of them learnt from.

    Args:
        spec: The study, with an ``[external]`` table and ``[data]`` input and image.
        cohort: The study's own cohort.
        folder: Folder of the study file, which ``path`` is relative to.

    Raises:
        DataError: They cannot be found or read, lack a role, differ in unit, channels or spacing from the study's, or a
            subject or a file is the study's own.
        UnknownName: No source has the name.
    """
    external = spec.external
    assert external is not None
    roles = {spec.data.input: external.input or spec.data.input, spec.data.image: external.image or spec.data.image}
    if len(set(roles.values())) < len(roles):
        remedy = "Name the role translated from and the one translated to."
        raise DataError("[external] input", "is the role of the image itself", value=external.input, remedy=remedy)
    found = _load(spec, external, roles, folder)
    _require_others(found, cohort)
    cases = tuple(_in_roles(case, roles, external.mask) for case in found.cases)
    renamed = found.model_copy(
        update={"cases": cases, "split": dict.fromkeys(found.split, Split.EXTERNAL), "split_rule": "external"}
    )
    spacing = _require_alike(spec, external, renamed, cohort)
    return Elsewhere(renamed, spacing, found.spacing_mm)


def _load(spec: StudySpec, external: ExternalSpec, roles: dict[str, str], folder: Path) -> Cohort:
    given = external.model_dump(include={"source", "path", "layout", "subjects", "mask", "subject"})
    data = DataSpec(
        **given,
        input=roles[spec.data.input],
        image=roles[spec.data.image],
        split="subject",
        fractions=(0.0, 0.0, 1.0),
        window=spec.data.window,
    )
    try:
        return load_cohort(data, spec.modality, spec.seed, folder=folder)
    except DataError as problem:
        where = problem.where.replace("[data]", "[external]")
        where = where if where.startswith("[external]") else f"[external]: {where}"
        remedy = (problem.remedy or "").replace("[data]", "[external]")
        raise DataError(where, problem.what, value=problem.value, remedy=remedy) from None


def _in_roles(case: Case, roles: dict[str, str], mask: str) -> Case:
    images = {own: case.images[theirs] for own, theirs in roles.items()}
    outline = mask or Role.MASK.value
    if outline in case.images:
        images[Role.MASK.value] = case.images[outline]
    return case.model_copy(update={"images": images})


def _require_others(found: Cohort, cohort: Cohort) -> None:
    """Refuse subjects and files of the study itself; names that were only counted prove nothing, files do."""
    both = sorted({case.subject for case in found.cases} & {case.subject for case in cohort.cases})
    both = [subject for subject in both if not _COUNTED.fullmatch(subject)]
    if both:
        what = f"{len(both)} subject(s) are in the study's own data too, and so are not external"
        remedy = "Leave them out, or give subjects of different sources different names."
        raise DataError("[external]", what, value=", ".join(both[:5]), remedy=remedy)
    own = {digest: name for name, digest in data_hashes(cohort).items()}
    same = sorted(name for name, digest in data_hashes(found).items() if digest in own)
    if same:
        what = f"{len(same)} file(s) are the study's own, byte by byte"
        raise DataError("[external]", what, value=", ".join(same[:5]), remedy="Name images from elsewhere.")


def _require_alike(spec: StudySpec, external: ExternalSpec, found: Cohort, cohort: Cohort) -> tuple[float, ...]:
    """Refuse images that differ in kind from the study's; return the spacing to resample to, where they are to be."""
    for role in (spec.data.input, spec.data.image):
        theirs, ours = _first(found, role), _first(cohort, role)
        for what, one, other in (
            ("the unit", theirs.unit.value, ours.unit.value),
            ("channels", len(theirs.pixels), len(ours.pixels)),
            ("spatial axes", len(theirs.space), len(ours.space)),
        ):
            if one != other:
                remedy = "Convert them, or check [external] input and image."
                text = f"images of role {role} have {what} {one}, and the study's {other}"
                raise DataError("[external]", text, remedy=remedy)
    theirs, ours = _first(found, spec.data.input), _first(cohort, spec.data.input)
    own, wanted = theirs.geometry.spacing_mm, ours.geometry.spacing_mm
    if _near(own, wanted):
        return ()
    if external.spacing == "given":
        text = f"images have a spacing of {_words(own)}, and the study's {_words(wanted)}"
        remedy = "Set [external] spacing = 'study' to have them resampled, or resample the files."
        raise DataError("[external] spacing", text, remedy=remedy)
    if not own or not wanted:
        text = f"images cannot be resampled from {_words(own)} to {_words(wanted)}"
        raise DataError("[external] spacing", text, remedy="State the spacing in the files.")
    return wanted


def _first(cohort: Cohort, role: str) -> Image:
    case = next((case for case in cohort.cases if role in case.images), None)
    if case is None:
        raise DataError("[external]", "the study has no image of this role to compare with", value=role)
    return ImageStore(cohort).image(case, role)


def _near(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    same = len(one) == len(other)
    return same and all(abs(a - b) <= SAME_SPACING * b for a, b in zip(one, other, strict=True))


def _words(spacing_mm: tuple[float, ...]) -> str:
    return f"{' x '.join(f'{value:g}' for value in spacing_mm)} mm" if spacing_mm else "unknown size"
