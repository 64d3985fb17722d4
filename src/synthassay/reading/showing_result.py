"""The result of a reader study as tables in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from synthassay.records.reader_result import Generalisation, ReaderDifference, ReaderMean, ReaderResult

NAMES = {
    "rrrc": "random readers, random cases",
    "frrc": "these readers, random cases",
    "rrfc": "random readers, these cases",
    "ustat": "U-statistics, random readers and cases",
}


def show_result(found: ReaderResult, console: Console | None = None) -> None:
    """Print what was read, the figures, and the analysis that the study asks for first."""
    console = console or Console(highlight=False)
    console.print(Text(found.title, style="bold"))
    console.print(
        Text(
            f"{len(found.readers)} readers, {found.cases} cases ({found.positive} positive, {found.negative} negative),"
            f" {found.readings} readings, {found.design}"
        )
    )
    console.print(_figures(found))
    for key in dict.fromkeys((found.headline, "rrrc", "frrc", "rrfc")):
        part = getattr(found, key)
        if part is not None:
            console.print(Text(_heading(key, part), style="bold" if key == found.headline else ""))
            console.print(_contrasts(part.differences, part.single))
    for line in found.says:
        console.print(Text(line))
    for what, why in found.not_done.items():
        console.print(Text(f"not analysed: {NAMES.get(what, what)}, because {why}"))


def _figures(found: ReaderResult) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(found.figure)
    for reader in found.readers:
        table.add_column(reader, justify="right")
    table.add_column("mean", justify="right")
    for treatment in found.treatments:
        row = [found.values[treatment][reader] for reader in found.readers]
        table.add_row(treatment, *("–" if v is None else f"{v:.4f}" for v in row), f"{found.mean[treatment]:.4f}")
    return table


def _heading(key: str, part: object) -> str:
    if not isinstance(part, Generalisation) or part.statistic is None or part.p is None:
        return f"{NAMES[key]}"
    if part.df2 is None:
        return f"{NAMES[key]}: chi-squared({part.df1:g}) = {part.statistic:.3f}, p = {part.p:.4f}"
    return f"{NAMES[key]}: F({part.df1:g}, {part.df2:.2f}) = {part.statistic:.3f}, p = {part.p:.4f}"


def _contrasts(differences: tuple[ReaderDifference, ...], single: tuple[ReaderMean, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", "estimate", "SE", "df", "95% interval", "p", "within margin"):
        table.add_column(name, justify="left" if not name else "right", no_wrap=bool(name))
    for d in differences:
        within = "" if d.within is None else f"p = {d.within.equivalent_p:.4f}"
        table.add_row(f"{d.a} - {d.b}", *_cells(d), within)
    for m in single:
        within = "" if m.within is None else f"p = {m.within.equivalent_p:.4f}"
        table.add_row(m.treatment, *_cells(m), within)
    return table


def _cells(row: ReaderDifference | ReaderMean) -> list[str]:
    if row.se is None or row.ci is None:
        return [f"{row.estimate:.4f}", "–", "–", "–", "–"]
    df = "∞" if row.df is None else f"{row.df:.2f}"
    p = "–" if row.p is None else f"{row.p:.4f}"
    return [f"{row.estimate:.4f}", f"{row.se:.4f}", df, f"{row.ci[0]:.4f} to {row.ci[1]:.4f}", p]
