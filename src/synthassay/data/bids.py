"""A BIDS folder: ``sub-*/[ses-*]/anat/*.nii[.gz]`` with ``participants.tsv`` and masks under ``derivatives``.

Source: Gorgolewski K. et al., Sci Data 3:160044 (2016), doi:10.1038/sdata.2016.44; bids-specification.readthedocs.io.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from synthassay.data.listing import Fields, Listing, case_name
from synthassay.data.splits import parse_split
from synthassay.data.subgroups import subgroups
from synthassay.data.tables import Row, read_rows
from synthassay.errors import DataError, did_you_mean
from synthassay.records.cohort import Case, Locator
from synthassay.records.vocabulary import Role

_ROLES = {
    "T1w": "t1",
    "T2w": "t2",
    "FLAIR": "flair",
    "T1ce": "t1c",
    "T1gd": "t1c",
    "PDw": "pd",
    "T2starw": "t2star",
    "CT": "ct",
    "ct": "ct",
    "dseg": Role.STRUCTURES.value,
}
_ENTITY = re.compile(r"(?:^|_)([a-z]+)-([A-Za-z0-9]+)")


def is_bids(folder: Path) -> bool:
    """Whether a folder says that it is BIDS, or has subject folders with NIfTI files in them."""
    if (folder / "dataset_description.json").is_file():
        return True
    return any(path.is_dir() for path in folder.glob("sub-*")) and any(_niftis(folder))


def list_bids(root: Path, fields: Fields) -> Listing:
    """Return the sessions of a BIDS folder as cases.

    A contrast with ``ce-*`` in its name counts as t1 with contrast medium (``t1c``). Of several runs the first is taken
    and the others are listed as excluded. ``participants.tsv`` gives the class, the site and the split by column.

    Raises:
        DataError: There is no image, or ``participants.tsv`` lacks a named column or a subject.
    """
    found: dict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    excluded: dict[str, str] = {}
    for path in _niftis(root):
        entities = dict(_ENTITY.findall(path.name))
        role = _role(path, entities)
        relative = path.relative_to(root).as_posix()
        if role is None or "sub" not in entities:
            excluded[relative] = "no contrast or mask that is known here"
            continue
        images = found[(entities["sub"], entities.get("ses", ""))]
        if role in images:
            excluded[relative] = f"another run of {images[role].name}, which was taken"
        else:
            images[role] = path
    if not found:
        raise DataError(str(root), "has no sub-*/anat/*.nii.gz", remedy="Give the folder that holds the sub-* folders.")
    people = _participants(root)
    _refuse_unknown_columns(people, fields)
    cases, words = [], {}
    for (subject, session), images in sorted(found.items()):
        about = _about(people, f"sub-{subject}", fields)
        name = case_name(f"sub-{subject}" + (f"_ses-{session}" if session else ""))
        cases.append(
            Case(
                case=name,
                subject=f"sub-{subject}",
                session=f"ses-{session}" if session else "",
                site=about.get(fields.site or "site", ""),
                scanner=about.get("scanner", ""),
                label=about.get(fields.label, "") if fields.label else "",
                images={role: Locator(path=path.relative_to(root).as_posix()) for role, path in sorted(images.items())},
                groups=subgroups(about),
            )
        )
        if about.get("split"):
            words[name] = about["split"]
    given = {}
    if not fields.declared:
        given = {name: parse_split(word, "participants.tsv, column split") for name, word in words.items()}
    return Listing(root, tuple(cases), "BIDS folder", given, excluded, _notes(excluded), words=words)


def _niftis(root: Path) -> list[Path]:
    patterns = ("sub-*/*/*.nii*", "sub-*/ses-*/*/*.nii*")
    raw = {path for pattern in patterns for path in root.glob(pattern)}
    derived = {path for pattern in patterns for path in root.glob(f"derivatives/*/{pattern}")}
    kept = {path for path in raw if path.parent.name in ("anat", "ct")} | {
        path for path in derived if re.search(r"_(mask|dseg|roi)\.nii(\.gz)?$", path.name)
    }
    return sorted(kept)


def _role(path: Path, entities: dict[str, str]) -> str | None:
    suffix = path.name.split(".")[0].rsplit("_", 1)[-1]
    if suffix in ("mask", "roi"):
        about = f"{entities.get('label', '')} {entities.get('desc', '')}".lower()
        return Role.LESION.value if "lesion" in about or suffix == "roi" else Role.MASK.value
    if suffix == "T1w" and "ce" in entities:
        return "t1c"
    return _ROLES.get(suffix)


def _participants(root: Path) -> dict[str, Row]:
    path = root / "participants.tsv"
    if not path.is_file():
        return {}
    rows = read_rows(path, "\t")
    if "participant_id" not in rows[0]:
        raise DataError(str(path), "has no column participant_id", value=", ".join(rows[0]))
    return {row["participant_id"]: {k: "" if v == "n/a" else v for k, v in row.items()} for row in rows}


def _refuse_unknown_columns(people: dict[str, Row], fields: Fields) -> None:
    columns = list(next(iter(people.values()), {}))
    for what in ("label", "site"):
        named = getattr(fields, what)
        if named and named not in columns:
            remedy = did_you_mean(named, columns) if columns else "Add a participants.tsv with that column."
            raise DataError(f"[data] {what}", "names no column of participants.tsv", value=named, remedy=remedy)
    if fields.subject:
        remedy = "Leave it out: in BIDS the subject is the sub- folder."
        raise DataError("[data] subject", "names a column, but the folder is BIDS", value=fields.subject, remedy=remedy)


def _about(people: dict[str, Row], subject: str, fields: Fields) -> Row:
    if people and subject not in people and (fields.label or fields.site):
        raise DataError("participants.tsv", "has no row for a subject whose images are here", value=subject)
    return people.get(subject, {})


def _notes(excluded: dict[str, str]) -> tuple[str, ...]:
    return (f"{len(excluded)} NIfTI file(s) of the BIDS folder are not used; see `excluded`.",) if excluded else ()
