"""What a study shows, before it is ordered: cases with their stimuli, and what would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from synthassay.errors import DataError
from synthassay.randomness import stream
from synthassay.reading.arms import Stimulus
from synthassay.reading.orders import balanced_positions, williams_square
from synthassay.records.reader_study import ArmRole, ReaderStudy, StudyKind

UNAIDED, AIDED = "unaided", "aided"


@dataclass(frozen=True)
class Draft:
    """One trial without its place in an order.

    Attributes:
        stimuli: From left to right; for a choice the target is first until positions are drawn.
        treatment: Arm that is judged.
        truth: As in ``TrialTruth``.
    """

    stimuli: tuple[Stimulus, ...]
    treatment: str
    case: str
    subject: str
    truth: int | None = None
    notice: str = ""
    linked: bool = False

    @property
    def first(self) -> Stimulus:
        """The stimulus that is judged."""
        return self.stimuli[0]


@dataclass(frozen=True)
class Unit:
    """Drafts that follow each other at once: one for most kinds, unaided and aided for a change study."""

    drafts: tuple[Draft, ...]

    @property
    def stratum(self) -> tuple[str, int | None]:
        """What blocks are balanced by: the treatment and, except for positions of a target, the truth."""
        first = self.drafts[0]
        return first.treatment, first.truth if len(first.stimuli) == 1 or first.linked else None


@dataclass(frozen=True)
class Material:
    """All units of a study: ``main`` by reader and session, ``practice`` for everyone."""

    main: Mapping[str, Sequence[Sequence[Unit]]]
    practice: Sequence[Unit] = field(default=())


def material_of(study: ReaderStudy, arms: dict[str, list[Stimulus]]) -> Material:
    """Return what each reader reads in each session, cases for practice set apart.

    Raises:
        DataError: The arms do not hold what the kind of study needs.
    """
    if study.kind is StudyKind.CHOICE:
        units = _choice(study, arms)
    elif study.kind is StudyKind.CHANGE:
        units = _change(study, arms)
    elif study.kind is StudyKind.DIAGNOSTIC and study.design.crossed and len(arms) > 1:
        return _crossed(study, arms)
    else:
        units = [Unit((_single(study, one),)) for stimuli in arms.values() for one in stimuli]
    _need_truth(study, units)
    practice, main = _set_apart(study, units)
    readers = {code: [_positioned(study, main, number)] for number, code in enumerate(study.codes)}
    return Material(readers, _positioned(study, practice, len(study.codes)))


def _single(study: ReaderStudy, one: Stimulus) -> Draft:
    if study.kind is StudyKind.TURING:
        truth: int | None = int(one.role is not ArmRole.REAL)
    else:
        truth = one.truth
    beside = (replace(one, path=one.beside, beside=None, index=None, made=""),) if one.beside else ()
    return Draft((one, *beside), one.arm, one.case, one.subject, truth, linked=bool(beside))


def _choice(study: ReaderStudy, arms: dict[str, list[Stimulus]]) -> list[Unit]:
    """Every image of the other arms once as the target, among real images used as evenly as their number allows."""
    real_arm = study.of(ArmRole.REAL)[0].name
    real = arms[real_arm]
    targets = [one for name, stimuli in arms.items() if name != real_arm for one in stimuli]
    others = study.design.alternatives - 1
    if len(real) < others:
        raise DataError(real_arm, f"has {len(real)} images where each trial shows {others} real ones")
    rng = stream(study.seed, "choice")
    by_case = {one.case: one for one in real}
    pool: list[Stimulus] = []
    units = []
    for target in targets:
        chosen: list[Stimulus] = []
        if study.design.paired:
            if target.case not in by_case:
                remedy = "Name files alike in both arms, or leave out `paired`."
                raise DataError(
                    target.arm, "has a case without a real image of its name", value=target.case, remedy=remedy
                )
            chosen.append(by_case[target.case])
        while len(chosen) < others:
            if not pool:
                pool = [real[i] for i in rng.permutation(len(real))]
            free = next((i for i, one in enumerate(pool) if one not in chosen), None)
            chosen.append(pool.pop(free) if free is not None else _unused(real, chosen, rng))
        units.append(Unit((Draft((target, *chosen), target.arm, target.case, target.subject),)))
    return units


def _unused(real: Sequence[Stimulus], chosen: Sequence[Stimulus], rng: np.random.Generator) -> Stimulus:
    left = [one for one in real if one not in chosen]
    return left[int(rng.integers(len(left)))]


def _change(study: ReaderStudy, arms: dict[str, list[Stimulus]]) -> list[Unit]:
    aid_arm = study.of(ArmRole.AID)[0].name
    aids = {one.case: one for one in arms[aid_arm]}
    read = next(stimuli for name, stimuli in arms.items() if name != aid_arm)
    units = []
    for one in read:
        if one.case not in aids:
            raise DataError(aid_arm, "has no aid for a case", value=one.case, remedy="Add it, or leave the case out.")
        before = Draft((one,), UNAIDED, one.case, one.subject, one.truth)
        after = Draft((one, aids[one.case]), AIDED, one.case, one.subject, one.truth, one.note, linked=True)
        units.append(Unit((before, after)))
    return units


def _crossed(study: ReaderStudy, arms: dict[str, list[Stimulus]]) -> Material:
    """Every case in every arm, once a session; arms change places by a Williams square of readers and case groups."""
    names = list(arms)
    by_arm = {name: {one.case: one for one in stimuli} for name, stimuli in arms.items()}
    cases = sorted(by_arm[names[0]])
    for name in names[1:]:
        if odd := sorted(set(cases) ^ set(by_arm[name])):
            remedy = "Give the same cases in every arm, or set crossed = false."
            raise DataError(name, f"and {names[0]} do not hold the same cases", value=", ".join(odd[:5]), remedy=remedy)
    units = {case: [Unit((_single(study, by_arm[name][case]),)) for name in names] for case in cases}
    _need_truth(study, [unit for of_case in units.values() for unit in of_case])
    practice, main = _set_apart(study, [units[case][0] for case in cases])
    kept = [unit.drafts[0].case for unit in main]
    square = williams_square(len(names))
    groups = _case_groups(study, main, len(square))
    sessions = {
        code: [
            [units[case][square[(number + groups[case]) % len(square)][session]] for case in kept]
            for session in range(len(names))
        ]
        for number, code in enumerate(study.codes)
    }
    return Material(sessions, practice)


def _case_groups(study: ReaderStudy, units: Sequence[Unit], rows: int) -> dict[str, int]:
    """Case to its row of the square, equally many of each truth in each row; all 0 where sessions go by arm."""
    if study.design.sessions == "by_arm":
        return {unit.drafts[0].case: 0 for unit in units}
    rng = stream(study.seed, "case groups")
    groups: dict[str, int] = {}
    for truth in sorted({unit.drafts[0].truth for unit in units}, key=str):
        members = [unit.drafts[0].case for unit in units if unit.drafts[0].truth == truth]
        groups |= dict(zip(members, balanced_positions(len(members), rows, rng), strict=True))
    return groups


def _set_apart(study: ReaderStudy, units: list[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Practice units, taken in turn from each stratum that can spare one, and the rest."""
    wanted = study.design.practice
    if wanted and len(units) < 2 * wanted:
        remedy = "Add images, or lower `practice`."
        raise DataError("design", f"sets {wanted} of {len(units)} cases apart for practice", remedy=remedy)
    rng = stream(study.seed, "practice")
    strata: dict[object, list[int]] = {}
    for index in rng.permutation(len(units)):
        strata.setdefault(units[index].stratum, []).append(int(index))
    chosen: list[int] = []
    while len(chosen) < wanted:
        for members in sorted(strata.values(), key=len, reverse=True):
            if len(chosen) < wanted and members:
                chosen.append(members.pop())
    apart = set(chosen)
    return [units[i] for i in chosen], [unit for i, unit in enumerate(units) if i not in apart]


