"""Logs that are only ever added to: whole lines, on the disk before anybody is told that they are kept."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from pydantic import ValidationError

from synthassay.errors import DataError
from synthassay.records.base import Record, disk_problem

R = TypeVar("R", bound=Record)


def append(path: Path, records: Iterable[Record]) -> None:
    """Add lines to a log, whole and on the disk when this returns; several processes may do so at once.

    A last line that a killed process left unfinished was never acknowledged and is cut off.

    Raises:
        RunError: The disk is full, or the file cannot be written.
    """
    lines = "".join(json.dumps(r.model_dump(mode="json"), ensure_ascii=False) + "\n" for r in records)
    if not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock")), path.open("ab+") as stream:
            stream.seek(0)
            stream.truncate(_whole_lines(stream.read()))
            stream.seek(0, os.SEEK_END)
            stream.write(lines.encode())
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as problem:
        raise disk_problem(path, problem) from problem


def _whole_lines(data: bytes) -> int:
    return data.rfind(b"\n") + 1


def read_log(path: Path, kind: type[R]) -> tuple[R, ...]:
    """Read a log; none where the file does not exist. An unfinished last line is passed over.

    Raises:
        DataError: A line is not such a record; the message names it.
    """
    if not path.is_file():
        return ()
    data = path.read_bytes()
    records = []
    for number, line in enumerate(data[: _whole_lines(data)].splitlines(), 1):
        try:
            records.append(kind.model_validate_json(line))
        except ValidationError as problem:
            first = problem.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise DataError(
                f"{path}, line {number}",
                f"is not a {kind.__name__.lower()}: {place + ': ' if place else ''}{first['msg']}",
                remedy="Lines are only ever added by the commands; take back by hand what changed this one.",
            ) from None
    return tuple(records)
