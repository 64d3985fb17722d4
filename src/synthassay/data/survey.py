"""One look at every image before anything is trained: readable, in one unit, on one grid, and not twice the same."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synthassay.data.listing import TRUTH_ROLES
from synthassay.data.store import ImageStore
from synthassay.errors import DataError, SynthassayError
from synthassay.images.geometry import require_same_grid
from synthassay.images.image import Image
from synthassay.records.cohort import Case
from synthassay.records.vocabulary import Split, Unit

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Look:
    """What one look at an image showed.

    Attributes:
        sha256: Of size, type and pixels; empty for a constant image, of which equal ones prove nothing.
    """

    case: str
    subject: str
    role: str
    channels: int
    space: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    mpp: float | None
    unit: Unit
    sha256: str


def survey(
    store: ImageStore, cases: Sequence[Case], roles: Sequence[str], progress: Progress | None = None
) -> list[Look]:
    """Read the images of the given roles once, and look at each.

    Raises:
        DataError: Some cannot be read, hold NaN, have an empty mask, or do not lie on the grid of their case's first
            role. The message lists up to ten of them with their reasons.
    """
    looks: list[Look] = []
    problems: list[SynthassayError] = []
    for done, case in enumerate(cases, start=1):
        first: Image | None = None
        for role in (role for role in roles if role in case.images):
            try:
                image = store.image(case, role)
                if first is not None:
                    require_same_grid(first, image, names=(f"case {case.case}: {roles[0]}", role))
            except SynthassayError as problem:
                problems.append(problem)
                continue
            first = image if first is None else first
            looks.append(_look(case, role, image))
        if progress:
            progress(done, len(cases))
    if problems:
        raise _unusable(problems, len(cases))
    return looks


def check_grid(looks: Sequence[Look], *, resampled: bool = False) -> tuple[str, ...]:
    """Refuse images of one role that differ in unit, channels, size or spacing; return notes on what was let pass.

    Volumes may differ in their number of slices.

    Args:
        looks: From ``survey``.
        resampled: Images were brought to one size. Pictures may then differ in spacing, with a note: a radiograph's
            field of view differs from patient to patient. Volumes may not.

    Raises:
        DataError: They differ; the message says which values occur, how often, and where.
    """
    notes: list[str] = []
    for role in dict.fromkeys(look.role for look in looks):
        mine = [look for look in looks if look.role == role]
        _one(mine, role, "units", lambda look: str(look.unit), "Convert them to one unit.")
        _one(mine, role, "numbers of channels", lambda look: str(look.channels), "Make all of them grey, or all RGB.")
        remedy = "Set [data] size to resample pictures to one size, or crop or resample the files."
        # Volumes are made slice by slice along z: they may differ in the number of slices, not in the slices' size.
        _one(mine, role, "sizes", lambda look: _by(look.space[:2]), remedy)
        if resampled and len(mine[0].space) == 2:
            if len(kinds := {_spacing_text(look) for look in mine}) > 1:
                notes.append(f"Resampled to one size, images of role {role} have {len(kinds)} different spacings.")
            continue
        _one(mine, role, "spacings", _spacing_text, "Resample the files to one spacing, or leave the odd ones out.")
    return tuple(notes)


def duplicates(looks: Sequence[Look]) -> list[tuple[Look, ...]]:
    """Return groups of images of one role whose pixels are exactly equal."""
    groups: dict[tuple[str, str], list[Look]] = defaultdict(list)
    for look in looks:
        if look.sha256 and look.role not in TRUTH_ROLES:
            groups[(look.role, look.sha256)].append(look)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def duplicate_notes(groups: Sequence[tuple[Look, ...]], split: Mapping[str, Split]) -> tuple[str, ...]:
    """Return what a report must say about exact duplicates: how many, and which subjects share an image over splits."""
    if not groups:
        return ()
    within = sum(len({look.subject for look in group}) == 1 for group in groups)
    notes = [f"{len(groups)} group(s) of exactly equal images, {within} of them within one subject."]
    across = [group for group in groups if len({split[look.subject] for look in group}) > 1]
    if across:
        shown = "; ".join(
            ", ".join(f"{look.subject} ({split[look.subject]})" for look in group) for group in across[:5]
        )
        notes.append(
            f"WARNING: {len(across)} exactly equal image(s) stand on two sides of the given split: {shown}."
            " Measures on the test set are too good by them. split = 'subject' keeps such subjects together."
        )
    return tuple(notes)


def _look(case: Case, role: str, image: Image) -> Look:
    pixels = np.ascontiguousarray(image.pixels)
    digest = ""
    if pixels.size and pixels.min() != pixels.max():
        digest = hashlib.sha256(f"{pixels.shape}{pixels.dtype}".encode() + pixels.tobytes()).hexdigest()
    spacing = image.geometry.spacing_mm
    return Look(
        case.case, case.subject, role, pixels.shape[0], image.space, spacing, image.geometry.mpp, image.unit, digest
    )


def _unusable(problems: Sequence[SynthassayError], cases: int) -> DataError:
    reasons = [
        f"\n  - {problem.where}: {problem.what}" + (f" ({problem.value})" if problem.value is not None else "")
        for problem in problems[:10]
    ]
    if len(problems) > 10:
        reasons.append(f"\n  - and {len(problems) - 10} more")
    remedies = dict.fromkeys(problem.remedy for problem in problems if problem.remedy)
    return DataError(
        "images",
        f"{len(problems)} image(s) of {cases} case(s) cannot be used, and none is skipped in silence:"
        + "".join(reasons),
        remedy="\n" + " ".join(remedies or ["Repair these images or take them out of the data."]),
    )


def _one(looks: Sequence[Look], role: str, what: str, of: Callable[[Look], str], remedy: str) -> None:
    counts = Counter(of(look) for look in looks)
    if len(counts) < 2:
        return
    shown = []
    for value, count in counts.most_common(5):
        names = [look.case for look in looks if of(look) == value]
        shown.append(f"{value}: {count} ({', '.join(names[:3])}{', …' if count > 3 else ''})")
    raise DataError(
        f"images of role {role}", f"have {len(counts)} different {what}", value="; ".join(shown), remedy=remedy
    )


def _spacing_text(look: Look) -> str:
    if look.mpp is not None:
        return f"{look.mpp:.4g} um"
    return f"{_by(look.spacing_mm)} mm" if look.spacing_mm else "unknown"


def _by(values: Sequence[float]) -> str:
    return " x ".join(f"{value:.4g}" for value in values)
