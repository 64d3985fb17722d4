"""Where everything came from: the cohort and its splits, the software, the seeds, the hashes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from synthassay.records.base import fingerprint
from synthassay.records.cohort import Case, Cohort
from synthassay.records.manifest import Manifest
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.records.vocabulary import Split
from synthassay.report.contents import Contents

MOST_LISTED = 40
MOST_COLUMNS = 8


@dataclass(frozen=True)
class SplitRow:
    """One split: how many subjects and cases, and of which classes and sites."""

    split: str
    subjects: int
    cases: int
    counts: tuple[int, ...]


@dataclass(frozen=True)
class CohortView:
    """The cohort without anybody's identifier."""

    source: str
    rule: str
    unit: str
    spacing: str
    licence: str
    citation: str
    columns: tuple[str, ...]
    rows: tuple[SplitRow, ...]
    overlaps: tuple[tuple[str, int], ...]
    excluded: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]
    subjects: int

    @property
    def disjoint(self) -> bool:
        """Whether every pairwise overlap is empty."""
        return all(number == 0 for _, number in self.overlaps)


@dataclass(frozen=True)
class ManifestView:
    """What was made by whom, and from which weights."""

    of: str
    family: str
    images: int
    format: str
    unit: str
    weights_sha256: str
    training_subjects_sha256: str


@dataclass(frozen=True)
class Inputs:
    """Input files and their hashes: a few shown, one hash over all."""

    listed: tuple[tuple[str, str], ...]
    total: int
    sha256: str


def cohort_view(cohort: Cohort, pseudonyms: Pseudonyms) -> CohortView:
    """Return counts per split and the set arithmetic that shows that no subject crosses."""
    classes, sites = (_kinds(cohort.cases, name) for name in ("label", "site"))
    columns = [("label", c) for c in classes] + [("site", s) for s in sites]
    rows = []
    for split in Split:
        cases = cohort.of(split)
        if cases:
            counts = tuple(sum(getattr(case, name) == value for case in cases) for name, value in columns)
            rows.append(SplitRow(split.value, len(cohort.subjects(split)), len(cases), counts))
    reasons = Counter(pseudonyms.scrub(reason) for reason in cohort.excluded.values())
    proof = cohort.proof()
    return CohortView(
        source=cohort.source,
        rule=cohort.split_rule,
        unit=cohort.unit,
        spacing=" × ".join(f"{s:.4g}" for s in cohort.spacing_mm),
        licence=cohort.licence,
        citation=cohort.citation,
        columns=tuple(f"{'class' if name == 'label' else 'site'} {pseudonyms.scrub(value)}" for name, value in columns),
        rows=tuple(rows),
        overlaps=tuple((name, number) for name, number in proof.items() if name.startswith("subjects in both")),
        excluded=tuple(reasons.most_common()),
        notes=tuple(pseudonyms.scrub(note) for note in cohort.notes),
        subjects=proof["subjects in all"],
    )


def manifest_views(manifests: dict[str, Manifest], order: tuple[str, ...]) -> tuple[ManifestView, ...]:
    """Return one line per generator and baseline that left a manifest."""
    return tuple(
        ManifestView(
            of=of,
            family=m.family,
            images=len(m.images),
            format=m.format,
            unit=m.unit,
            weights_sha256=m.weights_sha256,
            training_subjects_sha256=m.training_subjects_sha256,
        )
        for of in order
        if (m := manifests.get(of)) is not None
    )


def inputs(contents: Contents, pseudonyms: Pseudonyms) -> Inputs | None:
    """Return the data's hashes; None where none were recorded."""
    hashes = contents.lock.data_sha256 if contents.lock else {}
    if not hashes:
        return None
    shown = tuple((pseudonyms.scrub(name), digest) for name, digest in sorted(hashes.items())[:MOST_LISTED])
    return Inputs(shown, len(hashes), fingerprint(hashes))


def _kinds(cases: tuple[Case, ...], name: str) -> list[str]:
    """Classes or sites that occur; none where there is only one, or too many for a table."""
    kinds = sorted({getattr(case, name) for case in cases} - {""})
    return kinds if 1 < len(kinds) <= MOST_COLUMNS or (name == "label" and len(kinds) == 1) else []
