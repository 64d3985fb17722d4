"""Which requirements each set meets, and how far up the ladder of evidence that takes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthassay.protocols import Protocol
from synthassay.protocols.ladder import requirement_statuses, verdict
from synthassay.records.evaluation import RequirementList, VerdictList
from synthassay.records.measurement import Measurement


def write_verdicts(place: Path, protocol: Protocol, task: str, rows: Sequence[Measurement]) -> None:
    """Write ``requirements.json`` and ``verdict.json``.

    Args:
        place: The run's ``evaluation`` folder.
        protocol: What had to be shown.
        task: Name of the task whose requirements hold.
        rows: Measurements of all sets.
    """
    names = list(dict.fromkeys(row.of for row in rows))
    statuses = [
        status.model_copy(update={"of": name})
        for name in names
        for status in requirement_statuses(protocol, task, [row for row in rows if row.of == name])
    ]
    asked_for = RequirementList(protocol=protocol.name, task=task, requirements=tuple(statuses))
    asked_for.write(place / "requirements.json")
    verdicts = tuple(verdict(name, protocol, task, rows) for name in names)
    VerdictList(verdicts=verdicts).write(place / "verdict.json")
