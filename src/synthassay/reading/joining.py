"""Responses joined with the truth, after everything that could have been changed was checked."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from synthassay.errors import ReadingError
from synthassay.reading.chain import verify_chain
from synthassay.reading.compiling import read_design, read_truth
from synthassay.reading.store import RESPONSE, Store, database_url
from synthassay.records.reader_study import ArmRole, StudyKind
from synthassay.records.reading import Design, Place, Purpose, Trial, TrialTruth, Truth


@dataclass(frozen=True)
class Reading:
    """One response and what it was given to.

    Attributes:
        order: Place in the reader's plan, from 1.
        last: Whether no later revision replaced it.
        at: When the server took it, seconds since 1970.
    """

    trial: Trial
    told: TrialTruth
    order: int
    answer: dict[str, Any]
    timing: dict[str, int]
    events: list[list[Any]]
    screen: dict[str, float]
    revision: int
    last: bool
    at: float

    @property
    def reader(self) -> str:
        """Who read."""
        return self.told.reader


@dataclass(frozen=True)
class Joined:
    """All readings of a study, in the order in which they were given.

    Attributes:
        head: Hash of the log's last entry.
        unread: Trials of the design without a response, by reader.
    """

    design: Design
    truth: Truth
    readings: tuple[Reading, ...]
    head: str
    unread: dict[str, int]

    def of(self, *purposes: Purpose) -> list[Reading]:
        """The readings that count, for these purposes: the last revision of each."""
        return [one for one in self.readings if one.last and one.told.purpose in purposes]


@dataclass(frozen=True)
class Rating:
    """One line of a table of ratings.

    Attributes:
        rating: Higher where the reader is surer that the truth is 1.
        position: Place in the reader's plan, from 1.
        seconds: Time on the case.
        patient: Whose the case is.
        located: Where one place a case is marked, whether it lies within a place of the truth; else None.
    """

    reader: str
    treatment: str
    case: str
    truth: int
    rating: float
    position: int = 0
    seconds: float = 0.0
    located: bool | None = None
    patient: str = ""


def join(folder: Path, database: str = "", *, truth: Path | None = None) -> Joined:
    """Join the responses of a study with its truth.

    Args:
        folder: Of the compiled study.
        database: SQLAlchemy URL; SQLite in the folder where empty.
        truth: Folder that holds ``truth.json``, where it was kept elsewhere.

    Raises:
        ReadingError: Design, truth, log or responses are not those that belong together.
    """
    design = read_design(folder)
    known = read_truth(truth or folder, design)
    store = Store(database_url(folder, database), design.digest())
    try:
        check = verify_chain(store)
        if not check.ok:
            remedy = "See `synthassay reader verify`; nothing is analysed that may have been changed."
            raise ReadingError(str(folder), f"has a log that was changed: {check.faults[0]}", remedy=remedy)
        with store.reading() as connection:
            rows = connection.execute(sa.select(RESPONSE).order_by(RESPONSE.c.seq)).all()
    finally:
        store.close()
    readings = tuple(_readings(rows, design, known))
    answered = {(one.reader, one.trial.name) for one in readings}
    unread = {
        plan.reader: missing
        for plan in design.readers
        if (missing := sum((plan.reader, trial.name) not in answered for trial in plan.trials))
    }
    return Joined(design, known, readings, check.head, unread)


def _readings(rows: Any, design: Design, truth: Truth) -> list[Reading]:
    trials = {trial.name: (trial, order) for plan in design.readers for order, trial in enumerate(plan.trials, 1)}
    told = {one.trial: one for one in truth.trials}
    latest: dict[str, int] = {}
    for row in rows:
        latest[row.trial] = max(row.revision, latest.get(row.trial, 0))
    readings = []
    for row in rows:
        if told[row.trial].reader != row.reader:
            raise ReadingError(row.trial, "was answered by another reader than the design says", value=row.reader)
        body = json.loads(row.body)
        trial, order = trials[row.trial]
        readings.append(
            Reading(
                trial, told[row.trial], order, body["answer"], body["timing"], body["events"], body["screen"],
                row.revision, row.revision == latest[row.trial], row.at,
            )
        )  # fmt: skip
    return readings


def suspicion(answer: dict[str, Any]) -> float:
    """Return how synthetic an image was held to be: 0 certainly real, 50 a guess, 100 certainly synthetic.

    >>> suspicion({"verdict": "real", "sureness": 60})
    20.0
    """
    half = float(answer["sureness"]) / 2
    return 50 + half if answer["verdict"] == "synthetic" else 50 - half


def score_of(kind: StudyKind, answer: dict[str, Any]) -> float | None:
    """Return the rating of an answer, or None where the kind has none."""
    if kind is StudyKind.TURING:
        return suspicion(answer)
    if kind in (StudyKind.DIAGNOSTIC, StudyKind.CHANGE):
        return float(answer["rating"])
    return None


def ratings_of(joined: Joined, *purposes: Purpose) -> list[Rating]:
    """Return the table of ratings: main readings where no purpose is named.

    In a visual Turing test every arm that is not real is a treatment, and the readings of the real images, of truth 0,
    stand in each. Its cases bear their arm's name, since equal names need not be equal images.

    Raises:
        ReadingError: The kind of study has no ratings of a truth.
    """
    kind = joined.design.kind
    readings = joined.of(*(purposes or (Purpose.MAIN,)))
    if kind in (StudyKind.DIAGNOSTIC, StudyKind.CHANGE):
        return [
            _rating(joined, one, one.told.treatment, one.told.case, float(one.answer["rating"])) for one in readings
        ]
    if kind is not StudyKind.TURING:
        raise ReadingError(
            joined.design.title,
            f"is a {kind} study, which has no ratings between two truths",
            remedy="Its answers are in responses.csv.",
        )
    real = next(arm for arm, role in joined.truth.arms.items() if role is ArmRole.REAL)
    others = [arm for arm in joined.truth.arms if arm != real]
    return [
        _rating(joined, one, arm, f"{one.told.treatment}/{one.told.case}", suspicion(one.answer))
        for arm in others
        for one in readings
        if one.told.treatment in (arm, real)
    ]


def _rating(joined: Joined, one: Reading, treatment: str, case: str, rating: float) -> Rating:
    marks = next((question for question in joined.design.questions if question.type == "marks"), None)
    located = None
    if marks is not None and marks.most == 1:
        located = any(hit(mark, one.told.places) is not None for mark in one.answer.get(marks.name, []))
    seconds = max(one.timing.get("active_ms", 0), 1) / 1000
    # without a stated subject, images of equal name in two arms need not show one patient
    patient = case if one.told.subject == one.told.case else one.told.subject
    truth = int(one.told.truth or 0)
    return Rating(one.reader, treatment, case, truth, rating, one.order, seconds, located, patient)


def right_of(joined: Joined, one: Reading) -> bool | None:
    """Whether an answer is right; None where the kind has no right answer, or the truth is not known."""
    if joined.design.kind is StudyKind.CHOICE:
        return bool(one.answer["pick"] == one.told.truth)
    if joined.design.kind is StudyKind.TURING:
        return (one.answer["verdict"] == "synthetic") == bool(one.told.truth)
    return None


def hit(mark: dict[str, Any], places: tuple[Place, ...]) -> int | None:
    """Return which place a mark hits: the nearest within its radius, in the same slice; None where it hits none.

    >>> hit({"x": 3.0, "y": 4.0, "slice": 0}, (Place(x=0, y=0, radius=5), Place(x=3, y=3, radius=2)))
    1
    """
    near = [
        (math.hypot(mark["x"] - place.x, mark["y"] - place.y), index)
        for index, place in enumerate(places)
        if place.slice == mark["slice"]
    ]
    inside = [(distance, index) for distance, index in near if distance <= places[index].radius]
    return min(inside)[1] if inside else None
