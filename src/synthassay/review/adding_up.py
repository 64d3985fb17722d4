"""The sums that a PRISMA 2020 flow must obey; what follows from it; and what it leaves unreported.

A step that a flow does not mention takes nothing away: 1,246 records less 312 duplicates are 934, unless it is stated
that automation removed some too. A count that is not mentioned is not 0 either: it is implied, or it is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from synthassay.records.review import FlowCounts

WORDS = {
    "identified": "records identified from databases and registers",
    "duplicates": "duplicates",
    "excluded_automatic": "records removed by automation",
    "excluded_other": "records removed for other reasons",
    "screened": "records screened",
    "excluded": "records excluded by title and abstract",
    "sought": "reports sought",
    "not_retrieved": "reports not retrieved",
    "assessed": "reports assessed",
    "full_text_excluded": "reports excluded at full text",
    "included_reports": "reports included",
    "included_studies": "studies included",
    "other_identified": "records identified by other ways",
    "other_removed": "of these removed before their texts were sought",
    "other_sought": "other reports sought",
    "other_not_retrieved": "other reports not retrieved",
    "other_assessed": "other reports assessed",
    "other_full_text_excluded": "other reports excluded at full text",
    "previous_reports": "reports of the previous review",
    "previous_studies": "studies of the previous review",
    "total_reports": "reports in all",
    "total_studies": "studies in all",
    "meta_analysis": "studies in the meta-analysis",
}
"""Each count in words."""


class _Step(NamedTuple):
    """One box less others is the next."""

    before: str
    removed: tuple[str, ...]
    after: str


_STEPS = (
    _Step("identified", ("duplicates", "excluded_automatic", "excluded_other"), "screened"),
    _Step("screened", ("excluded",), "sought"),
    _Step("sought", ("not_retrieved",), "assessed"),
    _Step("other_identified", ("other_removed",), "other_sought"),
    _Step("other_sought", ("other_not_retrieved",), "other_assessed"),
)
_BREAKDOWNS = (
    (("full_text_reasons",), "full_text_excluded"),
    (("other_full_text_reasons",), "other_full_text_excluded"),
    (("other_sources",), "other_identified"),
    (("databases", "registers"), "identified"),
)


def sum_faults(counts: FlowCounts) -> list[str]:
    """Return each sum that does not add up, as a sentence with its numbers.

    >>> sum_faults(FlowCounts(identified=1246, duplicates=311, screened=934))
    ['1246 records identified from databases and registers less 311 duplicates are 935, not 934 records screened.']
    """
    return [*_steps(counts), *_ends(counts), *_breakdowns(counts), *_orders(counts)]


def _steps(counts: FlowCounts) -> Iterator[str]:
    for step in _STEPS:
        before, after = getattr(counts, step.before), getattr(counts, step.after)
        removed = {name: n for name in step.removed if (n := getattr(counts, name)) is not None}
        if before is None or after is None or (not removed and len(step.removed) == 1):
            continue
        left = before - sum(removed.values())
        if left != after:
            said = " and ".join(f"{n} {WORDS[name]}" for name, n in removed.items() if n) or "nothing"
            yield f"{before} {WORDS[step.before]} less {said} are {left}, not {after} {WORDS[step.after]}."


def _ends(counts: FlowCounts) -> Iterator[str]:
    """Assessed less excluded is included, over both columns; previous and new are the total."""
    own, other = _included(counts, ""), _included(counts, "other_")
    if counts.other_identified is None and counts.other_assessed is None:
        other = 0
    if own is not None and other is not None and counts.included_reports not in (None, own + other):
        parts = f"{counts.assessed} {WORDS['assessed']} less {counts.full_text_excluded} excluded at full text"
        parts += f", and {other} found by other ways," if other else ""
        yield f"{parts} are {own + other}, not {counts.included_reports} {WORDS['included_reports']}."
    for kind in ("reports", "studies"):
        old, new, total = (getattr(counts, f"{name}_{kind}") for name in ("previous", "included", "total"))
        if None not in (old, new, total) and old + new != total:
            yield f"{old} previous and {new} new {kind} are {old + new}, not {total} in all."


def _included(counts: FlowCounts, prefix: str) -> int | None:
    assessed, out = getattr(counts, f"{prefix}assessed"), getattr(counts, f"{prefix}full_text_excluded")
    return None if assessed is None or out is None else assessed - out


def _breakdowns(counts: FlowCounts) -> Iterator[str]:
    for tables, whole in _BREAKDOWNS:
        parts = [n for table in tables for n in getattr(counts, table).values()]
        total = getattr(counts, whole)
        if not parts or total is None:
            continue
        known = sum(n for n in parts if n is not None)
        if known > total or (None not in parts and known != total):
            yield f"the parts of the {total} {WORDS[whole]} add up to {known}."


def _orders(counts: FlowCounts) -> Iterator[str]:
    """What cannot be more than something else, where the steps between them are silent."""
    chain = ("identified", "screened", "sought", "assessed")
    known = [(name, n) for name in chain if (n := getattr(counts, name)) is not None]
    for (first, more), (second, fewer) in pairwise(known):
        if fewer > more:
            yield f"{fewer} {WORDS[second]} are more than {more} {WORDS[first]}."
    included, assessed = counts.included_reports, counts.assessed
    alone = counts.other_identified is None and counts.other_assessed is None
    if alone and included is not None and assessed is not None and included > assessed:
        yield f"{included} reports included are more than {assessed} assessed."
    for fewer_name, more_name in (("included_studies", "included_reports"), ("meta_analysis", "total_studies")):
        fewer_, more_ = getattr(counts, fewer_name), getattr(counts, more_name)
        if fewer_ is not None and more_ is not None and fewer_ > more_:
            yield f"{fewer_} {WORDS[fewer_name]} are more than {more_} {WORDS[more_name]}."


def implied_counts(counts: FlowCounts) -> dict[str, int]:
    """Return counts that follow from the stated ones.

    Where neither what was excluded nor what was sought is stated, ``excluded`` holds all that left between screening
    and assessment, and so may hold reports that were not retrieved; ``missing_counts`` says it.

    >>> implied_counts(FlowCounts(identified=1246, duplicates=312, screened=934, assessed=126, included_reports=32))
    {'excluded': 808, 'full_text_excluded': 94}
    """
    found: dict[str, int] = {}

    def known(name: str) -> int | None:
        own: int | None = getattr(counts, name)
        return found.get(name) if own is None else own

    def imply(name: str, whole: str, part: str) -> None:
        if known(name) is None and (a := known(whole)) is not None and (b := known(part)) is not None:
            found[name] = a - b

    imply("sought", "screened", "excluded")
    imply("excluded", "screened", "sought")
    imply("not_retrieved", "sought", "assessed")
    imply("assessed", "sought", "not_retrieved")
    imply("excluded", "screened", "assessed")
    if counts.other_identified is None and counts.other_assessed is None:
        imply("full_text_excluded", "assessed", "included_reports")
        imply("included_reports", "assessed", "full_text_excluded")
    return found


def missing_counts(counts: FlowCounts) -> list[str]:
    """Return what PRISMA 2020 asks for and the flow does not report, as sentences."""
    found = []
    sources = {**counts.databases, **counts.registers}
    if not sources or None in sources.values():
        named = f"{len(sources)} are named without all counts" if sources else "not reported"
        found.append(f"Records by database and register: {named}.")
    asked = (
        "identified",
        "duplicates",
        "screened",
        "excluded",
        "sought",
        "not_retrieved",
        "assessed",
        "included_reports",
    )
    implied = implied_counts(counts)
    for name in (*asked, "included_studies"):
        if getattr(counts, name) is None:
            says = f"not reported; {implied[name]} follows from the other counts" if name in implied else "not reported"
            found.append(f"{WORDS[name].capitalize()}: {says}.")
    if counts.sought is None and "excluded" in implied:
        found.append("The implied number of excluded records holds those whose full texts were not retrieved, if any.")
    out = counts.full_text_excluded if counts.full_text_excluded is not None else implied.get("full_text_excluded")
    parts = counts.full_text_reasons
    if out and (not parts or None in parts.values()):
        named = f"{len(parts)} reasons are named without counts" if parts else "no reason is named"
        found.append(f"The {out} reports excluded at full text are not itemised: {named}.")
    return found
