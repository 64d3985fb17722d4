"""What the decision log says now: of each report and stage, whether it is in, out, open or in conflict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from synthassay.errors import DataError, did_you_mean
from synthassay.records.review import CONSENSUS, Choice, Decision, Stage
from synthassay.review.clusters import Clusters, clusters
from synthassay.review.project import Project


class State(StrEnum):
    """Where a report stands at a stage."""

    OPEN = "open"
    INCLUDED = "included"
    EXCLUDED = "excluded"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Outcome:
    """A report at a stage.

    Attributes:
        reason: Key of the reason, where it is excluded.
        by: Reviewer to decision.
    """

    state: State
    reason: str = ""
    by: Mapping[str, Decision] = None  # type: ignore[assignment]


class Screening:
    """A project's reports and decisions, at one moment.

    Args:
        project: The review.
    """

    def __init__(self, project: Project) -> None:
        self.plan = project.plan
        self.records = project.records
        self.clusters: Clusters = clusters(list(project.records), project.links())
        self._said: dict[tuple[str, Stage], dict[str, Decision]] = defaultdict(dict)
        for decision in project.decisions():
            leader = self.clusters.leader.get(decision.record)
            if leader is None:
                raise DataError(str(project.path / "decisions.jsonl"), "decides on no record", value=decision.record)
            said = self._said[leader, decision.stage]
            said.pop(decision.reviewer, None)
            if decision.choice is not Choice.UNDO:
                said[decision.reviewer] = decision

    @property
    def reports(self) -> tuple[str, ...]:
        """The first record of each report, in the project's order."""
        return tuple(self.clusters.members)

    def said(self, report: str, stage: Stage) -> Mapping[str, Decision]:
        """Who decided what."""
        return self._said.get((report, stage), {})

    def outcome(self, report: str, stage: Stage) -> Outcome:
        """Return where a report stands at a stage."""
        said = self.said(report, stage)
        if agreed := said.get(CONSENSUS):
            return _closed(agreed, said)
        own = [decision for name, decision in said.items() if name != CONSENSUS]
        needed = 1 if stage is Stage.RETRIEVAL else self.plan.decisions_needed
        if len({decision.choice for decision in own}) > 1 or any(d.choice is Choice.UNSURE for d in own):
            return Outcome(State.CONFLICT if len(own) >= needed else State.OPEN, by=said)
        if len(own) < needed:
            return Outcome(State.OPEN, by=said)
        if len({decision.reason for decision in own}) > 1 and stage is Stage.FULL_TEXT:
            return Outcome(State.CONFLICT, by=said)  # out for both, and the flow counts one reason
        return _closed(own[0], said)

    def waiting(self, stage: Stage, reviewer: str) -> Iterator[str]:
        """Reports that a reviewer has still to decide at a stage, in the project's order."""
        for report in self.candidates(stage):
            if reviewer == CONSENSUS:
                if self.outcome(report, stage).state is State.CONFLICT:
                    yield report
            elif reviewer not in self.said(report, stage) and self.outcome(report, stage).state is State.OPEN:
                yield report

    def candidates(self, stage: Stage) -> Iterator[str]:
        """Reports that have reached a stage."""
        for report in self.reports:
            if stage is Stage.TITLE_ABSTRACT or (
                self.outcome(report, Stage.TITLE_ABSTRACT).state is State.INCLUDED
                and (stage is Stage.RETRIEVAL or not self.not_retrieved(report))
            ):
                yield report

    def not_retrieved(self, report: str) -> bool:
        """Whether somebody wrote that the full text could not be had."""
        return self.outcome(report, Stage.RETRIEVAL).state is State.EXCLUDED

    def faults(self) -> list[str]:
        """Everything that keeps the flow from being final, each as a sentence."""
        found = [
            f"{a} and {b} are called one report, and others' links make that impossible."
            for a, b in self.clusters.contradictions
        ]
        for report in self.reports:
            found += self._faults_of(report)
        return found

    def _faults_of(self, report: str) -> Iterator[str]:
        title = self.outcome(report, Stage.TITLE_ABSTRACT).state
        text = self.outcome(report, Stage.FULL_TEXT)
        if title is State.CONFLICT:
            yield f"{report}: reviewers differ at title and abstract, and no consensus is written."
        elif title is State.OPEN:
            missing = self.plan.decisions_needed - len(self.said(report, Stage.TITLE_ABSTRACT))
            yield f"{report}: {missing} of {self.plan.decisions_needed} decisions are missing at title and abstract."
        if title is not State.INCLUDED:
            if text.by:
                yield f"{report}: has a decision at full text without having passed title and abstract."
        elif self.not_retrieved(report):
            if text.by:
                yield f"{report}: was not retrieved, and has a decision at full text."
        elif text.state is State.OPEN:
            yield f"{report}: passed title and abstract and has no final decision at full text."
        elif text.state is State.CONFLICT:
            yield f"{report}: reviewers differ at full text, in the choice or the reason, and no consensus is written."
        elif text.state is State.EXCLUDED and not text.reason:
            yield f"{report}: was excluded at full text without a reason."


def _closed(decision: Decision, said: Mapping[str, Decision]) -> Outcome:
    if decision.choice is Choice.UNSURE:
        return Outcome(State.CONFLICT, by=said)
    out = decision.choice is Choice.EXCLUDE
    return Outcome(State.EXCLUDED if out else State.INCLUDED, decision.reason if out else "", said)


def checked(decisions: Iterable[Decision], project: Project) -> tuple[Decision, ...]:
    """Return decisions that may be added to a project's log.

    Raises:
        DataError: One names an unknown record, reviewer or reason, or excludes a full text without a reason; nothing
            of them is added then.
    """
    decisions = tuple(decisions)
    for decision in decisions:
        project.record(decision.record)
        _known("reviewer", decision.reviewer, (*project.plan.reviewers, CONSENSUS))
        if decision.reason:
            _known("reason", decision.reason, project.plan.reasons)
        wordless = decision.choice is Choice.EXCLUDE and not decision.reason and decision.stage is Stage.FULL_TEXT
        if wordless:
            remedy = f"Give one of: {', '.join(project.plan.reasons) or 'none yet; add [reasons] to review.toml'}."
            raise DataError(decision.record, "a full text is excluded without a reason", remedy=remedy)
        if decision.reviewer == CONSENSUS and decision.choice is Choice.UNSURE:
            raise DataError(decision.record, "a consensus cannot be unsure", remedy="Include or exclude.")
    return decisions


def _known(kind: str, name: str, names: Iterable[str]) -> None:
    names = tuple(names)
    if name not in names:
        raise DataError(kind, f"no {kind} of this review has this name", value=name, remedy=did_you_mean(name, names))
