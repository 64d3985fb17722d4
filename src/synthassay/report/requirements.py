"""What the protocol asked for: each requirement once, with who met it and who did not."""

from __future__ import annotations

from dataclasses import dataclass

from synthassay.records.evaluation import RequirementStatus
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.report.contents import Contents


@dataclass(frozen=True)
class Outcome:
    """One generator's standing on one requirement; ``of`` is empty where the requirement is about the run."""

    of: str
    met: bool
    reason: str


@dataclass(frozen=True)
class Requirement:
    """One requirement of the protocol."""

    protocol: str
    statement: str
    axis: str
    why: str
    source: str
    outcomes: tuple[Outcome, ...]

    @property
    def met(self) -> bool:
        """Whether everybody met it."""
        return all(outcome.met for outcome in self.outcomes)


def requirements(contents: Contents, pseudonyms: Pseudonyms) -> tuple[Requirement, ...]:
    """Return the protocol's requirements, those that somebody does not meet first.

    Baselines are yardsticks: where a generator was judged, they are not held against the requirements.
    """
    if contents.requirements is None:
        return ()
    judged = {*(contents.generators or contents.baselines), ""}
    alike: dict[tuple[str, str, str], list[RequirementStatus]] = {}
    for status in (status for status in contents.requirements.requirements if status.of in judged):
        alike.setdefault((status.metric, status.statement, status.why), []).append(status)
    found = [
        Requirement(
            protocol=contents.requirements.protocol,
            statement=pseudonyms.scrub(first.statement or first.metric),
            axis=first.axis.value,
            why=first.why,
            source=first.source,
            outcomes=tuple(Outcome(s.of, s.met, pseudonyms.scrub(s.reason)) for s in statuses),
        )
        for statuses in alike.values()
        for first in statuses[:1]
    ]
    return tuple(sorted(found, key=lambda requirement: requirement.met))
