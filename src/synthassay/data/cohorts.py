"""From ``[data]`` in a study file to a cohort: listed, split, looked at once, and proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from synthassay.data.listing import Fields, Listing
from synthassay.data.listings import list_path, list_source
from synthassay.data.sources import SOURCES, SourceCard, verified_sha256
from synthassay.data.sources.fetching import cache_folder
from synthassay.data.splits import join_duplicates, keep_subjects, split_subjects
from synthassay.data.store import ImageStore
from synthassay.data.survey import Look, Progress, check_grid, duplicate_notes, duplicates, survey
from synthassay.errors import DataError, did_you_mean
from synthassay.images.intensity import require_hu
from synthassay.records.base import inside
from synthassay.records.cohort import Case, Cohort
from synthassay.records.spec import DataSpec
from synthassay.records.vocabulary import Modality, Role, Split, Unit

PHANTOM_PREFIX = "phantom:"


def load_cohort(
    spec: DataSpec, modality: Modality, seed: int, *, folder: Path, progress: Progress | None = None
) -> Cohort:
    """Return the cohort that ``[data]`` describes; every image that will be used was read once and found sound.

    Args:
        spec: The study's data section.
        modality: The study's modality; CT images must be in HU.
        seed: The study's seed; the same seed and data give the same cohort, whatever the order of files or rows.
        folder: Folder of the study file, which ``path`` is relative to.
        progress: Called with the cases looked at so far and in all.

    Raises:
        DataError: The data contradict themselves or the study; the message says what to do.
        UnknownName: No source has the name.
    """
    if spec.source.startswith(PHANTOM_PREFIX):
        from synthassay.data.phantoms.source import phantom_cohort

        return phantom_cohort(spec.source, spec, modality, seed, cache_folder() / "phantoms", progress)
    listing, card = _find(spec, modality, folder)
    roles = wanted_roles(spec, listing)
    cases, excluded = _complete(listing, _needed(spec, roles))
    split, kept = _split(spec, cases, listing, seed)
    notes = list(listing.notes)
    if len(kept) < len(split):
        notes.append(f"{len(kept)} of {len(split)} subjects are used ([data] subjects = {spec.subjects}).")
    cases = tuple(case for case in cases if case.subject in kept)
    looks = survey(ImageStore(listing.root, size=spec.size), cases, roles, progress)
    notes += check_grid(looks, resampled=bool(spec.size))
    split, said = _separate_duplicates(looks, {subject: split[subject] for subject in sorted(kept)}, spec.split)
    _require_sides(split, spec)
    if modality is Modality.CT and looks[0].unit is not Unit.HU:
        require_hu(ImageStore(listing.root).read(cases[0].images[looks[0].role]), f"case {cases[0].case}")
    return Cohort(
        root=str(listing.root),
        source=card.name if card else listing.found_as,
        cases=cases,
        split=split,
        split_rule=spec.split,
        spacing_mm=tuple(round(value, 6) for value in looks[0].spacing_mm),
        unit=looks[0].unit.value,
        classes=tuple(sorted({case.label for case in cases} - {""})),
        licence=card.licence if card else "",
        citation=card.citation if card else "",
        structure_names=listing.structure_names,
        excluded=excluded,
        notes=(*notes, *said, *(card.caveats if card else ())),
    )


def wanted_roles(spec: DataSpec, listing: Listing) -> tuple[str, ...]:
    """Return the roles that a study uses: the image, the image translated from, and the mask.

    Raises:
        DataError: A role that the study names is nowhere in the data, or the image is not named and there are several.
    """
    present = sorted({role for case in listing.cases for role in case.images})
    for field in ("image", "input", "mask"):
        named = getattr(spec, field)
        if named and named not in present:
            remedy = did_you_mean(named, present)
            raise DataError(f"[data] {field}", "is a role that no case has", value=named, remedy=remedy)
    image = spec.image or main_role(listing)
    mask = spec.mask or (Role.MASK.value if Role.MASK.value in present else "")
    return tuple(dict.fromkeys(role for role in (image, spec.input, mask) if role))


def main_role(listing: Listing) -> str:
    """Return the only picture role of a listing; ``image`` where that is one of several.

    Raises:
        DataError: There are several and none is called ``image``.
    """
    roles = listing.picture_roles()
    if Role.IMAGE in roles:
        return Role.IMAGE.value
    if len(roles) == 1:
        return roles[0]
    raise DataError(
        "[data] image",
        f"is not given, and the cases have {'more than one' if roles else 'no'} picture",
        value=", ".join(roles) or "masks only",
        remedy="Name the one to synthesise: image = 't2'; and input = 't1' where it is translated from another.",
    )


def require_classes(cohort: Cohort, least: int = 2) -> tuple[str, ...]:
    """Return the classes of a cohort whose images are to be synthesised by class.

    Raises:
        DataError: There are fewer than ``least``, or a class is missing from the training subjects.
    """
    remedy = (
        "Name the column with the class in [data] label, or put the images into one subfolder per class; with one"
        " class, task = 'translate' or 'denoise' still applies."
    )
    if len(cohort.classes) < least:
        found = ", ".join(cohort.classes) or "none"
        raise DataError("[data] label", f"the images have fewer than {least} classes", value=found, remedy=remedy)
    trained = {case.label for case in cohort.of(Split.TRAIN)}
    if missing := sorted(set(cohort.classes) - trained):
        raise DataError(
            "[data] split",
            "a class has no training subject",
            value=", ".join(missing),
            remedy="Choose split = 'stratified', or allow more subjects.",
        )
    return cohort.classes


def data_hashes(cohort: Cohort) -> dict[str, str]:
    """Return the SHA-256 of every file that the cohort's images lie in, by path relative to the cohort's root.

    Raises:
        DataError: A file is gone.
    """
    root = Path(cohort.root)
    found = sorted({where.path for case in cohort.cases for where in case.images.values()})
    hashes: dict[str, str] = {}
    for relative in found:
        path = inside(root, relative) if relative != "." else root
        files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
        for file in files:
            try:
                hashes[file.relative_to(root).as_posix()] = verified_sha256(file)
            except OSError as problem:
                raise DataError(str(file), f"cannot be read: {problem.strerror or problem}") from None
    return hashes


def _find(spec: DataSpec, modality: Modality, folder: Path) -> tuple[Listing, SourceCard | None]:
    fields = Fields(spec.label, spec.subject, spec.site)
    if not spec.source:
        return _with_image(spec, list_path(folder / Path(spec.path).expanduser(), spec.layout, fields)), None
    card = SOURCES.get(spec.source)
    _require_modality(card, modality)
    return _with_image(spec, list_source(card, fields)), card


def _split(
    spec: DataSpec, cases: Sequence[Case], listing: Listing, seed: int
) -> tuple[dict[str, Split], frozenset[str]]:
    split = split_subjects(
        cases,
        rule=spec.split,
        fractions=spec.fractions,
        seed=seed,
        given=listing.given,
        external_sites=spec.external_sites,
    )
    return split, keep_subjects(cases, split, spec.subjects, seed)


def _with_image(spec: DataSpec, listing: Listing) -> Listing:
    # Tasks read the role `image` where the study names none: the only picture, whatever it is called, takes that role.
    if spec.image or (role := main_role(listing)) == Role.IMAGE:
        return listing
    cases = tuple(
        case.model_copy(update={"images": {Role.IMAGE.value: case.images[role], **case.images}})
        for case in listing.cases
        if role in case.images
    )
    return replace(listing, cases=cases, notes=(*listing.notes, f"The only picture, {role}, is the image."))


def _needed(spec: DataSpec, roles: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(role for role in roles if role != Role.MASK or spec.mask)


def _complete(listing: Listing, needed: Sequence[str]) -> tuple[tuple[Case, ...], dict[str, str]]:
    excluded, cases = dict(listing.excluded), []
    for case in listing.cases:
        missing = [role for role in needed if role not in case.images]
        if missing:
            excluded[case.case] = f"has no {' and no '.join(missing)}"
        else:
            cases.append(case)
    if not cases:
        raise DataError(
            "[data]",
            f"none of {len(listing.cases)} case(s) has all the images that the study needs",
            value=", ".join(needed),
            remedy="See which roles the cases have, and name them in [data] image and input.",
        )
    return tuple(sorted(cases, key=lambda case: case.case)), excluded


def _require_modality(card: SourceCard, modality: Modality) -> None:
    if modality not in (card.modality, *card.also):
        raise DataError(
            "modality",
            f"is {modality}, but the source {card.name} is {card.modality}",
            remedy=f"Set modality = '{card.modality}', or choose another source.",
        )


def _separate_duplicates(
    looks: Sequence[Look], split: Mapping[str, Split], rule: str
) -> tuple[dict[str, Split], tuple[str, ...]]:
    groups = duplicates(looks)
    if rule == "given":
        return dict(split), duplicate_notes(groups, split)
    shared = [frozenset(look.subject for look in group) for group in groups]
    joined = join_duplicates(split, [subjects for subjects in shared if len(subjects) > 1])
    moved = sorted(subject for subject in split if joined[subject] != split[subject])
    notes = duplicate_notes(groups, joined)
    if moved:
        shown = ", ".join(moved[:5]) + (", …" if len(moved) > 5 else "")
        notes += (f"{len(moved)} subject(s) share an image with a subject of another split and joined it: {shown}.",)
    return joined, notes


def _require_sides(split: Mapping[str, Split], spec: DataSpec) -> None:
    shares = zip((Split.TRAIN, Split.VALIDATION, Split.TEST), spec.fractions, strict=True)
    wanted = {side for side, share in shares if share > 0}
    if spec.split == "given":
        wanted -= {Split.VALIDATION}
    if Split.EXTERNAL in split.values():
        wanted -= {Split.TEST}
    if empty := wanted - set(split.values()):
        raise DataError(
            "[data] split",
            "leaves a split without subjects",
            value=", ".join(sorted(empty)),
            remedy="Add subjects, or set its share in [data] fractions to 0.",
        )
