"""A study's readings as tables: our own, in every detail, and those that iMRMC and MRMCaov read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synthassay.errors import ReadingError
from synthassay.reading.joining import Joined, Rating, Reading, hit, ratings_of, right_of, score_of
from synthassay.records.base import whole_folder, write_text
from synthassay.records.reader_study import StudyKind
from synthassay.records.reading import Purpose

RATINGS = ("reader", "treatment", "case", "truth", "rating", "position", "seconds")
RATED = (StudyKind.TURING, StudyKind.DIAGNOSTIC, StudyKind.CHANGE)


def export(joined: Joined, out: Path) -> list[Path]:
    """Write every table of a study into a new folder, whole or not at all.

    ``ratings.csv`` (which MRMCaov reads), ``imrmc.csv``, ``responses.csv``, ``events.csv``, ``marks.csv``,
    ``repeats.csv``, ``catch.csv`` and ``export.json``, which says what they are of.

    Raises:
        ReadingError: The folder exists already, or nobody has read.
    """
    if out.exists():
        raise ReadingError(str(out), "exists already; nothing was written", remedy="Choose another --out.")
    if not joined.readings:
        raise ReadingError(joined.design.title, "has no responses yet, so there is nothing to export")
    tables = {"responses.csv": _responses(joined), "events.csv": _events(joined), "catch.csv": _catch(joined)}
    if joined.design.kind in RATED:
        ratings = ratings_of(joined)
        located = ("located",) if ratings and ratings[0].located is not None else ()
        shared = len({one.patient for one in ratings}) < len({one.case for one in ratings})
        more = (*located, *(("patient",) if shared else ()))
        tables["ratings.csv"] = table((*RATINGS, *more), ratings_rows(ratings, patients=shared))
        tables["imrmc.csv"] = table(("readerID", "caseID", "modalityID", "score"), imrmc_rows(ratings))
    tables["repeats.csv"] = _repeats(joined)
    types = {question.type for question in joined.design.questions}
    if "marks" in types:
        tables["marks.csv"] = _marks(joined)
    if "tags" in types:
        tables["artefacts.csv"] = _artefacts(joined)
    with whole_folder(out) as folder:
        for name, text in tables.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        write_text(folder / "export.json", json.dumps(_about(joined), indent=1) + "\n")
    return [out / name for name in (*tables, "export.json")]


def ratings_rows(ratings: Iterable[Rating], *, patients: bool = False) -> list[tuple[Any, ...]]:
    """Return lines of reader, treatment, case, truth, rating, position, seconds, and where known located, patient."""
    return [
        (one.reader, one.treatment, one.case, one.truth, _plain(one.rating), one.position, one.seconds)
        + (() if one.located is None else (one.located,))
        + ((one.patient,) if patients else ())
        for one in ratings
    ]


def imrmc_rows(ratings: Sequence[Rating]) -> list[tuple[Any, ...]]:
    """Return the lines of iMRMC: one of the reader and modality ``truth`` per case, then one per reading."""
    truth = {one.case: one.truth for one in ratings}
    told = [("truth", case, "truth", value) for case, value in sorted(truth.items())]
    return told + [(one.reader, one.case, one.treatment, _plain(one.rating)) for one in ratings]


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return CSV; a text that a spreadsheet would run as a formula is disarmed by an apostrophe."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return stream.getvalue()


def _safe(cell: Any) -> Any:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return int(cell)
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _responses(joined: Joined) -> str:
    """Every response, revisions and practice too; the rating that is analysed stands after the answers as given."""
    kind = joined.design.kind
    asked = [q.name for q in joined.design.questions if q.type != "marks" and q.name != "rating"]
    times = ("active_ms", "first_input_ms", "paused_ms", "hidden_ms", "loads")
    header = (
        "reader", "order", "trial", "session", "block", "purpose", "repeat_of", "treatment", "case", "subject", "truth",
        *asked, "rating", "right", *times, "answered_at", "revision", "last", "screen_width", "screen_height",
        "pixel_ratio",
    )  # fmt: skip

    def row(one: Reading) -> tuple[Any, ...]:
        told, score = one.told, score_of(kind, one.answer)
        return (
            told.reader, one.order, told.trial, one.trial.session + 1, one.trial.block + 1, told.purpose.value,
            told.repeat_of, told.treatment, told.case, told.subject, told.truth,
            *(_cell(one.answer.get(name)) for name in asked), None if score is None else _plain(score),
            right_of(joined, one), *(one.timing.get(name) for name in times),
            datetime.fromtimestamp(one.at, UTC).isoformat(timespec="milliseconds"), one.revision, one.last,
            *(one.screen.get(name) for name in ("width", "height", "ratio")),
        )  # fmt: skip

    return table(header, map(row, joined.readings))


def _cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def _events(joined: Joined) -> str:
    rows = (
        (one.reader, one.told.trial, one.revision, event[0], event[1], *(list(event[2:]) + [""] * 4)[:4])
        for one in joined.readings
        for event in one.events
    )
    return table(("reader", "trial", "revision", "active_ms", "event", "a", "b", "c", "d"), rows)


def _catch(joined: Joined) -> str:
    rows = (
        (
            one.reader, one.told.trial, json.dumps(one.told.expected, sort_keys=True),
            all(one.answer.get(name) == value for name, value in one.told.expected.items()),
        )
        for one in joined.of(Purpose.CATCH)
    )  # fmt: skip
    return table(("reader", "trial", "asked", "passed"), rows)


def _repeats(joined: Joined) -> str:
    """First and second answer to the same, question by question."""
    first = {one.told.trial: one for one in joined.of(Purpose.MAIN)}
    names = [q.name for q in joined.design.questions if q.type not in ("text", "marks", "tags")]
    rows = []
    for one in joined.of(Purpose.REPEAT):
        if (before := first.get(one.told.repeat_of)) is None:
            continue
        for name in names:
            values = before.answer.get(name), one.answer.get(name)
            if name == "pick":  # by where the target stood: whether it was chosen, not which side
                values = right_of(joined, before), right_of(joined, one)
            rows.append((one.reader, one.told.treatment, one.told.case, name, *values))
    return table(("reader", "treatment", "case", "question", "first", "second"), rows)


def _marks(joined: Joined) -> str:
    """One line per mark; a case read without marks has one line without a rating, for it was read."""
    mine = joined.of(Purpose.MAIN)
    shared = len({one.told.subject for one in mine}) < len({one.told.case for one in mine})
    question = next(question for question in joined.design.questions if question.type == "marks")
    rows: list[tuple[Any, ...]] = []
    for one in mine:
        patient = (one.told.subject,) if shared else ()
        whose = (one.reader, one.told.treatment, one.told.case, len(one.told.places))
        marks = one.answer.get(question.name, [])
        for mark in marks:
            found = hit(mark, one.told.places)
            place = [mark[name] for name in ("image", "x", "y", "slice")]
            rows.append((*whose, mark["rating"], None if found is None else found + 1, *place, *patient))
        rows += [] if marks else [(*whose, None, None, None, None, None, None, *patient)]
    names = ("reader", "treatment", "case", "lesions", "rating", "lesion", "image", "x", "y", "slice")
    return table((*names, "patient") if shared else names, rows)


def _artefacts(joined: Joined) -> str:
    """One line for every artefact that could have been ticked, whether it was or not."""
    question = next(question for question in joined.design.questions if question.type == "tags")
    rows = (
        (one.reader, one.told.treatment, f"{one.told.treatment}/{one.told.case}", option.value,
         option.value in one.answer.get(question.name, []))
        for one in joined.of(Purpose.MAIN)
        for option in question.options
    )  # fmt: skip
    return table(("reader", "treatment", "case", "artefact", "present"), rows)


def _about(joined: Joined) -> dict[str, Any]:
    return {
        "title": joined.design.title,
        "kind": joined.design.kind.value,
        "design": joined.design.digest(),
        "truth": joined.design.truth_sha256,
        "log_head": joined.head,
        "responses": len(joined.readings),
        "unread": joined.unread,
        "analysis": joined.truth.analysis.model_dump(mode="json"),
        "software": joined.design.software,
    }
