"""The result of a reader study as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from synthassay.records.reader_result import (
    Ends,
    Generalisation,
    ProportionalOdds,
    ReaderDifference,
    ReaderMean,
    ReaderResult,
)

NAMES = {
    "rrrc": "random readers, random cases",
    "frrc": "these readers, random cases",
    "rrfc": "random readers, these cases",
    "ustat": "U-statistics, random readers and cases",
}


def show_result(found: ReaderResult, console: Console | None = None) -> None:
    """Print what was read, the figures, every analysis (the headline first), and what was and was not shown."""
    console = console or Console(highlight=False)
    console.print(Text(found.title, style="bold"))
    console.print(
        Text(
            f"{len(found.readers)} readers, {found.cases} cases"
            + (f" ({found.positive} positive, {found.negative} negative)" if found.auc else "")
            + ("" if found.patients is None else f" of {found.patients} patients")
            + f", {found.readings} readings, {found.design}"
        )
    )
    console.print(_figures(found))
    for key in dict.fromkeys((found.headline, "rrrc", "frrc", "rrfc")):
        part = getattr(found, key)
        if part is not None:
            console.print(Text(_heading(key, part), style="bold" if key == found.headline else ""))
            console.print(_contrasts(part.differences, part.single))
    for title, table in _rest(found):
        console.print(Text(title))
        console.print(table)
    for line in found.says:
        console.print(Text(line))


def _figures(found: ReaderResult) -> Table:
    rows = []
    for treatment in found.treatments:
        row = [found.values[treatment][reader] for reader in found.readers]
        cells = ["–" if v is None else f"{v:.4f}" for v in row]
        rows.append([treatment, *cells, f"{found.mean[treatment]:.4f}"])
    return _table((found.figure, *found.readers, "mean"), rows)


def _heading(key: str, part: object) -> str:
    if not isinstance(part, Generalisation) or part.statistic is None or part.p is None:
        return f"{NAMES[key]}"
    if part.df2 is None:
        return f"{NAMES[key]}: chi-squared({part.df1:g}) = {part.statistic:.3f}, p = {part.p:.4f}"
    return f"{NAMES[key]}: F({part.df1:g}, {part.df2:.2f}) = {part.statistic:.3f}, p = {part.p:.4f}"


def _contrasts(differences: tuple[ReaderDifference, ...], single: tuple[ReaderMean, ...]) -> Table:
    rows = []
    named = [(f"{d.a} - {d.b}", d) for d in differences] + [(m.treatment, m) for m in single]
    for name, row in named:
        rows.append([name, *_cells(row), "" if row.within is None else f"p {_p(row.within.equivalent_p)}"])
    return _table(("", "estimate", "SE", "df", "95% interval", "p", "within margin"), rows)


def _cells(row: ReaderDifference | ReaderMean) -> list[str]:
    if row.se is None or row.ci is None:
        return [f"{row.estimate:.4f}", "–", "–", "–", "–"]
    df = "∞" if row.df is None else f"{row.df:.2f}"
    return [f"{row.estimate:.4f}", f"{row.se:.4f}", df, _ends(row.ci), "–" if row.p is None else _p(row.p)]


def _rest(found: ReaderResult) -> Iterable[tuple[str, Table]]:
    if found.at_cut:
        rows = [[part.figure, t, f"{mean:.4f}"] for part in found.at_cut for t, mean in part.mean.items()]
        yield f"at the cut {found.cut:g}", _table(("", "treatment", "mean over readers"), rows)
    if found.turing:
        guessers = [g for t in found.turing for g in t.readers]
        rows = [
            [g.treatment, g.reader, f"{g.d_prime:.3f}", f"{g.criterion:.3f}", f"{g.accuracy:.3f}"] for g in guessers
        ]
        yield "telling synthetic from real", _table(("treatment", "reader", "d'", "criterion", "accuracy"), rows)
    if found.choices:
        rows = [[c.treatment, c.reader, f"{c.right} of {c.trials}", f"{c.d_prime:.3f}"] for c in found.choices]
        yield f"choices among {found.choices[0].alternatives}", _table(("treatment", "reader", "right", "d'"), rows)
    for odds in found.odds:
        yield f"log odds of more points{f', {odds.item}' if odds.item else ''} (proportional odds)", _odds(odds)
    if found.agreement:
        rows = [[a.treatment, a.coefficient, _or_dash(a.estimate), _ends(a.ci)] for a in found.agreement]
        yield "agreement of readers", _table(("treatment", "coefficient", "estimate", "95% interval"), rows)
    if found.artefacts:
        rows = [[a.artefact, f"{a.present} of {a.cases}", _ends(a.ci)] for a in found.artefacts]
        yield "artefacts seen by most readers", _table(("artefact", "cases", "95% interval"), rows)
    if found.drift:
        rows = [[d.of, f"{d.slope:.3f}", _ends(d.ci), "–" if d.p is None else _p(d.p)] for d in found.drift]
        yield "change over the session", _table(("", "slope", "95% interval", "p"), rows)
    if found.resampled:
        both = {**found.resampled.mean, **found.resampled.differences}
        rows = [[name, _ends(ends)] for name, ends in both.items()]
        yield f"bootstrap of readers and cases, {found.resampled.draws} draws", _table(("", "95% interval"), rows)


def _odds(odds: ProportionalOdds) -> Table:
    rows = [[f"{d.a} - {d.b}", *_cells(d)] for d in odds.differences] or [["", odds.note, "", "", "", ""]]
    rows += [[f"spread of {kind}s", f"{spread:.4f}", "", "", "", ""] for kind, spread in odds.spread.items()]
    return _table(("", "estimate", "SE", "df", "95% interval", "p"), rows)


def _table(columns: tuple[str, ...], rows: Iterable[list[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for k, name in enumerate(columns):
        table.add_column(name, justify="right" if k else "left", no_wrap=k > 0)
    for row in rows:
        table.add_row(*row)
    return table


def _ends(ends: Ends | None) -> str:
    return "–" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}"


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _p(p: float) -> str:
    return "<0.0001" if p < 1e-4 else f"{p:.4f}"
