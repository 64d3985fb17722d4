"""What an appraisal leaves in the run folder: records and tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from synthassay.records.appraisal import APPRAISAL, SCORECARD, Appraisal, AppraisalList
from synthassay.records.base import write_text
from synthassay.records.scorecard import Scorecard

TABLE = "appraisal.csv"
COLUMNS = ("instrument", "item", "domain", "asks", "reply", "by", "evidence", "where", "why", "conflict", "applies")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_appraisals(run: Path, found: Iterable[Appraisal], scorecard: Scorecard) -> list[Path]:
    """Write ``appraisal.json``, ``appraisal.csv`` and ``scorecard.json``; other instruments' appraisals stay.

    Returns:
        What was written.

    Raises:
        RunError: It cannot be written, or the ``appraisal.json`` that is there is damaged.
    """
    place = run / APPRAISAL
    kept = {a.instrument: a for a in AppraisalList.read(place).appraisals} if place.is_file() else {}
    kept |= {appraisal.instrument: appraisal for appraisal in found}
    appraisals = tuple(kept[name] for name in sorted(kept))
    AppraisalList(appraisals=appraisals).write(place)
    write_text(run / TABLE, table(appraisals))
    scorecard.write(run / SCORECARD)
    return [place, run / TABLE, run / SCORECARD]


def table(appraisals: Sequence[Appraisal], runs: Sequence[str] = ()) -> str:
    """Return all answers as CSV, a row for each item, with what counts and where it stands.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.

    Args:
        appraisals: One run's by several instruments, or several runs' by one.
        runs: Name of the run of each appraisal, for a first column; no such column where empty.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("run", *COLUMNS) if runs else COLUMNS)
    for number, appraisal in enumerate(appraisals):
        run = runs[number : number + 1]
        for item in (*appraisal.conditions, *appraisal.items):
            counted = item.counted or item.answers[0]
            row = (
                *run, appraisal.instrument, item.item, item.domain, item.asks, item.reply.value if item.reply else "",
                counted.by if item.reply else "", " | ".join(map(str, counted.evidence)), counted.where, counted.why,
                item.conflict or item.overruled, "yes" if item.applies else "no",
            )  # fmt: skip
            writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row])
    return stream.getvalue()
