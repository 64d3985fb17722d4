"""A table of paths: one row per case, a column per role, and what is known about the case beside it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from synthassay.data.listing import Fields, Listing, case_name, refuse_twins, told_apart, usual_name
from synthassay.data.splits import parse_split
from synthassay.data.subgroups import subgroups
from synthassay.errors import DataError, did_you_mean
from synthassay.images.formats import FORMATS
from synthassay.records.base import inside
from synthassay.records.cohort import Case, Locator
from synthassay.records.vocabulary import Role

ABOUT = ("case", "subject", "session", "site", "scanner", "label", "split")
FACTS = ("study", "series", "date")
SUFFIXES = (".csv", ".tsv", ".parquet")
_SINGLE_IMAGE = ("path", "file", "filename")
Row = dict[str, str]


def list_table(path: Path, fields: Fields) -> Listing:
    """Return the cases that a CSV, TSV or Parquet table lists; paths are relative to the table's folder.

    A column is a role where all its filled cells end like image files; ``path`` and ``file`` mean the role ``image``.
    Other columns that are not about the case are left out, with a note.

    Raises:
        DataError: The table is unreadable or has no image column, a file is missing or listed twice, a path leaves the
            folder, or a case is listed twice.
    """
    rows = read_table(path)
    columns = list(rows[0])
    about = _about(path, columns, fields)
    roles = _roles(path, rows, columns, set(about.values()))
    names = [_name(row, about, roles, f"row-{i}" if fields.declared else "") for i, row in enumerate(rows, start=2)]
    if fields.declared:
        names = told_apart(names)
    else:
        refuse_twins(names, str(path), "Give each row its own `case`.")
        _refuse_missing(path, rows, roles)
    cases = tuple(_case(row, name, about, roles) for row, name in zip(rows, names, strict=True))
    words = _column(names, rows, about.get("split", ""))
    given = {}
    if not fields.declared:
        given = {name: parse_split(word, f"{path.name}, column {about['split']}") for name, word in words.items()}
    subjects = _column(names, rows, about.get("subject", ""))
    return Listing(
        path.parent,
        cases,
        f"table {path.name}",
        given,
        notes=_notes(rows, columns, about, roles),
        words=words,
        shown=_shown(names, rows, about, roles),
        alone=frozenset(name for name in names if name not in subjects),
        facts=_facts(names, rows, about),
    )


def read_rows(path: Path, delimiter: str) -> list[Row]:
    """Return a delimited table's rows as texts by column.

    Raises:
        DataError: It cannot be read, is empty, or a row has more or fewer cells than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = [line for line in csv.reader(stream, delimiter=delimiter) if any(cell.strip() for cell in line)]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DataError(str(path), f"cannot be read as a table: {problem}", remedy="Save it as UTF-8 text.") from None
    if len(lines) < 2:
        raise DataError(str(path), "has no rows below its header")
    header = [cell.strip() for cell in lines[0]]
    if len(set(header)) < len(header):
        raise DataError(str(path), "has two columns of one name", value=", ".join(header))
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            where = f"{path}, row {number}"
            raise DataError(where, f"has {len(line)} cells where the header has {len(header)}", value=", ".join(line))
    return [dict(zip(header, (cell.strip() for cell in line), strict=True)) for line in lines[1:]]


def read_table(path: Path) -> list[Row]:
    """Return the rows of a CSV (comma or semicolon), TSV or Parquet table as texts by column.

    Raises:
        DataError: As for ``read_rows``.
    """
    if path.suffix == ".parquet":
        return _parquet_rows(path)
    delimiter = "\t"
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", errors="replace") as stream:
            header = stream.readline()
        delimiter = ";" if header.count(";") > header.count(",") else ","
    return read_rows(path, delimiter)


def _parquet_rows(path: Path) -> list[Row]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as problem:
        raise DataError(str(path), f"cannot be read as Parquet: {str(problem).splitlines()[0]}") from None
    if not table.num_rows:
        raise DataError(str(path), "has no rows")
    return [{key: "" if v is None else str(v).strip() for key, v in row.items()} for row in table.to_pylist()]


def _about(path: Path, columns: list[str], fields: Fields) -> dict[str, str]:
    about = {name: name for name in ABOUT if name in columns}
    if fields.declared:
        images = {column for column in columns if column in _SINGLE_IMAGE}
        usual = {what: usual_name(what, [c for c in columns if c not in images]) for what in (*ABOUT[1:], *FACTS)}
        about = {what: column for what, column in usual.items() if column} | about
    for what in ("label", "subject", "site", "split"):
        named = getattr(fields, what)
        if named and named not in columns:
            remedy = did_you_mean(named, columns)
            raise DataError(f"[data] {what}", f"names no column of {path.name}", value=named, remedy=remedy)
        if named:
            about[what] = named
    return about


