"""How the images were judged: comparators, likeness, variety, failures, use, and readers."""

from __future__ import annotations

from synthassay.appraise.checks import check
from synthassay.appraise.checks.found import Found, no, of_every_set, pointers, refusals, unknown, yes
from synthassay.appraise.checks.separation import MADE_FROM_TEST
from synthassay.appraise.dossier import COHORT, COMPARISONS, MEASUREMENTS, Dossier, Line
from synthassay.records.appraisal import Pointer
from synthassay.records.vocabulary import Axis, Split

GAINS = ("auc_gain", "dice_gain", "augmentation_gain", "auc_without_real", "dice_without_real")
OF_THE_WORST = ("subgroup_gain", "class_gain")  # whole rows that are those of each set's own worst part
CALIBRATION = ("calibration_slope", "calibration_error")


@check
def comparator_present(dossier: Dossier) -> Found:
    """Whether every judged set stands beside another on a measure that both have."""
    shared = _shared(dossier)
    if not dossier.lines:
        return unknown("nothing was measured")
    if dossier.others:
        if lacking := [of for of in dossier.judged if of not in {line.m.of for line, _ in shared}]:
            whole = Pointer(file=MEASUREMENTS, says=f"no measure of {lacking[0]} that a comparator has too")
            return no("a set was set beside nothing", whole)
        return yes(f"beside {', '.join(dossier.others)}", *(p for pair in shared[:3] for p in pointers(pair)))
    if len(dossier.judged) > 1:
        if dossier.roles_known:
            first = [next(line for line in dossier.lines if line.m.of == of) for of in dossier.judged]
            return yes("the generators are set beside each other", *pointers(first))
        return unknown("the run does not say which set is judged and which it is compared with: --of NAME")
    sole = Pointer(file=MEASUREMENTS, says=f"every line is of {', '.join(dossier.judged) or 'real images'}")
    return no("the images were set beside no other method", sole)


@check
def same_cases(dossier: Dossier) -> Found:
    """Whether judged sets and comparators were measured on equally many cases, where cases are what is measured.

    Use is measured on real test cases, and translated or denoised images on their references; elsewhere every set has
    cases of its own, whose number says nothing here.
    """
    of_cases = dossier.task in MADE_FROM_TEST
    shared = [
        pair
        for pair in _shared(dossier)
        if pair[0].m.metric not in OF_THE_WORST
        and (pair[0].m.axis is Axis.UTILITY or (of_cases and bool(pair[0].m.per_case) and bool(pair[1].m.per_case)))
    ]
    if not shared:
        return unknown("no measure of cases is shared with a comparator")
    unequal = [pair for pair in shared if (pair[0].m.n, pair[0].m.subjects) != (pair[1].m.n, pair[1].m.subjects)]
    if unequal:
        a, b = unequal[0]
        why = f"{a.m.title}: {a.m.of} on {a.m.n:,} cases of {a.m.subjects:,}, {b.m.of} on {b.m.n:,} of {b.m.subjects:,}"
        return no(why, *(p for pair in unequal for p in pointers(pair)))
    return yes(
        f"the same number of cases and subjects in each of {len(shared):,} comparisons",
        *(p for pair in shared[:3] for p in pointers(pair)),
    )


@check
def differences_tested(dossier: Dossier) -> Found:
    """Whether differences have an interval and a correction for how many were tried."""
    listed = dossier.comparisons.comparisons if dossier.comparisons else ()
    tested = [i for i, c in enumerate(listed) if c.of in dossier.judged and c.interval is not None and c.correction]
    if tested:
        says = f"{len(tested)} paired differences, {listed[tested[0]].correction}"
        return yes("paired differences with intervals, corrected", Pointer(file=COMPARISONS, says=says))
    corrected = [
        line
        for metric in GAINS
        for line in dossier.of(metric)
        if line.m.interval is not None and "p_corrected" in line.m.settings
    ]
    if corrected:
        return yes("gains with intervals, corrected", *pointers(corrected[:3]))
    return unknown("no difference with an interval and a correction is recorded")


@check
def real_floor(dossier: Dossier) -> Found:
    """Whether some measure of each judged set has its value between real sets."""
    found = [
        next((line for line in dossier.lines if line.m.of == of and line.m.floor is not None), None)
        for of in dossier.judged
    ]
    given = [line for line in found if line is not None]
    if not given or len(given) < len(found):
        return unknown("not every set has a measure with its value between real sets")
    floors = [
        Pointer(file=MEASUREMENTS, place=f"line {x.number}", says=f"{x.m.title}: floor {x.m.floor:.4g}") for x in given
    ]
    return yes("the same measures between real sets are given", *floors)


@check
def fidelity_required(dossier: Dossier) -> Found:
    """Whether the protocol's requirements of likeness are all met."""
    return _required(dossier, Axis.FIDELITY)


@check
def failures_required(dossier: Dossier) -> Found:
    """Whether the protocol's requirements of failures are all met."""
    return _required(dossier, Axis.FAILURE)


@check
def diversity_measured(dossier: Dossier) -> Found:
    """Whether variety was measured in every judged set."""
    return _on_axis(dossier, Axis.DIVERSITY, "variety")


@check
def utility_measured(dossier: Dossier) -> Found:
    """Whether use was measured, with an interval, in every judged set."""
    return _on_axis(dossier, Axis.UTILITY, "use")


@check
def readers_read(dossier: Dossier) -> Found:
    """Whether a measurement of readers stands for every judged set."""
    return _on_axis(dossier, Axis.CLINICAL, "reading")


