"""A study file (TOML) read whole: every fault at once, each with its line, its value and its remedy."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from synthassay.errors import Fault, SpecError, did_you_mean
from synthassay.records.spec import SCHEMA_VERSION, StudySpec, data_contradictions, study_contradictions

LARGEST_BYTES = 1_000_000


def read_study(path: Path) -> StudySpec:
    """Read a study file.

    Returns:
        The study as written, with defaults filled in; names of families and sources are not looked up here.

    Raises:
        SpecError: Carries every fault found, in the order of the file.
    """
    text = _text(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        fault = Fault("TOML", f"is not valid: {problem}", None, "TOML wants text in quotes and lists in [brackets].")
        raise SpecError(str(path), [fault]) from None
    version = table.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        fault = Fault(
            place(text, ("schema_version",)),
            f"was written for a newer synthassay: this one knows versions up to {SCHEMA_VERSION}",
            version,
            "Update synthassay, or write the file anew with `synthassay new`.",
        )
        raise SpecError(str(path), [fault])
    try:  # strict JSON mode: "3" is not a number and 1 is not true, but lists may be tuples and text may be enums
        return StudySpec.model_validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as problem:
        faults = faults_of(problem, StudySpec, text)
    told = {fault.what for fault in faults}
    data = table.get("data")
    for where, found in (
        ("data", data_contradictions(data) if isinstance(data, dict) else []),
        ("generators", study_contradictions(table)),
    ):
        faults += [Fault(place(text, (where,)), what) for what in found if not any(what in seen for seen in told)]
    raise SpecError(str(path), in_file_order(faults))


def with_seed(text: str, seed: int) -> str:
    r"""Return the text of a study file with another seed, all else as written.

    >>> with_seed("title = 'T'\nseed = 1  # chosen once\n[data]\nsource = 'x'\n", 2)
    "title = 'T'\nseed = 2  # chosen once\n[data]\nsource = 'x'\n"

    Raises:
        SpecError: The seed is written in a way that cannot be found, such as below a table.
    """
    head = re.split(r"(?m)^\s*\[", text, maxsplit=1)[0]
    line = re.compile(r"(?m)^(\s*seed\s*=\s*)[0-9_]+")
    found = line.sub(rf"\g<1>{seed}", head) if line.search(head) else f"{head.rstrip()}\nseed = {seed}\n\n"
    changed = found + text[len(head) :]
    if tomllib.loads(changed).get("seed") != seed:
        remedy = "Write `seed = 1` on a line of its own above the first table."
        raise SpecError(
            "study", [Fault(place(text, ("seed",)), "is not written where it can be changed", None, remedy)]
        )
    return changed


def in_file_order(faults: Iterable[Fault]) -> list[Fault]:
    """Sort faults by the line that they name; those without a line come last."""
    return sorted(faults, key=lambda fault: _line_number(fault.place))


def faults_of(
    problem: ValidationError, model: type[BaseModel], text: str, prefix: tuple[str | int, ...] = ()
) -> list[Fault]:
    """Turn pydantic's errors into faults with the line of the file, the value and what to do, in file order."""
    faults = []
    for error in problem.errors(include_url=False):
        location = (*prefix, *error["loc"])
        where = place(text, location)
        if error["type"] == "extra_forbidden":
            known = _field_names(model, error["loc"][:-1])
            faults.append(
                Fault(where, "is not a known name", error["loc"][-1], did_you_mean(str(error["loc"][-1]), known))
            )
        elif error["type"] == "missing":
            faults.append(Fault(where, "is missing", None, _describe(model, error["loc"])))
        else:
            value = error.get("input")
            shown = None if isinstance(value, Mapping | list | tuple) and len(str(value)) > 60 else value
            what = re.sub(r"^Value error, ", "", error["msg"])
            faults.append(Fault(where, what[0].lower() + what[1:], shown, _describe(model, error["loc"])))
    return in_file_order(faults)


def place(text: str, location: tuple[str | int, ...]) -> str:
    r"""Return ``line 7, data.size`` for a location in a study file; without a line where the file has no such name.

    >>> place('title = "x"\n[data]\nsize = 3\n', ("data", "size"))
    'line 3, data.size'
    """
    name = ".".join(f"[{part}]" if isinstance(part, int) else str(part) for part in location).replace(".[", "[")
    line = _find_line(text.splitlines(), location)
    return f"line {line}, {name}" if line else name or "file"


def _find_line(lines: list[str], location: tuple[str | int, ...]) -> int:
    table, rest = location[0] if location else "", location[1:]
    wanted = next((part for part in rest if isinstance(part, int)), 0) if rest and isinstance(rest[0], int) else 0
    key = next((part for part in reversed(location) if isinstance(part, str)), "")
    header = re.compile(rf"^\s*\[\[?\s*{re.escape(str(table))}\s*\]\]?")
    inside, seen, header_line = False, -1, 0
    for number, line in enumerate(lines, 1):
        if re.match(r"^\s*\[", line):
            inside = bool(header.match(line))
            seen += inside
            if inside and seen == wanted:
                header_line = number
        elif re.match(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*=", line) and (
            (len(location) == 1 and header_line == 0 and not inside) or (inside and seen == wanted)
        ):
            return number
    return header_line


def _line_number(where: str) -> int:
    found = re.match(r"line (\d+)", where)
    return int(found.group(1)) if found else 10**9


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SpecError(str(path), [Fault("file", "is too large for a study file", f"{path.stat().st_size} bytes")])
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        remedy = "Write one with `synthassay new --modality xray --task augment`."
        raise SpecError(str(path), [Fault("file", f"cannot be read: {problem.strerror}", None, remedy)]) from None
    except UnicodeDecodeError:
        raise SpecError(str(path), [Fault("file", "is not UTF-8 text", None, "Save it as UTF-8.")]) from None


def _model_at(model: type[BaseModel], location: Iterable[Any]) -> type[BaseModel] | None:
    here: type[BaseModel] | None = model
    for part in location:
        if here is None or isinstance(part, int):
            continue
        field = here.model_fields.get(str(part))
        if field is None:
            return None
        kinds = [field.annotation, *get_args(field.annotation)]
        here = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
    return here


def _field_names(model: type[BaseModel], location: Iterable[Any]) -> list[str]:
    here = _model_at(model, location)
    return list(here.model_fields) if here else []


def _describe(model: type[BaseModel], location: tuple[Any, ...]) -> str:
    names = [part for part in location if isinstance(part, str)]
    here = _model_at(model, names[:-1]) if names else None
    field = here.model_fields.get(names[-1]) if here and names else None
    return f"What belongs here: {field.description}" if field is not None and field.description else ""
