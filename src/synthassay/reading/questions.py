"""What is asked in each kind of study, and whether an answer answers it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from synthassay.errors import ReadingError
from synthassay.records.reader_study import ReaderStudy, StudyKind
from synthassay.records.reading import Option, Question, Trial

Answer: TypeAlias = dict[str, Any]

COMMENT_LETTERS = 2000
MOST_MARKS = 50
SURENESS = ("guessing", "certain")


def questions_of(study: ReaderStudy) -> tuple[Question, ...]:
    """Return the questions of every trial of a study, in the order of the form."""
    comment = Question(name="comment", type="text", label="Comment", most=COMMENT_LETTERS, required=False)
    asked: list[Question] = []
    if study.kind is StudyKind.TURING:
        options = (Option(value="real", label="Real", key="r"), Option(value="synthetic", label="Synthetic", key="s"))
        asked = [
            Question(name="verdict", type="options", label="Is this image real or synthetic?", options=options),
            _sureness(),
        ]
    elif study.kind is StudyKind.CHOICE:
        asked = [
            Question(
                name="pick", type="pick", label="Which image is synthetic?", highest=study.design.alternatives - 1
            ),
            _sureness(),
        ]
    elif study.kind is StudyKind.QUALITY:
        asked = [
            Question(
                name=item.name, type="points", label=item.text, lowest=1, highest=item.points,
                low_label=item.low, high_label=item.high,
            )
            for item in study.items
        ]  # fmt: skip
    else:
        asked = _diagnosis(study)
    if study.artefacts:
        tags = tuple(Option(value=name, label=name) for name in study.artefacts)
        asked.append(Question(name="artefacts", type="tags", label="Artefacts seen", options=tags, required=False))
    return (*asked, comment)


def _sureness() -> Question:
    low, high = SURENESS
    return Question(
        name="sureness", type="slider", label="How sure are you?", lowest=0, highest=100, low_label=low, high_label=high
    )


def _diagnosis(study: ReaderStudy) -> list[Question]:
    scale = study.scale
    label = f"How likely is {scale.finding}?"
    ordinal = scale.type == "ordinal"
    rating = Question(
        name="rating", type="points" if ordinal else "slider", label=label, lowest=1 if ordinal else 0,
        highest=scale.points if ordinal else 100, low_label="surely absent", high_label="surely present",
    )  # fmt: skip
    if scale.marks == "none":
        return [rating]
    many = scale.marks == "many"
    words = "Mark each place, with a rating" if many else "Mark the most suspicious place"
    return [
        rating,
        Question(
            name="marks", type="marks", label=words, lowest=rating.lowest, highest=rating.highest,
            most=MOST_MARKS if many else 1, required=False,
        ),
    ]  # fmt: skip


def check_answer(answer: Mapping[str, Any], questions: tuple[Question, ...], trial: Trial) -> Answer:
    """Return the answer in canonical form, every required question answered and nothing else in it.

    Raises:
        ReadingError: A question is unanswered, a value is out of its range or type, or a name is unknown.
    """
    unknown = sorted(set(answer) - {question.name for question in questions})
    if unknown:
        raise ReadingError(trial.name, "answers a question that was not asked", value=", ".join(unknown)[:100])
    checked: Answer = {}
    for question in questions:
        value = answer.get(question.name)
        if value is None or (value in ("", []) and not question.required):
            if question.required:
                raise ReadingError(trial.name, "leaves a question unanswered", value=question.name)
            continue
        checked[question.name] = _checked(value, question, trial)
    return checked


def _checked(value: Any, question: Question, trial: Trial) -> Any:
    problem = ReadingError(trial.name, f"has an answer to {question.name!r} that is none", value=str(value)[:80])
    if question.type in ("slider", "points", "pick"):
        highest = len(trial.images) - 1 if question.type == "pick" else question.highest
        if not _whole(value) or not question.lowest <= value <= highest:
            raise problem
        return value
    if question.type == "options":
        if value not in [option.value for option in question.options]:
            raise problem
        return value
    if question.type == "text":
        if not isinstance(value, str) or len(value) > question.most or "\0" in value:
            raise problem
        return value
    if not isinstance(value, list):
        raise problem
    if question.type == "tags":
        known = [option.value for option in question.options]
        if len(set(map(str, value))) != len(value) or not set(map(str, value)) <= set(known):
            raise problem
        return [tag for tag in known if tag in value]
    if len(value) > question.most:
        raise problem
    return [_mark(mark, question, trial, problem) for mark in value]


def _mark(mark: Any, question: Question, trial: Trial, problem: ReadingError) -> dict[str, float | int]:
    if not isinstance(mark, dict) or set(mark) - {"x", "y", "slice", "image", "rating"}:
        raise problem
    image, rating = mark.get("image", 0), mark.get("rating", question.highest)
    place = [mark.get("x"), mark.get("y"), mark.get("slice", 0)]
    if not all(_number(value) and 0 <= value < 1e6 for value in place):
        raise problem
    if not (_whole(image) and 0 <= image < len(trial.images)):
        raise problem
    if not (_whole(rating) and question.lowest <= rating <= question.highest):
        raise problem
    x, y, z = place
    return {"x": float(x), "y": float(y), "slice": int(z), "image": image, "rating": rating}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
