"""What an appraisal leaves in the run folder: records and tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from synthassay.records.appraisal import APPRAISAL, SCORECARD, Appraisal, AppraisalList
from synthassay.records.base import write_text
from synthassay.records.scorecard import Scorecard

TABLE, CARD_TABLE = "appraisal.csv", "scorecard.csv"
CARD_COLUMNS = (
    "criterion", "of", "title", "stratum", "value", "low", "high", "floor", "unit", "better", "n", "subjects", "fact",
    "evidence",
)  # fmt: skip
COLUMNS = ("instrument", "item", "domain", "asks", "reply", "by", "evidence", "where", "why", "conflict", "applies")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_appraisals(run: Path, found: Iterable[Appraisal], scorecard: Scorecard | None) -> list[Path]:
    """Write the appraisals and the scorecard as JSON and as CSV; other instruments' appraisals stay.

    Args:
        run: Folder to write into.
        found: New appraisals.
        scorecard: None for a folder that holds no run, such as that of a review.

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
    if scorecard is None:
        return [place, run / TABLE]
    scorecard.write(run / SCORECARD)
    write_text(run / CARD_TABLE, card_table(scorecard))
    return [place, run / TABLE, run / SCORECARD, run / CARD_TABLE]


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
            writer.writerow([_no_formula(cell) for cell in row])
    return stream.getvalue()


def card_table(scorecard: Scorecard) -> str:
    """Return the scorecard as CSV: a row for each thing shown, and one for each that was not measured."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CARD_COLUMNS)
    for criterion in scorecard.criteria:
        for entry in criterion.entries:
            ends = (entry.interval.low, entry.interval.high) if entry.interval else ("", "")
            numbers = ("", "", "", "") if entry.value is None else (entry.value, *ends, _or_empty(entry.floor))
            words = (entry.unit, entry.better.value if entry.better else "", entry.n or "", entry.subjects or "")
            texts = map(_no_formula, (entry.of, entry.title, entry.stratum))
            row = (criterion.name.value, *texts, *numbers, *words, _no_formula(entry.fact), str(entry.stands))
            writer.writerow(row)
        for reason in criterion.not_measured:
            empty = [""] * (len(CARD_COLUMNS) - 3)
            writer.writerow((criterion.name.value, *empty, _no_formula(f"not measured: {reason}"), ""))
    return stream.getvalue()


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _or_empty(number: float | None) -> float | str:
    return "" if number is None else number
