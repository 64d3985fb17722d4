"""How stages speak: a bar with images/s and time left in a terminal, plain lines without one, one panel a stage."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text


class Advance(Protocol):
    """Called as work goes on."""

    def __call__(self, done: int, total: int, step: str = "") -> None:
        """Note that ``done`` of ``total`` are finished, of the named step where there are several."""


PLAIN_EVERY_SECONDS = 15.0
QUIET_SECONDS = 2.0


class _Rate(ProgressColumn):
    """Things done per second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        """Show the speed, once there is one."""
        return Text(f"{task.speed:,.0f} {self.unit}/s" if task.speed else f"– {self.unit}/s")


class Voice:
    """Speaks to whoever runs the stages.

    Args:
        console: Where to speak; a terminal gets bars and panels, anything else plain lines.
        quiet: Say nothing but errors.
    """

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.quiet = quiet

    def say(self, line: str) -> None:
        """One plain line."""
        if not self.quiet:
            self.console.print(escape(line))

    def panel(self, title: str, facts: Mapping[str, str], *, next_command: str = "") -> None:
        """One panel for one stage: facts, and the command to go on with."""
        if self.quiet:
            return
        if not self.console.is_terminal:
            self.say(f"{title}: " + "; ".join(f"{key} {value}" for key, value in facts.items()))
            if next_command:
                self.say(f"next: {next_command}")
            return
        table = Table.grid(padding=(0, 2))
        for key, value in facts.items():
            table.add_row(Text(key, style="dim"), Text(value))
        if next_command:
            table.add_row(Text("next", style="dim"), Text(next_command, style="bold"))
        self.console.print(Panel(table, title=escape(title), title_align="left", border_style="cyan"))

    @contextmanager
    def track(self, title: str, unit: str = "images") -> Iterator[Advance]:
        """Give a function ``(done, total)`` to call as work goes on; shown once it lasts over two seconds."""
        if self.quiet:
            yield lambda done, total, step="": None
        elif self.console.is_terminal:
            with self._bar(title, unit) as advance:
                yield advance
        else:
            yield self._lines(title, unit)

    @contextmanager
    def _bar(self, title: str, unit: str) -> Iterator[Advance]:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(unit),
            TimeRemainingColumn(elapsed_when_finished=True),
        )
        began = time.monotonic()
        with Progress(*columns, console=self.console, transient=True, refresh_per_second=4) as progress:
            bar = progress.add_task(title, total=None, visible=False)

            def advance(done: int, total: int, step: str = "") -> None:
                visible = time.monotonic() - began > QUIET_SECONDS
                words = f"{title}: {step}" if step else title
                progress.update(bar, description=words, completed=done, total=total, visible=visible)

            yield advance

    def _lines(self, title: str, unit: str) -> Advance:
        began = last = time.monotonic()
        first: int | None = None

        def advance(done: int, total: int, step: str = "") -> None:
            nonlocal last, first
            first = done if first is None else first
            now = time.monotonic()
            if now - last < PLAIN_EVERY_SECONDS:
                return
            last = now
            if step:
                self.say(f"{title}: {step}, {done:,}/{total:,}")
                return
            rate = (done - first) / (now - began)
            left = f"{readable((total - done) / rate)} left" if rate > 0 else "time left unknown"
            self.say(f"{title}: {done:,}/{total:,} {unit}, {rate:,.1f} {unit}/s, {left}")

        return advance


def readable(seconds: float) -> str:
    """Return a duration for people.

    >>> readable(47), readable(400), readable(9000)
    ('47 s', '6.7 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
