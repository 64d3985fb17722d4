"""Whether synthetic images below a folder are still what their manifests say: whole, marked and listed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from synthassay.errors import DataError, ImageError, RunError
from synthassay.images.formats import looks_like_image, mark_of, uids_of
from synthassay.records.base import Record, inside, sha256_of
from synthassay.records.manifest import DrawnFile, Manifest

MANIFEST = "manifest.json"
Kind = Literal["no manifest", "manifest", "outside", "missing", "changed", "unreadable", "unmarked", "mark weakened",
               "unlisted", "listed twice", "identity shared"]  # fmt: skip


class Problem(Record):
    """One thing that is wrong: which file, what kind of fault, and in words what and what to do."""

    path: str
    kind: Kind
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.what}." + (f" {self.remedy}" if self.remedy else "")


class VerificationResult(Record):
    """What ``verify_folder`` found.

    Attributes:
        manifests: Manifests that were read, relative to the folder.
        images: How many listed images were checked.
    """

    folder: str
    manifests: tuple[str, ...]
    images: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no problem."""
        return not self.problems

    def __str__(self) -> str:
        if self.ok:
            return f"{self.folder}: {self.images} images are whole, marked as synthetic and listed."
        count = len(self.problems)
        head = f"{self.folder}: {count} problem{'s' if count > 1 else ''} among {self.images} listed images."
        return "\n".join([head, *(f"  - {problem}" for problem in self.problems)])


def verify_folder(folder: Path | str) -> VerificationResult:
    """Check every ``manifest.json`` below a folder, every image that it lists, and look for images that none lists.

    Args:
        folder: A run folder, or any folder of synthetic images with manifests; nothing in it is changed.

    Returns:
        All problems, in the order of manifests and of their lists.

    Raises:
        DataError: There is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(str(folder), "is not a folder", remedy="Give the run folder or its folder of synthetic images.")
    manifests = sorted(path for path in folder.rglob(MANIFEST) if not _hidden(path, folder))
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    count = 0
    if not manifests:
        remedy = "Nothing can be verified without one; synthassay writes it when it synthesises."
        problems.append(_problem(folder, folder, "no manifest", "has no manifest.json", remedy))
    for path in manifests:
        try:
            manifest = Manifest.read(path)
        except RunError as problem:
            problems.append(_problem(path, folder, "manifest", problem.what, problem.remedy))
            continue
        count += len(manifest.images)
        problems.extend(_manifest_problems(manifest, path.parent, folder, manifests, seen))
    names = tuple(path.relative_to(folder).as_posix() for path in manifests)
    return VerificationResult(folder=str(folder), manifests=names, images=count, problems=tuple(problems))


def sha256_of_image(path: Path | str) -> str:
    """Return the hash that a manifest holds for an image.

    A file's is the SHA-256 of its bytes. A folder's is the SHA-256 of one line ``name sha256`` per file below it,
    sorted by name, so that a slice that is altered, renamed, added or lost shows.
    """
    path = Path(path)
    if not path.is_dir():
        return sha256_of(path)
    files = sorted((file.relative_to(path).as_posix(), file) for file in path.rglob("*") if file.is_file())
    lines = "".join(f"{name} {sha256_of(file)}\n" for name, file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _manifest_problems(
    manifest: Manifest, root: Path, folder: Path, manifests: list[Path], seen: dict[str, str]
) -> Iterator[Problem]:
    listed: set[Path] = set()
    for entry in (file for image in manifest.images for file in image.files):
        try:
            path = inside(root, entry.path)
        except DataError as problem:
            yield _problem(root / MANIFEST, folder, "outside", f"{problem.what} ({entry.path})", problem.remedy)
            continue
        if path in listed:
            yield _problem(path, folder, "listed twice", "is listed twice in the manifest")
            continue
        listed.add(path)
        yield from _image_problems(entry, path, folder, seen)
    nested = {other.parent for other in manifests if other.parent != root and other.is_relative_to(root)}
    yield from _unlisted(root, folder, listed, nested)


def _image_problems(entry: DrawnFile, path: Path, folder: Path, seen: dict[str, str]) -> Iterator[Problem]:
    if not path.exists():
        yield _problem(path, folder, "missing", "is listed and is not there", "Synthesise again, or restore the file.")
        return
    try:
        if sha256_of_image(path) != entry.sha256:
            remedy = "It was altered or damaged after it was made; restore it, or synthesise again."
            yield _problem(path, folder, "changed", "does not have the hash that the manifest lists", remedy)
        mark = mark_of(path)
        uids = uids_of(path)
    except ImageError as problem:
        yield _problem(path, folder, "unreadable", problem.what, problem.remedy)
        return
    except OSError as problem:
        yield _problem(path, folder, "unreadable", f"cannot be read: {problem.strerror or problem}")
        return
    if not mark:
        remedy = "Whoever opens it may take it for a patient; restore it from its origin, or mark it again."
        yield _problem(path, folder, "unmarked", f"does not say that it is synthetic: {mark.why_not}", remedy)
    for gone in mark.weakened:
        yield _problem(path, folder, "mark weakened", f"says that it is synthetic, but {gone}")
    for uid in uids:
        if uid in seen:
            yield _problem(path, folder, "identity shared", f"has the same DICOM UID as {seen[uid]} ({uid})")
        seen.setdefault(uid, _relative(path, folder))


def _unlisted(root: Path, folder: Path, listed: set[Path], nested: set[Path]) -> Iterator[Problem]:
    for path in sorted(root.rglob("*")):
        above = {path, *path.parents}
        if _hidden(path, root) or not path.is_file() or above & listed or above & nested:
            continue
        if looks_like_image(path):
            remedy = "Remove it, or list it: an image of unknown making must not lie among known ones."
            yield _problem(path, folder, "unlisted", "is an image that no manifest lists", remedy)


def _problem(path: Path, folder: Path, kind: Kind, what: str, remedy: str = "") -> Problem:
    return Problem(path=_relative(path, folder), kind=kind, what=what, remedy=remedy)


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def _hidden(path: Path, root: Path) -> bool:
    """Hidden names are other programs' and ours in the making (``.partial-``)."""
    return any(part.startswith(".") for part in path.relative_to(root).parts)