@check
def intervals_given(dossier: Dossier) -> Found:
    """Whether every number of likeness, variety and use has an interval."""
    axes = (Axis.FIDELITY, Axis.DIVERSITY, Axis.UTILITY)
    measured = [line for axis in axes for line in dossier.on(axis) if line.m.value is not None]
    bare = [line for line in measured if line.m.interval is None]
    if bare:
        return no(f"{len(bare):,} of {len(measured):,} numbers have no interval", *pointers(bare))
    if not measured:
        return unknown("nothing was measured")
    says = f"{len(measured):,} of {len(measured):,} numbers, such as by {measured[0].m.interval.method}"  # type: ignore[union-attr]
    return yes("every number has an interval over subjects", Pointer(file=MEASUREMENTS, place="interval", says=says))


@check
def measures_defined(dossier: Dossier) -> Found:
    """Whether measures name where they are defined."""
    measured = {line.m.metric for line in dossier.lines if line.m.value is not None and line.m.of in dossier.judged}
    if not measured:
        return unknown("nothing was measured")
    says = f"{len(measured)} measures, each with its source and settings"
    return yes("each measure names its source", Pointer(file=MEASUREMENTS, place="source, settings", says=says))


@check
def worst_cases_shown(dossier: Dossier) -> Found:
    """Whether the worst cases of every judged set were chosen by a number."""
    shown = [of for of in dossier.judged if of in dossier.selections and dossier.selections[of].worst]
    if not shown or len(shown) < len(dossier.judged):
        return unknown("not every set has its worst cases listed")
    found = [
        Pointer(file=f"evaluation/{of}/cases.json", place="worst", says=f"by {dossier.selections[of].title}")
        for of in shown
    ]
    return yes("the worst cases are shown, chosen by a number", *found)


@check
def utility_beside_real(dossier: Dossier) -> Found:
    """Whether use stands beside what real images alone achieve."""
    beside = [line for metric in GAINS for line in dossier.of(metric) if line.m.interval is not None]
    beside += [line for line in dossier.on(Axis.UTILITY) if line.m.value is not None and line.m.floor is not None]
    if lacking := [of for of in dossier.judged if of not in {line.m.of for line in beside}]:
        return unknown(f"of {lacking[0]} no use beside real images alone was measured")
    return yes("use stands beside that of real images alone", *pointers(beside)) if beside else unknown("not measured")


@check
def utility_repeated(dossier: Dossier) -> Found:
    """Whether downstream trainings were repeated, as their settings say."""
    counted = [line for line in dossier.on(Axis.UTILITY) if line.m.value is not None and "repeats" in line.m.settings]
    if not counted:
        return unknown("no measure of use says how often it was trained")
    once = [line for line in counted if float(line.m.settings["repeats"]) < 2]
    says = [
        Pointer(file=MEASUREMENTS, place=f"line {x.number}", says=f"{x.m.title}: repeats {x.m.settings['repeats']}")
        for x in once or counted
    ]
    return no("trained once", *says) if once else yes("trainings were repeated", *says)


@check
def external_utility(dossier: Dossier) -> Found:
    """Whether use was measured on external patients."""
    lines = [line for line in dossier.on(Axis.UTILITY) if "external" in line.m.metric]
    if measured := [line for line in lines if line.m.value is not None]:
        return yes("use was measured on external patients", *pointers(measured))
    if refused := refusals(lines):
        return no("use was not measured on external patients", *refused)
    if dossier.cohort is not None and not dossier.cohort.subjects(Split.EXTERNAL):
        pointer = Pointer(file=COHORT, place="split", says="no external subject")
        return no("there are no external patients to measure use on", pointer)
    return unknown("the run does not say whether use was measured elsewhere")


@check
def calibration_measured(dossier: Dossier) -> Found:
    """Whether calibration of a downstream classifier was measured in every judged set."""
    metric = next((m for m in CALIBRATION if dossier.of(m)), CALIBRATION[0])
    return of_every_set(
        dossier, metric, lambda _: False, good="calibration was measured", bad="", absent="calibration was not measured"
    )


def _on_axis(dossier: Dossier, axis: Axis, what: str) -> Found:
    measured = {of: [x for x in dossier.on(axis, of) if x.m.value is not None] for of in dossier.judged}
    first = [lines[0] for lines in measured.values() if lines]
    if first and len(first) == len(measured):
        return yes(f"{what} was measured", *pointers(first))
    lacking = [of for of, lines in measured.items() if not lines]
    against = [p for of in lacking for p in refusals(dossier.on(axis, of))] or dossier.unmet(axis)
    why = f"{what} was not measured{f' in {lacking[0]}' if len(measured) > 1 and lacking else ''}"
    return no(why, *against) if against else unknown(why)


def _required(dossier: Dossier, axis: Axis) -> Found:
    asked = dossier.required(axis)
    if not asked:
        return unknown("the run lists no such requirement of a protocol")
    unmet = [pointer for met, pointer in asked if not met]
    if unmet:
        return no(f"{len(unmet)} of {len(asked)} requirements are unmet", *unmet)
    return yes(f"all {len(asked)} requirements are met", *(pointer for _, pointer in asked))


def _shared(dossier: Dossier) -> list[tuple[Line, Line]]:
    """Each judged set's measures beside those of each comparator, paired by measure and stratum."""
    measured = [line for line in dossier.lines if line.m.value is not None]
    theirs: dict[tuple[str, str], list[Line]] = {}
    for line in measured:
        if line.m.of in dossier.others:
            theirs.setdefault((line.m.metric, line.m.stratum), []).append(line)
    return [
        (line, other)
        for line in measured
        if line.m.of in dossier.judged
        for other in theirs.get((line.m.metric, line.m.stratum), [])
    ]
