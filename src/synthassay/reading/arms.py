"""The images of an arm: found in folders, named by their case, joined with the table of cases."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from synthassay.errors import DataError, RunError
from synthassay.images.formats import looks_like_image, read_image
from synthassay.images.image import Image
from synthassay.randomness import stream
from synthassay.reading.controls import degraded
from synthassay.records.base import inside, sha256_of
from synthassay.records.manifest import Manifest
from synthassay.records.reader_study import ArmRole, ArmSpec, ReaderStudy
from synthassay.records.reading import Place

LARGEST_TABLE = 20_000_000
COLUMNS = {"case", "subject", "truth", "note", "x", "y", "slice", "radius"}


@dataclass(frozen=True)
class Stimulus:
    """One image of an arm.

    Attributes:
        case: Its file's path below the arm's folder, without suffix; equal names in two arms are one case.
        truth: 1 or 0 of the table of cases; None where there is none.
        beside: A second series of the case.
        made: How the image is changed when it is read: ``degraded``, or empty.
    """

    arm: str
    role: ArmRole
    case: str
    subject: str
    path: Path
    index: int | None = None
    truth: int | None = None
    note: str = ""
    places: tuple[Place, ...] = ()
    beside: Path | None = None
    made: str = ""

    @property
    def label(self) -> str:
        """Arm and case, for messages."""
        return f"{self.arm}/{self.case}"

    def read(self, seed: int) -> Image:
        """Read the image; a control that is made is made anew, equal for equal seeds."""
        image = read_image(self.path, index=self.index)
        return degraded(image, stream(seed, "degraded", self.case)) if self.made == "degraded" else image

    def sha256(self) -> str:
        """Return the hash of the file, or of a folder's files by name."""
        if self.path.is_file():
            return sha256_of(self.path)
        lines = (f"{file.name} {sha256_of(file)}\n" for file in sorted(self.path.iterdir()) if file.is_file())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


@dataclass(frozen=True)
class CaseRow:
    """What the table of cases says of one case."""

    subject: str = ""
    truth: int | None = None
    note: str = ""
    places: tuple[Place, ...] = ()


def read_arms(study: ReaderStudy, folder: Path) -> dict[str, list[Stimulus]]:
    """Find the images of every arm; controls without a folder take theirs from the real arm.

    Args:
        study: The study.
        folder: Folder of the study file, which paths in it are relative to.

    Returns:
        Arm name to its stimuli, sorted by case; no real image is in two arms.

    Raises:
        DataError: A folder or table is missing, empty or contradictory.
    """
    table = read_cases(folder / study.cases) if study.cases else {}
    arms = {arm.name: _stimuli(arm, folder, table, study.seed) for arm in study.arms if arm.path}
    for arm in study.arms:
        if arm.path:
            continue
        source = arms[study.of(ArmRole.REAL)[0].name]
        if arm.count >= len(source):
            raise DataError(arm.name, f"wants {arm.count} real images, and {len(source)} are left", remedy="Ask fewer.")
        chosen = set(stream(study.seed, "control", arm.name).permutation(len(source))[: arm.count].tolist())
        made = "degraded" if arm.role is ArmRole.POSITIVE_CONTROL else ""
        arms[arm.name] = [
            replace(one, arm=arm.name, role=arm.role, made=made) for i, one in enumerate(source) if i in chosen
        ]
        arms[source[0].arm] = [one for i, one in enumerate(source) if i not in chosen]
    return {arm.name: arms[arm.name] for arm in study.arms}


def _stimuli(arm: ArmSpec, folder: Path, table: dict[str, CaseRow], seed: int) -> list[Stimulus]:
    root = folder / arm.path
    if not root.is_dir():
        raise DataError(arm.name, "has no folder of images", value=str(root), remedy="Correct the arm's path.")
    found = [_stimulus(arm, case, path, table, folder) for case, path in sorted(_named_files(root).items())]
    if table:
        found = [one for one in found if one.case in table]
    if not found:
        why = "no file is an image" if not table else "no image bears the name of a case in the table"
        raise DataError(arm.name, f"has no images: {why}", value=str(root))
    if arm.count and arm.count < len(found):
        chosen = sorted(stream(seed, "arm", arm.name).permutation(len(found))[: arm.count].tolist())
        found = [found[i] for i in chosen]
    return found


def _stimulus(arm: ArmSpec, case: str, path: Path, table: dict[str, CaseRow], folder: Path) -> Stimulus:
    row = table.get(case, CaseRow())
    beside = None
    if arm.beside:
        beside = _named_files(folder / arm.beside).get(case)
        if beside is None:
            raise DataError(arm.name, "has a case without its series in `beside`", value=case)
    return Stimulus(
        arm=arm.name, role=arm.role, case=case, subject=row.subject or case, path=path, index=arm.index,
        truth=row.truth, note=row.note, places=row.places, beside=beside,
    )  # fmt: skip


