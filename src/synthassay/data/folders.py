"""A folder of images: flat, in class subfolders, in split and class subfolders, or DICOM series."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import UID

from synthassay.data.listing import Fields, Listing, case_name, told_apart
from synthassay.data.splits import parse_split
from synthassay.data.tables import file_stem
from synthassay.errors import DataError, ImageError
from synthassay.images.dicom_values import dataset_of, pseudonym
from synthassay.images.formats import format_of, looks_like_image
from synthassay.records.cohort import Case, Locator
from synthassay.records.vocabulary import Role, Split

_SUBJECT = re.compile(r"(?:^|[/_])(sub-[A-Za-z0-9]+)")
_NUMBERED = re.compile(r"^(?:p|s|pat|patient|person|pid|subj|subject|case)[-_ ]?\d+", re.I)
_NO_IMAGES = {".json", ".txt", ".md", ".csv", ".tsv", ".html", ".toml", ".xml", ".jsonl", ".npz", ".log"}


@dataclass(frozen=True)
class _Found:
    """One image: where it lies, the path that names it, and the patient that the file itself names."""

    where: Locator
    path: str
    patient: str = ""

    @property
    def folders(self) -> list[str]:
        return self.path.split("/")[:-1]


def list_folder(root: Path, fields: Fields) -> Listing:
    """Return the images of a folder as cases.

    Folders mean, from the outside in: the split where all are called train, val, test or the like; then the class
    where they hold several images; then the subject. The subject is, in this order: what the regular expression
    ``[data] subject`` finds in the path, a ``sub-`` part of the path, a pseudonym of the DICOM PatientID, the folder
    below the class, and else the image itself, with a note.

    Raises:
        DataError: There are no images, or the regular expression is wrong or does not fit a path.
    """
    for what in ("label", "site"):
        if named := getattr(fields, what):
            remedy = "Use a table (a CSV with a column per fact), or class subfolders without this setting."
            raise DataError(f"[data] {what}", "names a column, but a folder has none", value=named, remedy=remedy)
    found, passed_over = _images(root)
    if not found:
        raise DataError(str(root), "holds no images", remedy="Check the path, and that the files have image endings.")
    splits = {} if fields.declared else _split_words(found)
    words = _declared_words(found) if fields.declared else [image.folders[0] for image in found if splits]
    depth = 1 if splits or words else 0
    labels, subjects_below = _classes(found, depth)
    if fields.declared and any(labels) and _by_subject(found, depth, words):
        labels, subjects_below = [""] * len(found), depth + 1
    pattern = _pattern(fields.subject)
    if fields.declared:
        names = told_apart([case_name(file_stem(image.path), f"image-{i}") for i, image in enumerate(found)])
    else:
        names = _names(found, labels)
    cases, alone = [], set()
    for image, name, label in zip(found, names, labels, strict=True):
        subject = _subject(image, pattern, subjects_below, strict=not fields.declared)
        if not subject:
            alone.add(name)
        images = {Role.IMAGE.value: image.where}
        cases.append(Case(case=name, subject=subject or name, label=label, images=images))
    return Listing(
        root,
        tuple(cases),
        "folder of images",
        given={name: splits[word] for name, word in zip(names, words, strict=True)} if splits else {},
        notes=_notes(labels, len(set(words)), len(alone), len(found), passed_over),
        words={name: word for name, word in zip(names, words, strict=False) if word},
        shown={name: image.path for name, image in zip(names, found, strict=True)},
        alone=frozenset(alone),
    )


def _images(root: Path) -> tuple[list[_Found], list[str]]:
    found: list[_Found] = []
    passed_over: list[str] = []
    dicom: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        relative = path.relative_to(root)
        if any(part.startswith(".") for part in relative.parts) or path.name == "DICOMDIR":
            continue
        if path.suffix.lower() in _NO_IMAGES or not looks_like_image(path):
            passed_over.append(relative.as_posix())
        elif format_of(path) == "dicom":
            dicom[path.parent].append(path)
        else:
            found.append(_Found(Locator(path=relative.as_posix()), relative.as_posix()))
    for folder, files in dicom.items():
        found += _dicom_images(root, folder, files, passed_over)
    return sorted(found, key=lambda image: image.path), passed_over


def _dicom_images(root: Path, folder: Path, files: list[Path], passed_over: list[str]) -> list[_Found]:
    series: dict[str, list[tuple[Path, str]]] = defaultdict(list)
    images: list[_Found] = []
    for path in files:
        try:
            header = dataset_of(path, pixels=False)
        except ImageError:
            # Listed all the same: reading it later says what is wrong, so that it is not lost in silence.
            images.append(_single(root, path, ""))
            continue
        patient = pseudonym(header)
        if "Rows" not in header and "Image Storage" not in UID(str(header.get("SOPClassUID", ""))).name:
            passed_over.append(path.relative_to(root).as_posix())  # structure sets and reports lie beside images
        elif "Rows" in header and "ImagePositionPatient" in header:
            series[str(header.get("SeriesInstanceUID") or "")].append((path, patient))
        else:
            images.append(_single(root, path, patient))
    for uid, members in sorted(series.items()):
        where = folder.relative_to(root).as_posix()
        patient = members[0][1]
        if len(members) == 1:
            images.append(_single(root, members[0][0], patient))
            continue
        own_folder = len(series) == 1 and where != "."
        name = where if own_folder else f"{where}/series-{hashlib.sha256(uid.encode()).hexdigest()[:8]}"
        images.append(_Found(Locator(path=where, key=uid), name.removeprefix("./"), patient))
    return images


def _single(root: Path, path: Path, patient: str) -> _Found:
    relative = path.relative_to(root).as_posix()
    return _Found(Locator(path=relative), relative, patient)


def _split_words(found: list[_Found]) -> dict[str, Split]:
    outer = {image.folders[0] if image.folders else "" for image in found}
    try:
        words = {name: parse_split(name, "") for name in outer}
    except DataError:
        return {}
    return words if len(words) > 1 else {}


def _declared_words(found: list[_Found]) -> list[str]:
    """Return each image's folder at the outermost depth where two folders are called like splits; empty where none."""
    for depth in range(3):
        names = [image.folders[depth] if len(image.folders) > depth else "" for image in found]
        known = set()
        for name in set(names) - {""}:
            try:
                parse_split(name, "")
            except DataError:
                continue
            known.add(name)
        if len(known) > 1:
            return names
    return []


