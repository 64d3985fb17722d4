"""The ladder of evidence: which requirements each rung rests on, and which level of efficacy it speaks to.

Levels of efficacy: Fryback and Thornbury, Med Decis Making 11:88 (1991), doi:10.1177/0272989X9101100203. Each lower
level is necessary for the next, not sufficient. No rung says that images are good: a rung says what was measured, and
the numbers say how good. So that nobody takes a measured use for a use that was found, the verdict adds whether the
images helped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthassay.protocols.protocol import Protocol, Requirement
from synthassay.records.evaluation import RequirementStatus, Verdict
from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Axis

LEVELS = (
    "no level of efficacy",
    "level 1, technical efficacy",
    "level 2, diagnostic accuracy efficacy",
    "level 3, diagnostic thinking efficacy",
)

GAINS = ("auc_gain", "dice_gain", "augmentation_gain")  # of what was added to real images, the most thorough first


@dataclass(frozen=True)
class Rung:
    """One step of the ladder.

    Attributes:
        axes: Axes whose requirements must be met on this rung.
        external: Whether it is the requirements on data from elsewhere.
    """

    number: int
    title: str
    level: str
    axes: tuple[Axis, ...]
    external: bool = False

    def holds(self, requirement: Requirement) -> bool:
        """Whether the requirement belongs to this rung."""
        external = "external" in requirement.metric
        return external if self.external else not external and requirement.axis in self.axes


RUNGS = (
    Rung(1, "likeness measured", LEVELS[1], (Axis.FIDELITY, Axis.DIVERSITY)),
    Rung(2, "failures and leakage looked for", LEVELS[1], (Axis.FAILURE, Axis.LEAKAGE)),
    Rung(3, "use measured on real held-out patients", LEVELS[2], (Axis.UTILITY,)),
    Rung(4, "use measured on data from elsewhere", LEVELS[2], (), external=True),
    Rung(5, "read by clinicians", LEVELS[3], (Axis.CLINICAL,)),
)


def requirement_statuses(protocol: Protocol, task: str, rows: Sequence[Measurement]) -> list[RequirementStatus]:
    """Return each requirement of the protocol and whether one generator's measurements meet it.

    Args:
        protocol: What must be shown.
        task: Name of the task; empty for images made elsewhere.
        rows: Measurements of one generator.

    Returns:
        One status per requirement, in the protocol's order. Met means measured on enough subjects and, where the
        requirement has a bound, within it; it does not mean that the value is good.
    """
    return [_status(requirement, rows) for requirement in protocol.required(task)]


def verdict(of: str, protocol: Protocol, task: str, rows: Sequence[Measurement]) -> Verdict:
    """Return how far up the ladder one generator's measurements reach: the highest rung with all below it complete.

    A rung on which the protocol asks nothing for this task is not climbed by default: it is passed over.

    Args:
        of: Name of the generator.
        protocol: What must be shown.
        task: Name of the task; empty for images made elsewhere.
        rows: Measurements of the run; those of other generators are ignored.
    """
    own = [row for row in rows if row.of == of]
    statuses = requirement_statuses(protocol, task, own)
    reached: Rung | None = None
    above: list[Rung] = []
    missing: tuple[str, ...] = ()
    for rung in RUNGS:
        asked = [s for r, s in zip(protocol.required(task), statuses, strict=True) if rung.holds(r)]
        lacking = tuple(f"{status.metric}: {status.reason}" for status in asked if not status.met)
        if missing:
            above += [rung] if asked and not lacking else []
        elif lacking:
            missing = lacking
        else:
            reached = rung if asked else reached
    return Verdict(
        of=of,
        rung=reached.number if reached else 0,
        rung_title=reached.title if reached else "",
        level=reached.level if reached else LEVELS[0],
        missing=missing,
        text=_text(reached, above, missing) + _help(own),
    )


def _text(reached: Rung | None, above: Sequence[Rung], missing: Sequence[str]) -> str:
    if reached is None:
        text = "Not even likeness was measured as the protocol asks."
    else:
        text = f"Evidence reaches rung {reached.number} of {len(RUNGS)}: {reached.title} ({reached.level})."
    text += " The next rung lacks what is listed." if missing else " The protocol asks for nothing more."
    return text + "".join(f" Above that gap: {rung.title} (rung {rung.number})." for rung in above)


def _help(rows: Sequence[Measurement]) -> str:
    """Whether adding the images to real ones helped."""
    found = {row.metric: row for row in rows if row.metric in GAINS and not row.stratum and row.interval is not None}
    row = next((found[metric] for metric in GAINS if metric in found), None)
    if row is None or row.value is None or row.interval is None:
        return ""
    helped = "no help shown"
    if row.apart_from_zero:
        helped = "help" if row.value > 0 else "harm"
        helped += "" if row.survives_correction else " by its own interval, not among all regimes (Holm)"
    return f" {row.title}: {row.value:.3f} [{row.interval.low:.3f}, {row.interval.high:.3f}], {helped}."


def _status(requirement: Requirement, rows: Sequence[Measurement]) -> RequirementStatus:
    found = [row for row in rows if row.metric == requirement.metric]
    measured = [row for row in found if row.value is not None]
    # where all images together have a row, its strata (single classes) inform; they do not make or break it
    measured = [row for row in measured if not row.stratum] or measured
    reason = ""
    if requirement.missing and not measured:
        reason = requirement.missing
    elif not measured:
        reason = next((row.not_measured for row in found), "it was not measured")
    else:
        reason = next((why for row in measured if (why := _fault(requirement, row))), "")
    rows_shown = ", ".join(f"{row.subjects} subjects{f' ({row.stratum})' if row.stratum else ''}" for row in measured)
    return RequirementStatus(
        metric=requirement.metric,
        axis=requirement.axis,
        of=found[0].of if found else "",
        statement=_statement(requirement, found[0].title if found else ""),
        why=requirement.why,
        source=requirement.source,
        met=not reason,
        reason=reason or f"measured on {rows_shown}",
    )


def _fault(requirement: Requirement, row: Measurement) -> str:
    where = f" ({row.stratum})" if row.stratum else ""
    if row.subjects < requirement.least_subjects:
        return f"measured on {row.subjects} subjects{where}; the protocol asks for {requirement.least_subjects}"
    assert row.value is not None
    if requirement.at_most is not None and row.value > requirement.at_most:
        return f"{row.title} is {row.value:.4g}{where}; the protocol allows {requirement.at_most:g}"
    if requirement.not_below is not None and row.interval is not None and row.interval.high < requirement.not_below:
        return f"{row.title} lies below {requirement.not_below:g}{where}, up to {row.interval.high:.3g}"
    return ""


def _statement(requirement: Requirement, title: str) -> str:
    least = f" on at least {requirement.least_subjects} subjects" if requirement.least_subjects else ""
    bound = "" if requirement.at_most is None else f", at most {requirement.at_most:g}"
    bound += "" if requirement.not_below is None else f", interval not wholly below {requirement.not_below:g}"
    words = requirement.metric.replace("_", " ")
    return f"{title or words[0].upper() + words[1:]} measured{least}{bound}"
