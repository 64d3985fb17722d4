"""How far a review is, in lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from synthassay.records.review import CONSENSUS, Stage
from synthassay.review.agreement import agreements
from synthassay.review.project import Project
from synthassay.review.screening import Screening


def status_lines(review: Path) -> Iterator[str]:
    """Give the lines of ``synthassay review status``."""
    project = Project(review)
    screening = Screening(project)
    yield f"{project.plan.title}"
    sources = Counter(record.source for record in project.records.values())
    told = ", ".join(f"{source} {n}" for source, n in sources.items())
    yield f"records: {len(project.records)}{f' ({told})' if told else ''}; duplicates: {screening.clusters.duplicates}"
    for a, b in screening.clusters.held_back:
        yield f"  a rule's link of {a} and {b} is not followed: a person said otherwise"
    for stage in (Stage.TITLE_ABSTRACT, Stage.FULL_TEXT):
        states = Counter(screening.outcome(report, stage).state.value for report in screening.candidates(stage))
        told = ", ".join(f"{state} {n}" for state, n in sorted(states.items()))
        yield f"{stage.value}: {told or 'no report has come so far'}"
        for reviewer in (*project.plan.reviewers, CONSENSUS):
            if waiting := sum(1 for _ in screening.waiting(stage, reviewer)):
                yield f"  {reviewer}: {waiting} to decide"
    for found in agreements(screening):
        cohen, ac1 = found.cohen, "undefined" if found.ac1 is None else f"{found.ac1:.3f}"
        kappa = "undefined" if cohen.kappa is None else f"{cohen.kappa:.3f} [{cohen.low:.3f}, {cohen.high:.3f}]"
        yield (
            f"agreement at {found.stage.value}, {' and '.join(found.reviewers)}: {cohen.share:.1%} of {cohen.n}, "
            f"kappa {kappa}, AC1 {ac1}"
        )
    yield f"extracted: {len(project.extractions())} rows"
    faults = screening.faults()
    yield f"open before the flow is final: {len(faults)}"