def _classes(found: list[_Found], depth: int) -> tuple[list[str], int]:
    """Return each image's class, and the depth at which folders name subjects (0 where none do)."""
    below = [image.folders[depth:] for image in found]
    if not all(below):
        return [""] * len(found), 0
    sizes = Counter(folders[0] for folders in below)
    named_subjects = any(_SUBJECT.search(folders[0]) for folders in below)
    if named_subjects or (max(sizes.values()) == 1 and len(sizes) > 1):
        return [""] * len(found), depth + 1
    deeper = all(len(folders) > 1 for folders in below)
    return [folders[0] for folders in below], depth + 2 if deeper else 0


def _by_subject(found: list[_Found], depth: int, words: list[str]) -> bool:
    """Whether folders below the split name subjects, not classes: by their names, or as splits share few of them."""
    folders = [image.folders[depth] for image in found]
    if all(_NUMBERED.search(folder) for folder in folders):
        return True
    of = defaultdict(set)
    for folder, word in zip(folders, words, strict=False):
        of[word].add(folder)
    shared = set.intersection(*of.values()) if len(of) > 1 else set(folders)
    return len(set(folders)) > 3 and len(shared) < len(set(folders)) / 2


def _pattern(text: str) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        pattern = re.compile(text)
    except re.error as problem:
        raise DataError("[data] subject", f"is not a regular expression: {problem}", value=text) from None
    if pattern.groups != 1:
        remedy = r"Mark the subject in the path with one pair of brackets: '(person\d+)_'."
        raise DataError("[data] subject", f"has {pattern.groups} groups instead of 1", value=text, remedy=remedy)
    return pattern


def _subject(image: _Found, pattern: re.Pattern[str] | None, depth: int, *, strict: bool) -> str:
    if pattern is not None:
        match = pattern.search(image.path)
        if match is None or not match.group(1):
            if not strict:
                return ""
            raise DataError(image.path, "has no part that [data] subject describes", value=pattern.pattern)
        return match.group(1)
    if match := _SUBJECT.search(image.path):
        return match.group(1)
    return image.patient or (image.folders[depth - 1] if depth else "")


def _names(found: list[_Found], labels: list[str]) -> list[str]:
    stems = [case_name(file_stem(image.path)) for image in found]
    if len(set(stems)) == len(stems):
        return stems
    classed = [case_name(f"{label}-{stem}") for label, stem in zip(labels, stems, strict=True)]
    if len(set(classed)) == len(classed):
        return classed
    whole = [case_name(file_stem(image.path.replace("/", "-"))) for image in found]
    if len(set(whole)) == len(whole):
        return whole
    return [case_name(image.path) for image in found]


def _notes(labels: list[str], splits: int, alone: int, total: int, passed_over: list[str]) -> tuple[str, ...]:
    notes = []
    if splits:
        notes.append("The outer folders were read as the given split.")
    if any(labels):
        sizes = Counter(labels)
        shown = ", ".join(f"{label} ({count})" for label, count in sorted(sizes.items())[:12])
        notes.append(f"Subfolders were read as classes: {shown}.")
    if alone:
        notes.append(
            f"{alone} of {total} images name no subject and count as a subject each: that no patient stands on two"
            " sides of the split cannot be proven for them. A regular expression in [data] subject finds it in a path."
        )
    if passed_over:
        notes.append(f"{len(passed_over)} file(s) that are no images were passed over: {', '.join(passed_over[:5])}.")
    return tuple(notes)
