"""The counts of the PRISMA 2020 flow: computed from the records, held against what is stated, and made to add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthassay.errors import DataError
from synthassay.records.review import FlowCounts, Publication, Stage, Stream
from synthassay.review.adding_up import implied_counts, missing_counts, sum_faults
from synthassay.review.project import Project
from synthassay.review.screening import Screening, State

FAULTS_SHOWN = 12
WAYS = {Stream.WEBSITE: "Websites", Stream.ORGANISATION: "Organisations", Stream.CITATION: "Citation searching"}
"""Ways other than databases and registers, as the flow writes them."""


@dataclass(frozen=True)
class Flow:
    """A flow that adds up.

    Attributes:
        counts: As stated or computed.
        implied: Counts that nobody stated and that follow from those that are: name to count.
        missing: What PRISMA asks for and is not reported, as sentences.
        computed: Whether the counts come from records.
    """

    counts: FlowCounts
    implied: dict[str, int]
    missing: tuple[str, ...]
    computed: bool

    def count(self, name: str) -> int | None:
        """A count, stated or implied; None where it is not reported."""
        own: int | None = getattr(self.counts, name)
        return self.implied.get(name) if own is None else own


def build_flow(project: Project) -> Flow:
    """Return the flow of a review.

    Raises:
        DataError: A record has no final decision at a stage that it reached, or a count does not add up or is not what
            the plan states. The message holds the sentences.
    """
    stated = project.plan.stated
    if project.plan.flow_from == "stated":
        counts, faults = stated, []
    else:
        screening = Screening(project)
        faults = screening.faults()
        counts = _with_studies(counted(screening), project, screening)
        faults = faults or differences(stated, counts)
    faults = faults or sum_faults(counts)
    implied = implied_counts(counts)
    faults = faults or [
        f"{name}: the plan says that {number} follows, and {_told(follows)} does."
        for name, number in project.plan.implied.items()
        if (follows := implied.get(name, getattr(counts, name, None))) != number
    ]
    _refuse(project.path, faults)
    return Flow(counts, implied, tuple(missing_counts(counts)), project.plan.flow_from == "records")


def _refuse(where: Path, faults: list[str]) -> None:
    if faults:
        shown = " ".join(faults[:FAULTS_SHOWN])
        more = f" And {len(faults) - FAULTS_SHOWN} more." if len(faults) > FAULTS_SHOWN else ""
        raise DataError(str(where), f"the flow is not final: {shown}{more}".removesuffix("."))


def _told(number: int | None) -> str:
    return "nothing" if number is None else str(number)


def counted(screening: Screening) -> FlowCounts:
    """Count what records and decisions say. A report found by any database counts for the databases."""
    members = screening.clusters.members
    searched = {r: any(screening.records[m].stream.searched for m in all_) for r, all_ in members.items()}
    own = [r for r in screening.reports if searched[r]]
    other = [r for r in screening.reports if not searched[r]]
    records = list(screening.records.values())
    identified = [r for r in records if r.stream.searched]
    found = {
        "databases": _by_source(identified, Stream.DATABASE),
        "registers": _by_source(identified, Stream.REGISTER),
        "identified": len(identified),
        "duplicates": len(identified) - len(own),
        "excluded_automatic": 0,
        "excluded_other": 0,
        "screened": len(own),
        **_passed(screening, own, ""),
    }
    if len(records) > len(identified):
        elsewhere = [r for r in records if not r.stream.searched]
        passed = _passed(screening, other, "other_")
        found |= {
            "other_identified": len(elsewhere),
            "other_sources": dict(Counter(WAYS[r.stream] for r in elsewhere)),
            "other_removed": len(elsewhere) - len(other) + passed.pop("other_excluded"),
            **passed,
        }
    included = [r for r in screening.reports if _included(screening, r)]
    return FlowCounts.model_validate({**found, "included_reports": len(included)})


def _included(screening: Screening, report: str) -> bool:
    return (
        screening.outcome(report, Stage.TITLE_ABSTRACT).state is State.INCLUDED
        and not screening.not_retrieved(report)
        and screening.outcome(report, Stage.FULL_TEXT).state is State.INCLUDED
    )


def included_reports(screening: Screening) -> tuple[str, ...]:
    """Return the reports that are in the review, in the project's order."""
    return tuple(report for report in screening.reports if _included(screening, report))


def _with_studies(counts: FlowCounts, project: Project, screening: Screening) -> FlowCounts:
    rows = project.extractions()
    studies = {rows[r].study or r if r in rows else r for r in included_reports(screening)}
    return counts.model_copy(update={"included_studies": len(studies)})


def _by_source(records: Iterable[Publication], stream: Stream) -> dict[str, int]:
    return dict(Counter(record.source for record in records if record.stream is stream))


def _passed(screening: Screening, reports: list[str], prefix: str) -> dict[str, Any]:
    """Counts from the first stage on; at full text by reason, reasons of the plan first."""
    title = Counter(screening.outcome(r, Stage.TITLE_ABSTRACT).state for r in reports)
    sought = [r for r in reports if screening.outcome(r, Stage.TITLE_ABSTRACT).state is State.INCLUDED]
    assessed = [r for r in sought if not screening.not_retrieved(r)]
    outcomes = [screening.outcome(r, Stage.FULL_TEXT) for r in assessed]
    out = Counter(o.reason for o in outcomes if o.state is State.EXCLUDED)
    words = screening.plan.reasons
    ordered = sorted(out, key=lambda key: (list(words).index(key) if key in words else len(words), key))
    return {
        f"{prefix}excluded": title[State.EXCLUDED],
        f"{prefix}sought": len(sought),
        f"{prefix}not_retrieved": len(sought) - len(assessed),
        f"{prefix}assessed": len(assessed),
        f"{prefix}full_text_excluded": sum(out.values()),
        f"{prefix}full_text_reasons": {words.get(key, key or "No reason given"): out[key] for key in ordered},
    }


def differences(stated: FlowCounts, counts: FlowCounts) -> list[str]:
    """Where stated counts are not those of the records, as sentences."""
    found = []
    for name in stated.model_fields_set:
        said, counted_ = getattr(stated, name), getattr(counts, name)
        if isinstance(said, dict):
            for key, number in said.items():
                if number is not None and number != counted_.get(key, 0):
                    found.append(f"{name}, {key}: {number} is stated, and the records say {counted_.get(key, 0)}.")
        elif said is not None and said != counted_:
            found.append(f"{name}: {said} is stated, and the records say {_told(counted_)}.")
    return sorted(found)