def _named_files(root: Path) -> dict[str, Path]:
    """Case to file: from the manifest where there is one, else from the files' names."""
    if (root / "manifest.json").is_file():
        try:
            manifest = Manifest.read(root / "manifest.json")
        except RunError as problem:
            raise DataError(str(root), f"has a manifest that is none: {problem.what}") from None
        return {one.case: inside(root, one.path) for one in manifest.images if one.lesion is None}
    named: dict[str, Path] = {}
    for path in _images_below(root):
        case = case_name(path.relative_to(root).as_posix())
        if case in named:
            raise DataError(str(root), "has two images of one name", value=f"{named[case].name}, {path.name}")
        named[case] = path
    return named


def _images_below(root: Path) -> Iterable[Path]:
    """Files that are images; a folder of DICOM slices is one image."""
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or (path.is_symlink() and not path.resolve().is_relative_to(root.resolve())):
            continue
        if path.is_dir():
            dicom = [file for file in sorted(path.iterdir()) if file.is_file() and file.suffix.lower() in (".dcm", "")]
            yield from [path] if len(dicom) > 1 else _images_below(path)
        elif looks_like_image(path):
            yield path


def case_name(relative: str) -> str:
    """Return a file's path without its suffix.

    >>> case_name("site-a/case-7.nii.gz")
    'site-a/case-7'
    """
    stem = relative[:-3] if relative.lower().endswith(".gz") else relative
    head, _, name = stem.rpartition("/")
    name = name.rsplit(".", 1)[0] if "." in name else name
    return f"{head}/{name}" if head else name


def read_cases(path: Path) -> dict[str, CaseRow]:
    """Read the table of cases. A case with several findings has several lines, which agree on all but the place.

    Raises:
        DataError: The table cannot be read, lacks its columns, or contradicts itself; the line is named.
    """
    try:
        if path.stat().st_size > LARGEST_TABLE:
            raise DataError(str(path), "is too large for a table of cases", value=f"{path.stat().st_size} bytes")
        with path.open(encoding="utf-8-sig", newline="") as stream_:
            reader = csv.DictReader(stream_)
            names = set(reader.fieldnames or ())
            if "case" not in names or names - COLUMNS:
                remedy = f"Known columns: {', '.join(sorted(COLUMNS))}; case is needed."
                raise DataError(str(path), "has other columns", value=", ".join(sorted(names)), remedy=remedy)
            rows: dict[str, CaseRow] = {}
            for number, line in enumerate(reader, 2):
                case, row = _row(f"{path}, line {number}", line)
                rows[case] = _joined(f"{path}, line {number}", rows.get(case), row)
    except OSError as problem:
        raise DataError(str(path), f"cannot be read: {problem.strerror}", remedy="Correct `cases`.") from None
    except (UnicodeDecodeError, csv.Error) as problem:
        raise DataError(str(path), f"is no CSV table in UTF-8: {problem}") from None
    return rows


def _row(where: str, line: dict[str, str]) -> tuple[str, CaseRow]:
    if None in line or not (line.get("case") or "").strip():
        raise DataError(where, "has too many cells or no case")
    truth = (line.get("truth") or "").strip()
    if truth not in ("", "0", "1"):
        raise DataError(where, "has a truth that is neither 0 nor 1", value=truth)
    places: tuple[Place, ...] = ()
    if (line.get("x") or "").strip():
        try:
            values = {key: float(line[key]) for key in ("x", "y", "radius")}
            places = (Place(**values, slice=int(line.get("slice") or 0)),)
        except (KeyError, ValueError, TypeError):
            raise DataError(where, "has a place without numbers in x, y and radius") from None
        if truth == "0":
            raise DataError(where, "places a finding in a case whose truth is 0")
    note, subject = (line.get("note") or "").strip(), (line.get("subject") or "").strip()
    return line["case"].strip(), CaseRow(subject, int(truth) if truth else None, note, places)


def _joined(where: str, before: CaseRow | None, row: CaseRow) -> CaseRow:
    if before is None:
        return row
    if not before.places or not row.places or (before.subject, before.truth) != (row.subject, row.truth):
        raise DataError(where, "repeats a case; only further places of findings may be given, all else equal")
    return replace(before, places=before.places + row.places)


def at_most(stimuli: list[Stimulus], count: int, rng: np.random.Generator) -> list[Stimulus]:
    """Return at most ``count`` of the stimuli, drawn evenly and kept in order."""
    chosen = sorted(rng.permutation(len(stimuli))[:count].tolist())
    return [stimuli[i] for i in chosen]
