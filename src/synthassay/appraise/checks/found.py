"""What a check found: a reply with what it rests on, or that the run cannot tell."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from synthassay.appraise.dossier import Dossier, Line
from synthassay.records.appraisal import Pointer
from synthassay.records.instrument import Reply

SMALL = 0.1  # a yes to "nothing leaks" must rule out more than this above what no leak gives
SHOWN = 6  # pointers that an answer carries; their number is told where there are more


@dataclass(frozen=True)
class Found:
    """A reply of the run.

    Attributes:
        why: One sentence: what was found, or why nothing can be told.
    """

    reply: Reply
    evidence: tuple[Pointer, ...] = ()
    why: str = ""


def yes(why: str, *evidence: Pointer) -> Found:
    """Return a yes; without evidence it is a mistake of ours."""
    return _shown(Reply.YES, why, evidence)


def no(why: str, *evidence: Pointer) -> Found:
    """Return a no; without evidence it is a mistake of ours."""
    return _shown(Reply.NO, why, evidence)


def unknown(why: str, *evidence: Pointer) -> Found:
    """Return that the run cannot tell, and why."""
    return Found(Reply.NO_INFORMATION, evidence[:SHOWN], why)


def not_applicable(why: str, *evidence: Pointer) -> Found:
    """Return that it does not apply, and what shows that."""
    return _shown(Reply.NOT_APPLICABLE, why, evidence)


def pointers(lines: Iterable[Line]) -> list[Pointer]:
    """Return where lines stand."""
    return [line.pointer for line in lines]


def of_every_set(
    dossier: Dossier,
    metric: str,
    is_bad: Callable[[Line], bool],
    *,
    good: str,
    bad: str,
    absent: str,
    at_most: float | None = None,
) -> Found:
    """Return yes where a metric speaks well of every judged set, no where of one it does not.

    Args:
        dossier: The run.
        metric: Name of the metric; its whole row speaks where there is one, and else its strata.
        is_bad: Whether a measured line speaks against its set.
        good: What a yes says.
        bad: What a no says.
        absent: What to say where a set was not measured.
        at_most: A yes needs every interval to end at or below this: that nothing was found among few says little.
    """
    measured, lacking = speaking(dossier, metric)
    against = [line for line in measured if is_bad(line)]
    if against:
        return no(bad, *pointers(against))
    if lacking or not measured:
        return unknown(f"{absent}{f' ({_names(lacking)})' if lacking else ''}", *pointers(measured))
    wide = [x for x in measured if at_most is not None and (x.m.interval is None or x.m.interval.high > at_most)]
    if wide:
        return unknown(f"{good}, but too few images were judged to rule it out", *pointers(wide))
    return yes(good, *pointers(measured))


def speaking(dossier: Dossier, metric: str) -> tuple[list[Line], list[str]]:
    """Return the measured lines of a metric that speak for the judged sets, and the sets that have none."""
    measured: list[Line] = []
    lacking = []
    for of in dossier.judged:
        own = [line for line in dossier.of(metric, of) if _counts(line)]
        whole = [line for line in own if not line.m.stratum]
        measured += whole or own
        if not own:
            lacking.append(of)
    return measured, lacking


def _counts(line: Line) -> bool:
    """Whether there is a number, of something, with an interval that is one."""
    m = line.m
    ends = (m.interval.low, m.interval.high) if m.interval else ()
    return m.value is not None and m.n > 0 and all(map(math.isfinite, (m.value, *ends)))


def refusals(lines: Sequence[Line]) -> list[Pointer]:
    """Return where it stands that something was not measured, and why."""
    return [line.pointer for line in lines if line.m.value is None]


def _shown(reply: Reply, why: str, evidence: Sequence[Pointer]) -> Found:
    if not evidence:
        raise ValueError(f"{reply} without evidence: {why}")
    more = f" ({len(evidence)} places, the first {SHOWN} are given)" if len(evidence) > SHOWN else ""
    return Found(reply, tuple(evidence[:SHOWN]), why + more)


def _names(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
