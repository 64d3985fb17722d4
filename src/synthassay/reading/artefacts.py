"""How often readers saw each artefact: exact intervals over cases, the majority of readers deciding."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from synthassay.errors import ReadingError
from synthassay.reading.csv_table import read_table
from synthassay.records.reader_result import Artefact
from synthassay.stats.agreement.categories import coded, gwet_ac
from synthassay.stats.resampling import share_interval

COLUMNS = ("reader", "case", "artefact", "present")


def read_artefacts(path: Path) -> tuple[Artefact, ...]:
    """Read a table of artefacts and return how many cases have each.

    A case has an artefact where more than half of the readers who looked for it saw it.

    Args:
        path: CSV of reader, case, artefact, present (0 or 1); every reader has a row for every artefact looked for.

    Raises:
        ReadingError: It cannot be read, lacks a column, or a row is there twice or says neither 0 nor 1.

    Source:
        Clopper and Pearson, Biometrika 26:404 (1934), doi:10.1093/biomet/26.4.404.
    """
    seen: dict[str, dict[tuple[str, str], bool]] = {}
    for number, row in _rows(path):
        reader, case, artefact, present = (row[name] for name in COLUMNS)
        if present not in ("0", "1"):
            raise ReadingError(f"{path}, row {number}", "present is neither 0 nor 1", value=present)
        marks = seen.setdefault(artefact, {})
        if (reader, case) in marks:
            raise ReadingError(f"{path}, row {number}", f"reader {reader} answered twice for {artefact} in case {case}")
        marks[reader, case] = present == "1"
    return tuple(_counted(name, marks) for name, marks in sorted(seen.items()))


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    table = read_table(path)
    missing = [name for name in COLUMNS if name not in table.header]
    if missing:
        raise ReadingError(
            str(path), f"lacks the columns {', '.join(missing)}", remedy=f"It needs {', '.join(COLUMNS)}."
        )
    table.refuse_empty()
    return [(line, dict(zip(table.header, cells, strict=True))) for line, cells in table.rows]


def _counted(name: str, marks: dict[tuple[str, str], bool]) -> Artefact:
    readers, cases = sorted({r for r, _ in marks}), sorted({c for _, c in marks})
    table = np.full((len(cases), len(readers)), np.nan)
    for (reader, case), seen in marks.items():
        table[cases.index(case), readers.index(reader)] = seen
    present = int((np.nanmean(table, axis=1) > 0.5).sum())
    interval = share_interval(present, len(cases))
    agree = float(gwet_ac(coded(table, categories=[0.0, 1.0]))[0]) if len(readers) > 1 else None
    return Artefact(
        artefact=name,
        cases=len(cases),
        present=present,
        share=present / len(cases),
        ci=(interval.low, interval.high),
        readers=len(readers),
        agreement=agree if agree is not None and np.isfinite(agree) else None,
    )
