"""Choice and quality studies that were read in the room: their answers, arm by arm and item by item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from synthassay.errors import ReadingError
from synthassay.reading.joining import Joined, Reading, right_of
from synthassay.reading.sheets import Asked, Sheet, analyse_sheets
from synthassay.records.reader_result import Artefact, ReaderResult
from synthassay.records.reader_study import ArmRole, StudyKind
from synthassay.records.reading import Purpose

Answered = tuple[Reading, float]


def analyse_answers(joined: Joined, artefacts: tuple[Artefact, ...] = ()) -> ReaderResult:
    """Analyse a choice study (shares of right choices, d', chance) or a quality study (points by item and arm).

    Args:
        joined: A study that was read to the end.
        artefacts: What readers saw of artefacts, to be told beside.

    Raises:
        ReadingError: Fewer than two readers or two cases in an arm, so that nothing generalises; or a reader lacks a
            case that others read.
    """
    choice = joined.design.kind is StudyKind.CHOICE
    readers = tuple(plan.reader for plan in joined.design.readers)
    analysis, arms = joined.truth.analysis, joined.truth.arms
    asked = Asked(
        title=joined.design.title,
        readers=readers,
        alternatives=_alternatives(joined) if choice else None,
        margin=analysis.margin if choice and analysis.hypothesis != "difference" else None,
        positive_controls=tuple(arm for arm, role in arms.items() if role is ArmRole.POSITIVE_CONTROL),
        negative_controls=tuple(arm for arm, role in arms.items() if role is ArmRole.NEGATIVE_CONTROL),
        artefacts=artefacts,
    )
    return analyse_sheets(tuple(_sheets(joined, readers, choice)), asked)


def _sheets(joined: Joined, readers: Sequence[str], choice: bool) -> Iterable[Sheet]:
    readings = joined.of(Purpose.MAIN)
    items = [""] if choice else [question.name for question in joined.design.questions if question.type == "points"]
    for item in items:
        for arm in dict.fromkeys(one.told.treatment for one in readings):
            of = [one for one in readings if one.told.treatment == arm]
            values = [float(bool(right_of(joined, one))) if choice else float(one.answer[item]) for one in of]
            yield _sheet(joined, arm, item, list(zip(of, values, strict=True)), readers)


def _alternatives(joined: Joined) -> int:
    return next(int(q.highest) for q in joined.design.questions if q.type == "pick") + 1


def _sheet(joined: Joined, arm: str, item: str, answers: Sequence[Answered], readers: Sequence[str]) -> Sheet:
    cases = sorted({one.told.case for one, _ in answers})
    table = np.full((len(readers), len(cases)), np.nan)
    for one, value in answers:
        table[readers.index(one.reader), cases.index(one.told.case)] = value
    gaps = np.argwhere(np.isnan(table))
    if len(gaps):
        reader, case = gaps[0]
        raise ReadingError(
            joined.design.title,
            f"is not crossed: {readers[reader]} did not read {cases[case]} of {arm}, which others read",
            remedy="Its answers are in responses.csv.",
        )
    if min(table.shape) < 2:
        raise ReadingError(
            joined.design.title,
            f"has {table.shape[0]} reader(s) and {table.shape[1]} case(s) of {arm}: nothing generalises from one",
            remedy="Its answers are in responses.csv.",
        )
    subject = {one.told.case: one.told.subject for one, _ in answers}
    named = tuple(f"{arm}/{case}" for case in cases)  # images of equal name in two arms need not show one patient
    stated = any(case != whose for case, whose in subject.items())
    patients = tuple(f"{arm}/{c}" if subject[c] == c else subject[c] for c in cases) if stated else ()
    return Sheet(arm, item, named, table, patients)
