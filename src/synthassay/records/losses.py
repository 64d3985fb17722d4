"""The loss of a trained generator on single real examples, as its own side writes it for the judge."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from synthassay.errors import RunError
from synthassay.records.base import Record
from synthassay.records.vocabulary import Split

CASE_LOSSES = "case_losses.jsonl"
"""Name of the file in a generator's model folder; empty where its family defines no loss of a single example."""


class CaseLoss(Record):
    """One line of ``model/<generator>/case_losses.jsonl``.

    Attributes:
        example: Position among the examples of its split; a volume that is learnt slice by slice has several.
        loss: Mean over ``draws`` draws of noise, the same for every example; lower is better.
        kind: What the loss is, such as ``velocity_mse``.
    """

    split: Split
    subject: str
    example: int = Field(ge=0)
    loss: float
    kind: str
    draws: int = Field(ge=1)


def read_case_losses(path: Path) -> tuple[CaseLoss, ...]:
    """Read the file.

    Raises:
        RunError: It cannot be read, or a line is not such a record; the message names the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as problem:
        raise RunError(str(path), f"cannot be read: {problem.strerror or problem}") from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(CaseLoss.model_validate_json(line))
        except ValidationError as problem:
            what = problem.errors(include_url=False)[0]["msg"]
            remedy = "The file may be truncated; remove it and run the study again."
            raise RunError(f"{path}, line {number}", f"is not a loss of a case: {what}", remedy=remedy) from None
    return tuple(found)