def _roles(path: Path, rows: list[Row], columns: list[str], about: set[str]) -> dict[str, str]:
    endings = tuple(suffix for _, known in FORMATS.items() for suffix in known.suffixes if suffix)
    roles = {}
    for column in columns:
        cells = [row[column] for row in rows if row[column]]
        named = column in _SINGLE_IMAGE or column in set(Role)
        if column not in about and cells and (named or all(cell.lower().endswith(endings) for cell in cells)):
            roles[Role.IMAGE.value if column in _SINGLE_IMAGE else column] = column
    if not roles:
        raise DataError(
            str(path),
            "has no column of image paths",
            value=", ".join(columns),
            remedy="Add a column `image`, or one per role (t1, t2, mask), with paths relative to the table.",
        )
    return roles


def _name(row: Row, about: dict[str, str], roles: dict[str, str], instead: str) -> str:
    if "case" in about:
        return case_name(row[about["case"]], instead)
    parts = [row[about[what]] for what in ("subject", "session") if what in about and row[about[what]]]
    # One picture per case: the file's name tells cases of one subject apart.
    if list(roles) == [Role.IMAGE.value] or not parts:
        first = next((row[column] for column in roles.values() if row[column]), "")
        return case_name(file_stem(first), instead)
    return case_name("_".join(parts), instead)


def file_stem(path: str) -> str:
    """Return a file's name without folders and without its image ending.

    >>> file_stem("a/sub-01_T1w.nii.gz")
    'sub-01_T1w'
    """
    name = path.rsplit("/", 1)[-1]
    return name.removesuffix(".gz").rsplit(".", 1)[0] if "." in name else name


def _case(row: Row, name: str, about: dict[str, str], roles: dict[str, str]) -> Case:
    known = {what: row[column] for what, column in about.items() if what not in ("case", "split", *FACTS)}
    known["subject"] = known.get("subject") or name
    images = {role: Locator(path=row[column].replace("\\", "/")) for role, column in roles.items() if row[column]}
    return Case(case=name, images=images, groups=subgroups(row), **known)


def _column(names: Sequence[str], rows: Sequence[Row], column: str) -> dict[str, str]:
    return {name: row[column] for name, row in zip(names, rows, strict=True) if column and row[column]}


def _shown(names: Sequence[str], rows: list[Row], about: dict[str, str], roles: dict[str, str]) -> dict[str, str]:
    single = next(iter(roles.values()))
    column = about.get("case", "") or (single if len(roles) == 1 else "")
    return _column(names, rows, column)


def _facts(names: Sequence[str], rows: list[Row], about: dict[str, str]) -> dict[str, dict[str, str]]:
    known = {what: about[what] for what in FACTS if what in about}
    return {
        name: {what: row[column] for what, column in known.items() if row[column]}
        for name, row in zip(names, rows, strict=True)
        if known
    }


def _refuse_missing(path: Path, rows: list[Row], roles: dict[str, str]) -> None:
    missing, seen = [], set()
    for row in rows:
        for role, column in roles.items():
            relative = row[column].replace("\\", "/")
            if not relative:
                continue
            if not inside(path.parent, relative).exists():
                missing.append(relative)
            if (role, relative) in seen and role == next(iter(roles)):
                raise DataError(str(path), f"lists a file twice in the column {column}", value=relative)
            seen.add((role, relative))
    if missing:
        shown = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
        remedy = "Paths are relative to the table's folder; correct them, or remove the rows."
        raise DataError(str(path), f"{len(missing)} file(s) that it lists are missing", value=shown, remedy=remedy)


def _notes(rows: list[Row], columns: Sequence[str], about: dict[str, str], roles: dict[str, str]) -> tuple[str, ...]:
    notes = []
    if unused := [c for c in columns if c not in about.values() and c not in roles.values()]:
        notes.append(f"Columns that were not used: {', '.join(unused)}.")
    column = about.get("subject")
    if alone := sum(not column or not row[column] for row in rows):
        notes.append(
            f"{alone} of {len(rows)} cases have no subject in the table and count as a subject each: that no patient"
            " stands on two sides of the split cannot be proven for them."
        )
    return tuple(notes)
