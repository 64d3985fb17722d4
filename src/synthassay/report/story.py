"""The question and the answer in three sentences, and what was not shown: composed from the numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

from synthassay.records.measurement import Measurement
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.records.vocabulary import Axis, Better, Split, Unit
from synthassay.report.contents import Contents
from synthassay.report.findings import Finding, shown
from synthassay.report.numbers import count, listed, unit_words, with_interval
from synthassay.report.requirements import Requirement
from synthassay.report.strata import badness
from synthassay.report.tables import direction_words

FIRST_AXES = dict.fromkeys(("augment", "mask_to_image"), (Axis.UTILITY, Axis.FIDELITY))
ALWAYS = "nothing here supports replacing a clinical acquisition, or using these images for diagnosis"


@dataclass(frozen=True)
class Answer:
    """What was asked, what was found, what was not shown.

    Attributes:
        warning: That synthetic images look like copies of real ones, where some do; it outweighs every other number.
    """

    asked: str
    found: str
    not_shown: str
    warning: str


def answer(
    contents: Contents, findings: tuple[Finding, ...], asked_for: tuple[Requirement, ...], pseudonyms: Pseudonyms
) -> Answer:
    """Return the three sentences; where nothing was found, they say so."""
    return Answer(
        asked=_asked(contents),
        found=pseudonyms.scrub(_found(contents, findings)),
        not_shown=_not_shown(contents, asked_for),
        warning=_warning(contents),
    )


def headline(contents: Contents) -> Measurement | None:
    """Return the measurement that the answer is built on: the best generator's on the question's own measure.

    The measure is the first that has an interval on the axis that the task asks about first; a measure that a
    baseline has too comes before one that none has, and an error in Hounsfield units before one in none: attenuation is
    what a CT image is for. A measure that has only strata is represented by its first, which is the widest.
    """
    task = task_of(contents)
    first = FIRST_AXES.get(task, (Axis.FIDELITY,))
    axes = [*first, *(axis for axis in Axis if axis not in first)]
    measured = [m for m in contents.measurements if m.value is not None]
    widest = {m.metric: m.stratum for m in reversed(measured)} | {m.metric: "" for m in measured if not m.stratum}
    candidates = [m for m in measured if m.stratum == widest[m.metric]]
    beside = {m.metric for m in candidates if m.of in contents.baselines}
    learnt = [m for m in candidates if m.of in (contents.generators or contents.baselines)]
    if not learnt:
        return None
    place = {m.metric: i for i, m in reversed(list(enumerate(learnt)))}

    def rank(m: Measurement) -> tuple[int, bool, bool, bool, int, float]:
        unphysical = not (m.unit == Unit.HU and m.better is Better.LOWER)
        alone = m.metric not in beside
        return (axes.index(m.axis), m.interval is None, alone, unphysical, place[m.metric], badness(m))

    return min(learnt, key=rank)


def task_of(contents: Contents) -> str:
    """Return the task whose requirements hold: the study's, else that by which outside images were judged."""
    if contents.study:
        return contents.study.task
    return contents.requirements.task if contents.requirements else ""


def limits(contents: Contents, asked_for: tuple[Requirement, ...]) -> tuple[str, ...]:
    """Return what this run does not show, one sentence each, from what is absent in its records."""
    found = [
        f"Unmet requirement: {wanted.statement}{f' ({o.of})' if o.of else ''}: {o.reason.rstrip('.')}."
        for wanted in asked_for
        for o in wanted.outcomes
        if not o.met
    ]
    measured = {m.axis for m in contents.measurements if m.value is not None}
    found += [f"Nothing was measured on the {axis} axis." for axis in Axis if axis not in measured | {Axis.CLINICAL}]
    if contents.cohort is None:
        found.append("The cohort is not recorded, so this report cannot prove that no subject was on two sides.")
    elif contents.external is not None:
        few = count(contents.external.subjects, "subject")
        alone = not any(m.interval for m in contents.elsewhere)
        found.append(
            f"The external check is of {few} of {contents.external.source}"
            + (": how the images do elsewhere was seen on these alone, without intervals." if alone else ".")
        )
    elif not contents.cohort.of(Split.EXTERNAL):
        found.append("No external site was held out: how the images do elsewhere was not shown.")
    if contents.training:
        found.append(
            "Each generator was trained once, with one seed: the intervals cover the choice of subjects, "
            "not the luck of training."
        )
    if Axis.CLINICAL not in measured and contents.reader_result is None:
        found.append("No clinical reader has judged the images.")
    return (*found, f"{ALWAYS.capitalize()}.")


