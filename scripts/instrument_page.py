"""Write docs/reference/instruments.md from the instruments that come with the package."""

from __future__ import annotations

import sys
from pathlib import Path

from synthassay.appraise.checks import CHECKS
from synthassay.appraise.library import instrument, instrument_names
from synthassay.records.instrument import Instrument, Item, Purpose

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "instruments.md"
HEAD = """\
# Instruments of appraisal

Written by `python scripts/instrument_page.py` from the files in `src/synthassay/appraise/instruments`; change those.
[Appraise a run](../how-to/appraise-a-run.md) tells how to use them, and
[risk of bias](../explanation/risk-of-bias.md) what follows from the answers.

Items stand in our own words. Numbers are the originals'. What could not be held against an original says so: complete
the official checklist for a submission. *By the run* names the check that looks in the run folder; where there is none,
only a person can answer.

| name | purpose | items | by the run | source |
|---|---|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    found = [instrument(name) for name in instrument_names()]
    rows = [
        f"| [`{one.name}`](#{one.name}) | {one.purpose.value} | {len(one.items)} | "
        f"{sum(bool(item.check) for item in one.items)} | {one.source} |"
        for one in found
    ]
    return HEAD + "\n".join([*rows, "", checks(), *(section(one) for one in found)])


def checks() -> str:
    """Return the table of checks."""
    rows = [f"| `{name}` | {(function.__doc__ or '').strip().splitlines()[0]} |" for name, function in CHECKS.items()]
    head = "## Checks\n\nA check says yes or no where it can point at what shows it, and else why it cannot tell.\n"
    return "\n".join([head, "| check | what it looks for |", "|---|---|", *rows, ""])


def section(one: Instrument) -> str:
    """Return one instrument."""
    lines = [f"## {one.name}", "", f"**{one.title}**, version {one.version}. {one.about}", ""]
    lines += [f"- Source: {one.source}", f"- Licence: {one.licence}", f"- Held against: {one.verification}"]
    lines += [f"- Answers: {', '.join(one.replies)}", ""]
    if one.conditions:
        lines += ["| condition | asks | by the run |", "|---|---|---|"]
        lines += [f"| `{c.key}` ({c.number}) | {c.asks} | `{c.check}` |" for c in one.conditions]
        lines.append("")
    for domain in one.domains:
        lines += [f"### {domain.title}", ""]
        lines += [domain.why, ""] if domain.why else []
        weighted = one.purpose is Purpose.SCORE
        lines += [f"| item | asks | {'weight | ' if weighted else ''}by the run |", "|---" * (3 + weighted) + "|"]
        lines += [row(item, weighted) for item in one.of(domain.key)]
        lines.append("")
    return "\n".join(lines)


def row(item: Item, weighted: bool) -> str:
    """Return one item as a row."""
    notes = " **(critical)**" if item.critical else ""
    notes += f" Applies where {', '.join(f'`{c}`' for c in item.conditions)} holds." if item.conditions else ""
    notes += f" *Not verified: {item.not_verified}*" if item.not_verified else ""
    weight = f"{item.weight:g} | " if weighted else ""
    return f"| {item.id} | {item.asks}{notes} | {weight}{f'`{item.check}`' if item.check else 'a person'} |"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
