"""A reader study's file (TOML), read whole: every fault at once, with its line."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from pydantic import ValidationError

from synthassay.errors import Fault, SpecError
from synthassay.records.reader_study import READER_SCHEMA_VERSION, ReaderStudy
from synthassay.records.study_file import faults_of, in_file_order

LARGEST_BYTES = 1_000_000


def read_reader_study(path: Path) -> ReaderStudy:
    """Read the file of a reader study.

    Raises:
        SpecError: Carries every fault found, in the order of the file.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SpecError(str(path), [Fault("file", "is too large for a study file", f"{path.stat().st_size} bytes")])
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as problem:
        remedy = "Write one with `synthassay reader new`."
        raise SpecError(str(path), [Fault("file", f"cannot be read: {problem.strerror}", None, remedy)]) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SpecError(str(path), [Fault("TOML", f"is not valid: {problem}")]) from None
    version = table.get("schema_version", READER_SCHEMA_VERSION)
    if isinstance(version, int) and version > READER_SCHEMA_VERSION:
        raise SpecError(str(path), [Fault("schema_version", "was written for a newer synthassay", version, "Update.")])
    try:
        return ReaderStudy.model_validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as problem:
        raise SpecError(str(path), in_file_order(faults_of(problem, ReaderStudy, text))) from None