def _asked(contents: Contents) -> str:
    judged = listed(list(contents.generators[:3]))
    more = len(contents.generators) - 3
    judged += f" and {count(more, 'other generator')}" if more > 0 else ""
    beside = f" beside {count(len(contents.baselines), 'classical baseline')}" if contents.baselines else ""
    made = sum(len(contents.manifests[of].images) for of in contents.generators if of in contents.manifests)
    images = f"{count(made, 'synthetic image')} from " if made else "the images from "
    if not contents.generators:
        return f"This run judged {count(len(contents.baselines), 'classical baseline')} and no learnt generator."
    against = ""
    if contents.cohort is not None and (test := contents.cohort.subjects(Split.TEST)):
        cases = len(contents.cohort.of(Split.TEST))
        against = f" against {count(cases, 'real test case')} of {count(len(test), 'subject')} kept out of training"
    return f"To answer it, {images}{judged or 'no generator'} were judged{beside}{against}."


def _found(contents: Contents, findings: tuple[Finding, ...]) -> str:
    best = headline(contents)
    if best is None:
        reasons = list(dict.fromkeys(m.not_measured for m in contents.measurements if m.not_measured))
        return f"No measure could be made: {reasons[0] if reasons else 'no generator was judged'}."
    of = (
        f"{best.of}, the best of {len(contents.generators)} on this measure,"
        if len(contents.generators) > 1
        else best.of
    )
    where = f"over {count(best.n, 'case')}" + (f" of {count(best.subjects, 'subject')}" if best.subjects else "")
    reached = f"{shown(best)} {unit_words(best.unit)}".strip()
    text = f"{best.title} ({direction_words(best)}): {of} reached {reached} {where}"
    beside = [f for f in findings if f.measurement is best and f.against in contents.baselines]
    if not beside:
        floor = ""
        if best.floor is not None:
            between_real = " ".join(part for part in with_interval(best.floor, best.floor_interval) if part)
            floor = f"; between real sets of equal size it is {between_real}"
        return f"{text}{floor}; no baseline was measured beside it."
    rival = beside[0]
    words = {
        "better": f"better than the best baseline, {rival.against}",
        "worse": f"worse than the best baseline, {rival.against}",
        "different": f"other than the best baseline, {rival.against}",
        "not told apart": f"not told apart from the best baseline, {rival.against}",
        "unknown": f"not comparable with the best baseline, {rival.against}",
    }[rival.outcome]
    difference = f"; paired difference {rival.difference}" if rival.difference else ""
    return f"{text}, {words} ({rival.other_value}{difference}), because {rival.basis}."


def _warning(contents: Contents) -> str:
    copies = {}
    for of in contents.generators:
        entries = contents.neighbours[of].entries if of in contents.neighbours else ()
        near = [entry for entry in entries if entry.copied]
        if near:
            copies[of] = f"{len(near)} of the {len(entries)} images of {of} that come nearest to a real one"
    if not copies:
        return ""
    return f"{listed(list(copies.values()))} lie so near to it that they count as copies."


def _not_shown(contents: Contents, asked_for: tuple[Requirement, ...]) -> str:
    parts = []
    if unmet := sum(not requirement.met for requirement in asked_for):
        total = count(len(asked_for), "requirement")
        parts.append(
            f"{unmet} of {total} of the {asked_for[0].protocol} protocol {'is' if unmet == 1 else 'are'} unmet"
        )
    if missing := sum(m.value is None for m in contents.measurements):
        parts.append(f"{count(missing, 'measurement')} could not be made")
    read = contents.reader_result is not None
    if not read and Axis.CLINICAL not in {m.axis for m in contents.measurements if m.value is not None}:
        parts.append("no reader has judged the images")
    return f"Not shown: {'; '.join([*parts, ALWAYS])}."
