"""What the synthetic images give away of the patients learnt from, and what the data hold twice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from synthassay.appraise.checks import check
from synthassay.appraise.checks.found import SMALL, Found, no, of_every_set, unknown, yes
from synthassay.appraise.dossier import AUDIT, Dossier, Line
from synthassay.records.appraisal import Pointer
from synthassay.records.audit import Audit
from synthassay.records.cohort import Cohort
from synthassay.records.vocabulary import Split

CHANCE = 0.5


@check
def no_copies(dossier: Dossier) -> Found:
    """Whether copies were looked for in every set, and none found."""
    return of_every_set(
        dossier, "copied_images", _above_zero,
        good="copies of training images were looked for; none was found",
        bad="synthetic images are copies of training images", absent="copies were not looked for in every set",
        at_most=SMALL,
    )  # fmt: skip


@check
def no_patient_exposed(dossier: Dossier) -> Found:
    """Whether no training patient is shown again."""
    return of_every_set(
        dossier, "exposed_patients", _above_zero,
        good="no training patient is shown again", bad="training patients are shown again",
        absent="exposed patients were not counted in every set", at_most=SMALL,
    )  # fmt: skip


@check
def not_nearer_to_training(dossier: Dossier) -> Found:
    """Whether no set is nearer to training patients than to patients kept out, by its interval."""
    return of_every_set(
        dossier, "closer_to_training", lambda line: line.m.interval is not None and line.m.interval.low > CHANCE,
        good="no nearer to training patients than to patients kept out",
        bad="nearer to training patients than to patients kept out",
        absent="nearness to training patients was not measured in every set", at_most=CHANCE + SMALL,
    )  # fmt: skip


@check
def membership_not_inferred(dossier: Dossier) -> Found:
    """Whether membership attacks do no better than their control, by the interval and after correction."""
    return of_every_set(
        dossier, "membership_inference", _shown_above_zero,
        good="membership attacks do no better than their control",
        bad="membership attacks do better than their control", absent="membership was not tried in every set",
        at_most=SMALL,
    )  # fmt: skip


@check
def audit_clean(dossier: Dossier) -> Found:
    """Whether an audit of these data found nothing twice across this cohort's split."""
    audit, cohort = dossier.audit, dossier.cohort
    if audit is None or cohort is None:
        return unknown("the run folder holds no audit.json beside cohort.json: synthassay audit DATA --out RUN")
    if not _same_data(audit, dossier):
        return unknown("the audit in this folder is of other data than the cohort's")
    split = {case.case: cohort.split[case.subject] for case in cohort.cases}
    twice = [group for group in audit.exact_duplicates if _across(group, audit, split)]
    near = [pair for pair in audit.near_duplicates if _across((pair.a, pair.b), audit, split)]
    says = f"{len(twice)} groups of copies and {len(near)} near-duplicate pairs across this cohort's split"
    pointer = Pointer(file=AUDIT, place="exact_duplicates, near_duplicates", says=says)
    if twice or near:
        return no("the same or nearly the same image is on two sides", pointer)
    if audit.images < len(cohort.cases):
        return unknown(f"the audit read {audit.images:,} images, fewer than the cohort has cases", pointer)
    return yes("the data were audited; nothing stands twice across the split", pointer)


def _above_zero(line: Line) -> bool:
    return (line.m.value or 0) > 0


def _shown_above_zero(line: Line) -> bool:
    return _above_zero(line) and line.m.apart_from_zero and line.m.survives_correction


def _same_data(audit: Audit, dossier: Dossier) -> bool:
    assert dossier.cohort is not None
    cohort: Cohort = dossier.cohort
    path = dossier.study.data.path if dossier.study is not None else ""
    names = {cohort.source, Path(cohort.root).name, Path(path).name} - {""}
    return audit.data in names or Path(audit.data).name in names


def _across(images: Iterable[str], audit: Audit, split: dict[str, Split]) -> bool:
    cases = (audit.about[image].case for image in images if image in audit.about)
    return len({split[case] for case in cases if case in split}) > 1
