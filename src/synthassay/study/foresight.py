"""What a study will not be able to show, and why, before anything is trained."""

from __future__ import annotations

from synthassay.evaluate.fixtures import SETS
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.utility.classifying import NOT_ASKED as NO_CLASSIFIERS
from synthassay.evaluate.utility.outlining import NOT_ASKED as NO_SEGMENTERS
from synthassay.protocols import Protocol, Requirement
from synthassay.records.cohort import Cohort
from synthassay.records.external import EXTERNAL_METRIC
from synthassay.records.vocabulary import Role, Split
from synthassay.study.plan import Plan


def unmeasurable(plan: Plan) -> list[tuple[Requirement, str]]:
    """Return the protocol's requirements that this study cannot meet, each with the reason."""
    found = []
    for requirement in plan.protocol.required(plan.spec.task):
        away = plan.external is not None and requirement.metric == EXTERNAL_METRIC
        reason = _elsewhere(plan, requirement) if away else _reason(plan, plan.protocol, requirement)
        if reason:
            found.append((requirement, reason))
    return found


def _elsewhere(plan: Plan, requirement: Requirement) -> str:
    assert plan.external is not None
    found = len(plan.external.cohort.subjects(Split.EXTERNAL))
    subjects = f"{found} subject{'' if found == 1 else 's'}"
    few = f"only {subjects} in [external]; what they show will be shown all the same"
    return few if found < requirement.least_subjects else ""


def _reason(plan: Plan, protocol: Protocol, requirement: Requirement) -> str:
    if requirement.missing or requirement.metric not in METRICS:
        return requirement.missing or f"no metric is called {requirement.metric}"
    lacking = [name for name in METRICS.get(requirement.metric).needs if _set_of(name) in _absent(plan)]
    if lacking:
        inserted = "slices from sources with lesions added ([evaluation] inserted_lesions above 0)"
        words = {**SETS, "mask": "masks", "structures": "label maps of structures", "inserted": inserted}
        return "there are no such images: " + "; ".join(sorted({words[_set_of(name)] for name in lacking}))
    if any(name.endswith("_labels") for name in METRICS.get(requirement.metric).needs) and len(plan.cohort.classes) < 2:
        return "the cohort has fewer than two classes"
    for asked, trial, why in (
        (plan.spec.classification, "classification_trial", NO_CLASSIFIERS),
        (plan.spec.segmentation, "segmentation_trial", NO_SEGMENTERS),
    ):
        if asked is None and trial in METRICS.get(requirement.metric).needs:
            return why
    translated = plan.task.conditioned_on == "image"
    measured = plan.cohort.subjects(Split(plan.spec.sampling.split) if translated else Split.TEST)
    if len(measured) < requirement.least_subjects:
        return f"only {len(measured)} subjects are held out; its value will be shown with its interval all the same"
    return ""


def _set_of(fixture: str) -> str:
    return "source" if fixture == "edge_matches" else fixture.split("_", 1)[0]


def _absent(plan: Plan) -> set[str]:
    cohort: Cohort = plan.cohort
    absent = set()
    if not plan.task.paired:
        absent |= {"reference"}
    if plan.task.conditioned_on != "image":
        absent |= {"source"}
    for name, split in (("external", Split.EXTERNAL), ("holdout", Split.VALIDATION), ("test", Split.TEST)):
        if not cohort.of(split):
            absent.add(name)
    if not any(Role.STRUCTURES in case.images for case in cohort.cases):
        absent.add("structures")
    if not plan.task.inserts:
        absent.add("inserted")
    return absent