def _positioned(study: ReaderStudy, units: Sequence[Unit], reader: int) -> list[Unit]:
    """Put targets of choices at exactly balanced positions, turned by one from reader to reader."""
    if study.kind is not StudyKind.CHOICE or not units:
        return list(units)
    positions = balanced_positions(len(units), study.design.alternatives, stream(study.seed, "positions", len(units)))
    return [
        at_position(unit, (position + reader) % study.design.alternatives)
        for unit, position in zip(units, positions, strict=True)
    ]


def at_position(unit: Unit, position: int) -> Unit:
    """Return a choice with its target, which comes first or where it was put, at ``position``."""
    draft = unit.drafts[0]
    now = draft.truth or 0
    others = [one for i, one in enumerate(draft.stimuli) if i != now]
    placed = (*others[:position], draft.stimuli[now], *others[position:])
    return Unit((replace(draft, stimuli=placed, truth=position),))


def _need_truth(study: ReaderStudy, units: Sequence[Unit]) -> None:
    if study.kind not in (StudyKind.DIAGNOSTIC, StudyKind.CHANGE):
        return
    drafts = [draft for unit in units for draft in unit.drafts]
    without = sorted({draft.case for draft in drafts if draft.truth is None})
    if without:
        raise DataError(study.cases, "states no truth for a case that is read", value=", ".join(without[:5]))
    if len({draft.truth for draft in drafts}) < 2:
        raise DataError(study.cases, "holds only one truth among the cases that are read, so no curve can be drawn")
