"""Whether looking good means helping, as tables in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from synthassay.records.discordance import Discordance, DiscordanceBlock
from synthassay.report.numbers import plain, probability


def show_discordance(found: Discordance, console: Console | None = None) -> None:
    """Print each block: the answer first, then every measure, then the reversals by name."""
    console = console or Console(highlight=False)
    for block in found.blocks:
        stratum = f", {block.gain_stratum}" if block.gain_stratum else ""
        console.print(Text(f"{block.modality} {block.task}: {', '.join(block.runs)}", style="bold"))
        console.print(Text(f"help: {block.gain_title}{stratum}, {len(block.sets)} sets"))
        console.print(Text(block.says))
        if block.rows:
            console.print(_table(block))
        for row in block.rows:
            for pair in row.reversals:
                told = f"{pair.looks_better} looks better than {pair.helps_more} on {row.title}, and helps less"
                console.print(Text(told))
        for note in block.notes:
            console.print(Text(f"note: {note}"))


def _table(block: DiscordanceBlock) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in (
        "measure",
        "tau",
        "interval",
        "p (Holm)",
        "sets",
        "reversed: shown, within noise",
        "what this shows",
    ):
        table.add_column(column, overflow="fold")
    for row in block.rows:
        if row.tau is None or row.interval is None or row.adjusted_p is None:
            table.add_row(row.title, "–", "–", "–", str(row.n), "–", row.says)
            continue
        ends = f"{plain(row.interval.low, 2)} to {plain(row.interval.high, 2)}"
        p = probability(row.adjusted_p).removeprefix("p ").removeprefix("= ")
        pairs = f"{len(row.reversals)}, {row.within_noise}"
        table.add_row(f"{row.title} {row.better.arrow}", plain(row.tau, 2), ends, p, str(row.n), pairs, row.says)
    return table
