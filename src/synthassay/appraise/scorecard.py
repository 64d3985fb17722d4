"""The scorecard of synthetic medical data, filled from a run: seven criteria and no total.

Source: Zamzmi et al. 2025, doi:10.1038/s44172-025-00450-1 (preprint arXiv:2406.11143). Which measures stand under which
criterion is this project's choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from synthassay.appraise.checks import CHECKS
from synthassay.appraise.dossier import COHORT, MEASUREMENTS, Dossier, Line
from synthassay.records.appraisal import Pointer
from synthassay.records.instrument import Reply
from synthassay.records.scorecard import Criterion, CriterionName, Entry, Scorecard
from synthassay.records.vocabulary import Axis

UNSEEN = "that the paper has this criterion was seen; how it defines it was not, so this wording is ours"
GROUPS = ("class=", "site=", "scanner=", "sex=", "age=")  # strata that are groups of patients
MOST = 12  # measures shown of one set under one criterion
C = CriterionName

CONGRUENCE = (
    "frechet_distance", "kernel_distance", "gaussian_mmd", "classifier_two_sample", "precision", "density",
    "mae", "ssim", "psnr", "hu_error", "histogram_distance", "spectral_fidelity", "dose_error",
    "gamma_pass_rate",
)  # fmt: skip
COVERAGE = (
    "recall", "coverage", "mode_coverage", "vendi", "collapse", "intra_class_ms_ssim", "different_bins",
    "repeated_images",
)  # fmt: skip
COMPLIANCE = (
    "copied_images", "exposed_patients", "closer_to_training", "nearest_training_ratio", "membership_inference",
    "attribute_inference", "patient_reidentification", "authenticity",
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """How one criterion is filled.

    Attributes:
        metrics: Measures shown first, in this order; ``axis`` adds those of an axis after them.
        facts: What else of the run is shown.
    """

    name: CriterionName
    asks: str
    metrics: tuple[str, ...] = ()
    axis: Axis | None = None
    facts: Callable[[Dossier], Iterable[Entry]] | None = None
    not_verified: str = ""
    for_person: str = ""


def fill_scorecard(dossier: Dossier) -> Scorecard:
    """Return the seven criteria with what the run measured; what is missing is said, and nothing is averaged."""
    return Scorecard(
        run_sha256=dossier.digest,
        judged=dossier.judged,
        criteria=tuple(_criterion(dossier, rule) for rule in RULES),
    )


def _criterion(dossier: Dossier, rule: Rule) -> Criterion:
    entries = [entry for of in dossier.judged for entry in _entries(dossier, rule, of)]
    facts = list(rule.facts(dossier)) if rule.facts else []
    missing = [] if not (rule.metrics or rule.axis) else _missing(dossier, rule)
    if not entries and not facts and not missing:
        missing = ["the run holds nothing on this"]
    return Criterion(
        name=rule.name, asks=rule.asks, not_verified=rule.not_verified, entries=(*entries, *facts),
        not_measured=tuple(missing), for_person=rule.for_person,
    )  # fmt: skip


def _entries(dossier: Dossier, rule: Rule, of: str) -> list[Entry]:
    chosen = {line.number: line for metric in rule.metrics for line in _first(dossier.of(metric, of))}
    if rule.axis is not None:
        names = dict.fromkeys(line.m.metric for line in dossier.on(rule.axis, of))
        chosen |= {line.number: line for name in names for line in _first(dossier.of(name, of))}
    return [_entry(line) for line in list(chosen.values())[:MOST]]


def _first(lines: Sequence[Line]) -> list[Line]:
    """The whole row of a measure, and else its first stratum."""
    return [line for line in lines if line.m.value is not None][:1]


def _entry(line: Line) -> Entry:
    m = line.m
    return Entry(
        of=m.of, title=m.title, stratum=m.stratum, value=m.value, interval=m.interval, floor=m.floor, target=m.target,
        unit=m.unit, better=m.better, n=m.n, subjects=m.subjects, stands=line.pointer,
    )  # fmt: skip


def _missing(dossier: Dossier, rule: Rule) -> list[str]:
    measured = {line.m.metric for line in dossier.lines if line.m.value is not None and line.m.of in dossier.judged}
    refused = {
        f"{line.m.title}: {line.m.not_measured}": None
        for line in dossier.lines
        if line.m.of in dossier.judged
        and line.m.value is None
        and line.m.metric not in measured
        and (line.m.metric in rule.metrics or line.m.axis is rule.axis)
    }
    return list(refused)


def _images(dossier: Dossier) -> Iterable[Entry]:
    """How many images there are, whether each is described, and what failed."""
    for of in dossier.judged:
        if of in dossier.manifests:
            images = dossier.manifests[of].images
            described = sum(bool(i.label or i.condition or i.reference_case) for i in images)
            stands = Pointer(file=f"synthetic/{of}/manifest.json", place="images")
            fact = f"{len(images):,} images, {described:,} of them with label or condition, all with hash and seed"
            yield Entry(of=of, title="Images made", fact=fact, stands=stands)
        failed = {case for line in dossier.lines if line.m.of == of for case in line.m.failed_cases}
        measured = [line for line in dossier.lines if line.m.of == of]
        if measured:
            fact = f"{sum(x.m.value is not None for x in measured):,} of {len(measured):,} measurements could be made"
            yield Entry(of=of, title="Measurements made", fact=fact, stands=Pointer(file=MEASUREMENTS))
        if failed:
            fact = f"{len(failed):,} images could not be measured by every measure"
            yield Entry(of=of, title="Images that failed", fact=fact, stands=Pointer(file=MEASUREMENTS))
    if dossier.cohort is not None:
        fact = f"{len(dossier.cohort.cases):,} real cases, {len(dossier.cohort.excluded):,} left out with a reason"
        yield Entry(title="Real images", fact=fact, stands=Pointer(file=COHORT, place="cases, excluded"))


def _rules_kept(dossier: Dossier) -> Iterable[Entry]:
    return _facts(dossier, {"marked_synthetic": "Marked as synthetic", "source_recorded": "Source and licence of data"})


def _told(dossier: Dossier) -> Iterable[Entry]:
    checks = {
        "question_stated": "Question", "intended_use_stated": "Intended use", "settings_recorded": "Settings",
        "measures_defined": "Measures", "worst_cases_shown": "Worst cases", "readers_read": "Read by clinicians",
    }  # fmt: skip
    return _facts(dossier, checks)


def _facts(dossier: Dossier, checks: dict[str, str]) -> Iterable[Entry]:
    """What checks find, as facts; what they cannot tell is left out."""
    for check, title in checks.items():
        found = CHECKS.get(check)(dossier)
        if found.reply is not Reply.NO_INFORMATION and found.evidence:
            stands = found.evidence[0]
            yield Entry(title=title, fact=f"{found.reply.value}: {stands.says or found.why}", stands=stands)


def _spread(dossier: Dossier) -> Iterable[Entry]:
    """The smallest and largest value of each measure over classes, sites and groups of patients."""
    for of in dossier.judged:
        names = dict.fromkeys(line.m.metric for line in dossier.lines if line.m.of == of and line.m.stratum)
        shown = 0
        for name in names:
            strata = [x for x in dossier.of(name, of) if x.m.stratum.startswith(GROUPS) and x.m.value is not None]
            if len(strata) < 2 or shown == MOST // 2 or strata[0].m.axis is Axis.LEAKAGE:
                continue
            low, high = (choose(strata, key=lambda x: x.m.value or 0.0) for choose in (min, max))
            fact = f"from {low.m.value:.4g} ({low.m.stratum}) to {high.m.value:.4g} ({high.m.stratum})"
            place = f"lines {low.number} and {high.number}"
            stands = Pointer(file=MEASUREMENTS, place=place)
            yield Entry(of=of, title=f"{low.m.title}, over {len(strata)} strata", fact=fact, stands=stands)
            shown += 1


RULES = (
    Rule(C.CONGRUENCE, "Do the synthetic images look, as a set and one by one, like real ones?", metrics=CONGRUENCE),
    Rule(C.COVERAGE, "Do they show the variety of real patients, and more than copies of a few?", metrics=COVERAGE),
    Rule(C.CONSTRAINT, "Do they keep to anatomy, physics and what is known of the modality?", axis=Axis.FAILURE,
         not_verified=UNSEEN),
    Rule(C.COMPLETENESS, "Is everything there that a user of the set needs: images, labels, descriptions, numbers?",
         facts=_images, not_verified=UNSEEN, for_person="whether clinical descriptions that users need are missing"),
    Rule(C.COMPLIANCE, "Are patients' privacy, marks and licences respected?", metrics=COMPLIANCE, facts=_rules_kept,
         not_verified=UNSEEN, for_person="which laws, approvals and contracts apply, and whether they are kept"),
    Rule(C.COMPREHENSION, "Can a user understand what the set is, how it was made and what it is for?", facts=_told,
         axis=Axis.CLINICAL, not_verified=UNSEEN, for_person="whether those who will use the set understand this"),
    Rule(C.CONSISTENCY, "Are the images equally good in all subgroups, classes and places?",
         metrics=("subgroup_gain", "external_agreement", "tstr_auc_external"), facts=_spread, not_verified=UNSEEN,
         for_person="whether the strata shown are those that matter"),
)  # fmt: skip
