"""The record that all on-disk records share, and the one way in which a file is written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from synthassay.errors import DataError, RunError

R = TypeVar("R", bound="Record")


class Record(BaseModel):
    """A value that lives on disk: frozen, without unknown keys, NaN refused on the way out."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")

    def digest(self) -> str:
        """Return the SHA-256 of the record's canonical JSON; equal records have equal digests."""
        return fingerprint(self.model_dump(mode="json"))

    def write(self, path: Path) -> None:
        """Write the record as indented JSON, whole or not at all."""
        write_text(path, json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the record from JSON.

        Raises:
            RunError: The file is missing, is not JSON, or does not have this record's fields.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as problem:
            raise RunError(str(path), f"cannot be read: {problem.strerror or problem}") from None
        except ValidationError as problem:
            first = problem.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise RunError(
                str(path),
                f"is not a {cls.__name__.lower()} record: {place or 'file'}: {first['msg']}",
                remedy="It may be truncated or from another version; remove it and run the stage again.",
            ) from None


def read_lines(path: Path, kind: type[R], remedy: str) -> tuple[R, ...]:
    """Read JSON lines as records.

    Raises:
        RunError: The file cannot be read, or one line is not such a record; the message names the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as problem:
        raise RunError(str(path), f"cannot be read: {problem.strerror or problem}", remedy=remedy) from None
    records = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            records.append(kind.model_validate_json(line))
        except ValidationError as problem:
            first = problem.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise RunError(
                f"{path}, line {number}",
                f"is not a {kind.__name__} record: {place + ': ' if place else ''}{first['msg']}",
                remedy="The file may be truncated; remove it and run the stage that writes it again.",
            ) from None
    return tuple(records)


def fingerprint(value: Any) -> str:
    """Return the SHA-256 of a JSON-able value in canonical form (sorted keys, no spaces)."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it takes the name ``path``, on failure it is removed.

    The temporary name keeps the suffix, because writers of images choose the format by it.

    Raises:
        RunError: The disk is full, or the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = "".join(path.suffixes[-2:]) if path.name.endswith(".gz") else path.suffix
    handle, name = tempfile.mkstemp(prefix=".partial-", suffix=suffix, dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.chmod(0o644)
        partial.replace(path)
    except OSError as problem:
        raise disk_problem(path, problem) from problem
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside ``path``; on success it takes the place of ``path``, on failure it is removed.

    Raises:
        RunError: The disk is full, or the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=path.parent))
    try:
        yield partial
        for file in partial.rglob("*"):
            if file.is_dir():
                file.chmod(0o755)
                continue
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
            file.chmod(0o644)
        partial.chmod(0o755)
        _take_place(partial, path)
    except OSError as problem:
        raise disk_problem(path, problem) from problem
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _take_place(partial: Path, path: Path) -> None:
    if not path.is_dir():
        partial.replace(path)
        return
    # POSIX renames no folder onto a filled one: the old one steps aside first and is removed last.
    aside = Path(tempfile.mkdtemp(prefix=".partial-", dir=path.parent))
    path.replace(aside)
    partial.replace(path)
    shutil.rmtree(aside)


def inside(root: Path, relative: str) -> Path:
    """Return ``root / relative`` after proving that it stays inside ``root``, symbolic links followed.

    Args:
        root: Folder that the path must not leave.
        relative: Path with forward slashes, as records and tables write it.

    Raises:
        DataError: The path is empty or absolute, has ``..`` or a drive, or a link in it leads out of ``root``.

    >>> inside(Path("/data"), "sub-01/t1.nii.gz").as_posix()
    '/data/sub-01/t1.nii.gz'
    """
    parts = PurePosixPath(relative)
    drive = PureWindowsPath(relative)
    leaves = parts.is_absolute() or drive.drive or drive.root or ".." in drive.parts
    path = root / parts
    if not relative or "\0" in relative or leaves or not path.resolve().is_relative_to(root.resolve()):
        raise DataError(
            str(root),
            "a path in a record or table leaves this folder",
            value=relative,
            remedy="Give paths relative to this folder, without '..' and without links that lead out of it.",
        )
    return path


def disk_problem(path: Path, problem: OSError) -> RunError:
    """Return the message for an OSError met while writing ``path``."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "Free space on this disk, then run the same command again: it goes on where it stopped."
        return RunError(str(path), "the disk is full; nothing was half-written", remedy=remedy)
    return RunError(str(path), f"cannot be written: {problem.strerror or problem}", remedy="Check the folder's rights.")


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_lines(path: Path, records: Iterable[Record]) -> None:
    """Write records as JSON lines, whole or not at all."""
    lines = (json.dumps(record.model_dump(mode="json"), ensure_ascii=False) for record in records)
    write_text(path, "".join(f"{line}\n" for line in lines))
