"""How far single sources lie from their way there and back, as the generator's own side writes it for the judge."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from synthassay.records.base import Record, read_lines
from synthassay.records.vocabulary import Unit

CASE_CYCLES = "case_cycles.jsonl"
"""Name of the file in a generator's model folder; empty where its family has no way back."""


class CaseCycle(Record):
    """One line of ``model/<generator>/case_cycles.jsonl``.

    Attributes:
        case: The synthetic image.
        subject: Whose source it was made from.
        error: Mean absolute difference between the source and its way there and back, in the source's unit, where the
            subject is; None where there is no way back for this source.
        not_measured: Why there is none.
        unit: What a pixel of the source means.
        low: Lowest value of the source that the generator is shown; ``high`` the highest.
    """

    case: str
    subject: str
    error: float | None = Field(default=None, ge=0)
    not_measured: str = ""
    unit: Unit
    low: float
    high: float


def read_case_cycles(path: Path) -> tuple[CaseCycle, ...]:
    """Read the file.

    Raises:
        RunError: It cannot be read, or a line is not such a record; the message names the line.
    """
    return read_lines(path, CaseCycle, "The file may be truncated; remove it and run the study again.")
