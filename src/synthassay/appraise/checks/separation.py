"""Who stands on which side: split by subject, learnt from training alone, nothing made from test subjects."""

from __future__ import annotations

import hashlib

from synthassay.appraise.checks import check
from synthassay.appraise.checks.found import Found, no, not_applicable, unknown, yes
from synthassay.appraise.checks.patients import NO_COHORT
from synthassay.appraise.dossier import COHORT, MEASUREMENTS, STUDY, Dossier
from synthassay.records.appraisal import Pointer
from synthassay.records.instrument import Reply
from synthassay.records.vocabulary import Split

MADE_FROM_TEST = ("translate", "denoise")


@check
def subjects_disjoint(dossier: Dossier) -> Found:
    """Whether no subject is on two sides, counted from the cohort's cases."""
    if dossier.cohort is None:
        return unknown(NO_COHORT)
    proof = dossier.cohort.proof()
    crossing = {words: count for words, count in proof.items() if words.startswith("subjects in both")}
    if not crossing:
        return no("there is one side only: nothing is kept out", _split(dossier))
    pointer = Pointer(file=COHORT, place="split", says="; ".join(f"{k}: {n}" for k, n in crossing.items()))
    return (no if any(crossing.values()) else yes)("the split is keyed by subject, and none crosses", pointer)


@check
def split_recorded(dossier: Dossier) -> Found:
    """Whether split and rule are recorded."""
    if dossier.cohort is None:
        return unknown(NO_COHORT)
    rule = Pointer(file=COHORT, place="split_rule", says=dossier.cohort.split_rule)
    return yes("split and its rule are recorded", _split(dossier), rule)


@check
def learnt_from_training_only(dossier: Dossier) -> Found:
    """Whether each manifest's hash of the subjects learnt from is that of the cohort's training subjects."""
    if dossier.cohort is None:
        return unknown(NO_COHORT)
    text = "".join(f"{subject}\n" for subject in dossier.cohort.subjects(Split.TRAIN))
    wanted = hashlib.sha256(text.encode()).hexdigest()
    said = {
        of: dossier.manifests[of].training_subjects_sha256 if of in dossier.manifests else "" for of in dossier.judged
    }
    if wrong := [of for of, found in said.items() if found and found != wanted]:
        return no("learnt from other subjects than the training ones", *(_manifest(of, "differs") for of in wrong))
    if not said or not all(said.values()):
        return unknown("not every manifest says which subjects were learnt from")
    equal = [_manifest(of, "equals the hash of the training subjects") for of in said]
    return yes("each generator learnt from the training subjects, no more and no fewer", *equal, _split(dossier))


@check
def sources_not_from_test(dossier: Dossier) -> Found:
    """Whether no image of a test or external subject went into a synthetic image that others learn from."""
    if dossier.study is not None and dossier.study.task in MADE_FROM_TEST:
        pointer = Pointer(file=STUDY, place="task", says=dossier.study.task)
        return not_applicable("the images are made from test sources to be judged, not to be learnt from", pointer)
    if dossier.cohort is None:
        return unknown(NO_COHORT)
    if not dossier.judged or not all(of in dossier.manifests for of in dossier.judged):
        return unknown("not every set has a manifest that names its sources")
    kept = {*dossier.cohort.subjects(Split.TEST), *dossier.cohort.subjects(Split.EXTERNAL)}
    used = {of: {s for i in dossier.manifests[of].images for s in i.source_subjects} & kept for of in dossier.judged}
    if any(used.values()):
        found = [_sources(of, f"{len(subjects)} test subjects") for of, subjects in used.items() if subjects]
        return no("images were made from images of test subjects", *found)
    return yes("no image was made from a test subject's", *(_sources(of, "no test subject") for of in used))


@check
def validation_apart(dossier: Dossier) -> Found:
    """Whether there are validation subjects."""
    if dossier.cohort is None:
        return unknown(NO_COHORT)
    count = len(dossier.cohort.subjects(Split.VALIDATION))
    return (yes if count else no)(f"{count} validation subjects", _split(dossier))


@check
def internal_test(dossier: Dossier) -> Found:
    """Whether something was measured on test subjects of the same source."""
    if dossier.cohort is None:
        return unknown(NO_COHORT)
    count = len(dossier.cohort.subjects(Split.TEST))
    measured = sum(line.m.value is not None for line in dossier.lines if line.m.of in dossier.judged)
    if not count:
        return no("no subject is kept for testing", _split(dossier))
    if not measured:
        return unknown("nothing was measured")
    numbers = Pointer(file=MEASUREMENTS, says=f"{measured:,} numbers of the judged sets")
    return yes(f"judged on {count} test subjects of the same source", _split(dossier), numbers)


@check
def leakage_avoided(dossier: Dossier) -> Found:
    """Whether the split, what was learnt from, and what images were made from all keep test subjects out."""
    parts = [subjects_disjoint(dossier), learnt_from_training_only(dossier), sources_not_from_test(dossier)]
    if wrong := [part for part in parts if part.reply is Reply.NO]:
        return no(wrong[0].why, *wrong[0].evidence)
    if lacking := [part for part in parts if part.reply is Reply.NO_INFORMATION]:
        return unknown(lacking[0].why)
    return yes("test subjects were kept out of all that was learnt", *(p for part in parts for p in part.evidence))


def _split(dossier: Dossier) -> Pointer:
    assert dossier.cohort is not None
    counts = {split: len(dossier.cohort.subjects(split)) for split in Split}
    return Pointer(
        file=COHORT, place="split", says=", ".join(f"{n} {s.value} subjects" for s, n in counts.items() if n)
    )


def _manifest(of: str, says: str) -> Pointer:
    return Pointer(file=f"synthetic/{of}/manifest.json", place="training_subjects_sha256", says=says)


def _sources(of: str, says: str) -> Pointer:
    return Pointer(file=f"synthetic/{of}/manifest.json", place="images[].source_subjects", says=says)
