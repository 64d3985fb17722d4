"""An appraisal in the terminal: what is judged, what is open, who differs, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from synthassay.records.appraisal import Appraisal, Level

COLOURS = {Level.LOW: "green", Level.SOME: "yellow", Level.HIGH: "red", Level.UNCLEAR: "bright_black"}
SIGNS = {Level.LOW: "+", Level.SOME: "-", Level.HIGH: "x", Level.UNCLEAR: "?"}


def show_appraisals(found: Sequence[Appraisal], written: Sequence[Path], run: Path) -> None:
    """Print each appraisal as a table, then where it was written and the next command."""
    console = Console(highlight=False)
    for appraisal in found:
        console.print(Text(f"\n{appraisal.title}", style="bold"))
        console.print(Text(f"{', '.join(appraisal.judged) or 'no set'} · {appraisal.source}"))
        if appraisal.domains:
            _domains(console, appraisal)
        if appraisal.score is not None:
            score = appraisal.score
            open_items = f", {score.at_most:.1f} % if all that is open were yes" if score.open else ""
            console.print(Text(f"score {score.percent:.1f} %{open_items}"))
        _counts(console, appraisal)
    for path in written:
        console.print(Text(str(path)))
    console.print(f"next: synthassay report {run}")


def _domains(console: Console, appraisal: Appraisal) -> None:
    table = Table("domain", "risk", "because", box=None, pad_edge=False)
    for domain in appraisal.domains:
        level = Text(f"{SIGNS[domain.level]} {domain.level.value}", style=COLOURS[domain.level])
        table.add_row(domain.title, level, Text(domain.why))
    console.print(table)
    assert appraisal.overall is not None
    console.print(Text(f"overall: {appraisal.overall.value}", style=COLOURS[appraisal.overall]))


def _counts(console: Console, appraisal: Appraisal) -> None:
    applying = [item for item in appraisal.items if item.applies]
    by_run = sum(not item.needs_person for item in applying)
    console.print(Text(f"{len(applying)} items: {by_run} answered by the run, {len(appraisal.open)} open for a person"))
    for item in appraisal.conflicts:
        console.print(Text(f"conflict on {item.item}: {item.conflict}"))
    for pair in appraisal.agreement:
        kappa = "undefined" if pair.kappa is None else f"{pair.kappa:.2f} [{pair.low:.2f}, {pair.high:.2f}]"
        names = " and ".join(pair.between)
        console.print(Text(f"{names}: kappa {kappa}, {pair.share:.0%} of {pair.items} items alike"))
