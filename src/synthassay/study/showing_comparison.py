"""The comparison of two runs as tables in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from synthassay.records.comparison import PairedRow, RunComparison, SetRow
from synthassay.records.measurement import Interval
from synthassay.report.numbers import plain, probability, unit_words, with_interval


def show_comparison(found: RunComparison, console: Console | None = None) -> None:
    """Print what a comparison found; every row says in words what it shows."""
    console = console or Console(highlight=False)
    console.print(Text(f"A  {found.a}\nB  {found.b}\nprotocol {found.protocol or 'unknown'}"))
    if found.paired:
        table = _table("case by case", ("measure", "A", "B", "A - B", "p (Holm)", "patients", "what this shows"))
        for row in found.paired:
            table.add_row(*_paired(row))
        console.print(table)
    if found.sets:
        table = _table("whole sets", ("measure", "A", "B", "floors", "what this shows"))
        for entry in found.sets:
            table.add_row(*_set(entry))
        console.print(table)
    for note in found.notes:
        console.print(Text(f"note: {note}"))


def measure_words(row: PairedRow | SetRow) -> str:
    """Name, stratum, unit and direction of a row.

    >>> from synthassay.records.vocabulary import Better
    >>> measure_words(PairedRow(metric="mae", title="MAE", stratum="tissue=bone", unit="HU", better=Better.LOWER))
    'MAE, tissue: bone [HU] ↓'
    """
    stratum = f", {row.stratum.replace('=', ': ')}" if row.stratum else ""
    unit = unit_words(row.unit)
    return f"{row.title}{stratum}{f' [{unit}]' if unit else ''} {row.better.arrow}"


def value_words(value: float | None, interval: Interval | None) -> str:
    """A value with its interval; a dash where there is none."""
    return "–" if value is None else " ".join(with_interval(value, interval)).strip()


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _paired(row: PairedRow) -> tuple[str, ...]:
    p = "–" if row.adjusted_p is None else probability(row.adjusted_p).removeprefix("p ").removeprefix("= ")
    numbers = (value_words(row.a, None), value_words(row.b, None), value_words(row.difference, row.interval))
    return (measure_words(row), *numbers, p, str(row.subjects or "–"), row.says)


def _set(row: SetRow) -> tuple[str, ...]:
    floors = " / ".join("–" if floor is None else plain(floor) for floor in (row.a_floor, row.b_floor))
    values = (value_words(row.a, row.a_interval), value_words(row.b, row.b_interval))
    return (measure_words(row), *values, floors, row.says)
