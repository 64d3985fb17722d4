"""From a study that was read to what it shows: checked, joined with the truth, given to the statistics of its kind."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

from synthassay.errors import ReadingError
from synthassay.reading.analysis import CHANCE, Order, analyse
from synthassay.reading.answers import analyse_answers
from synthassay.reading.artefacts import read_artefacts
from synthassay.reading.exporting import export
from synthassay.reading.generalising import Judging
from synthassay.reading.joining import Joined, join
from synthassay.reading.marks_file import read_marks
from synthassay.reading.ratings_file import read_ratings
from synthassay.records.reader_result import READER_RESULT, Artefact, ReaderResult
from synthassay.records.reader_study import ArmRole, StudyKind

CALLED_SYNTHETIC = 50.0  # half way between certainly real and certainly synthetic
RATED = (StudyKind.TURING, StudyKind.DIAGNOSTIC, StudyKind.CHANGE)


def analyse_study(
    folder: Path, out: Path, database: str = "", *, truth: Path | None = None, cut: float | None = None
) -> ReaderResult:
    """Analyse a study as its design fixed it, and write its tables and ``reader_result.json``.

    Args:
        folder: Of the compiled study.
        out: Folder to write: the export, and the result beside it.
        database: SQLAlchemy URL; SQLite in the folder where empty.
        truth: Folder that holds ``truth.json``, where it was kept elsewhere.
        cut: Rating from which a case was called positive, for sensitivity and specificity of a diagnostic study.

    Raises:
        ReadingError: Something was changed after compiling or reading; readers have not finished; or nothing of it
            generalises beyond one reader or case.
    """
    joined = join(folder, database, truth=truth)
    if joined.unread:
        left = ", ".join(f"{reader} ({missing})" for reader, missing in sorted(joined.unread.items()))
        remedy = "Wait, or analyse the export by `synthassay mrmc --method ustat`, which takes any design."
        raise ReadingError(
            joined.design.title, "is not read to the end, so it is not analysed", value=left, remedy=remedy
        )
    if joined.design.kind not in RATED:
        return _answers(joined, out)
    order = order_of(joined, cut)
    export(joined, out)
    marks = read_marks(out / "marks.csv") if order.figure == "wafroc" else None
    ratings = marks.ratings if marks is not None else read_ratings(out / "ratings.csv")
    found = analyse(ratings, order, title=joined.design.title, artefacts=_artefacts(out), marks=marks)
    found.write(out / READER_RESULT)
    return found


def _answers(joined: Joined, out: Path) -> ReaderResult:
    analyse_answers(joined)  # refuses what does not generalise before anything is written
    export(joined, out)
    found = analyse_answers(joined, _artefacts(out))
    found.write(out / READER_RESULT)
    return found


def _artefacts(out: Path) -> tuple[Artefact, ...]:
    return read_artefacts(out / "artefacts.csv") if (out / "artefacts.csv").exists() else ()


def order_of(joined: Joined, cut: float | None) -> Order:
    """Return what the design fixed as an order to the statistics.

    A Turing test is held against chance. The margin counts unless a plain difference was to be shown.
    """
    analysis, arms = joined.truth.analysis, joined.truth.arms
    turing = joined.design.kind is StudyKind.TURING
    margin = None if analysis.hypothesis == "difference" else analysis.margin
    named = {role: tuple(arm for arm, its in arms.items() if its is role) for role in ArmRole}
    marks = next((question.most for question in joined.design.questions if question.type == "marks"), 0)
    placed = any(one.places for one in joined.truth.trials)
    order = Order(
        method="or" if turing or _blocks(joined) else "ustat",
        cut=CALLED_SYNTHETIC if turing else cut,
        judging=Judging(CHANCE, margin, single=turing),
        turing=turing,
        agree=len(joined.design.readers) > 1,
        positive_controls=named[ArmRole.POSITIVE_CONTROL],
        negative_controls=named[ArmRole.NEGATIVE_CONTROL],
    )
    if placed and marks and order.method == "or":  # a place can only be right where the table says where findings are
        return replace(order, figure="lroc" if marks == 1 else "wafroc")
    return order


def _blocks(joined: Joined) -> bool:
    """Whether treatments were read on the same cases, or on cases none of which is shared."""
    cases: dict[str, set[str]] = {}
    for one in joined.truth.trials:
        if one.purpose == "main":
            cases.setdefault(one.treatment, set()).add(one.case)
    sets = list(cases.values())
    return all(one == other or not one & other for one, other in combinations(sets, 2))
