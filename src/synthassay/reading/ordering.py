"""From what a reader reads to the order in which: blocks, repeats, catch trials, names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from synthassay.randomness import stream
from synthassay.reading.arms import Stimulus
from synthassay.reading.drafts import Draft, Material, Unit, at_position
from synthassay.reading.orders import balanced_positions, choose_repeats, insert_repeats, spread, spread_places
from synthassay.records.reader_study import ReaderStudy, StudyKind
from synthassay.records.reading import Purpose, Question, ReaderPlan, Trial, TrialTruth


@dataclass(frozen=True)
class _Placed:
    unit: Unit
    purpose: Purpose
    block: int
    notice: str = ""
    expected: tuple[tuple[str, str | int], ...] = ()
    origin: int = -1  # which of the session's units this is or repeats


@dataclass
class Orderer:
    """Writes plans; ``name_of`` gives the opaque identifier of a stimulus."""

    study: ReaderStudy
    questions: tuple[Question, ...]
    name_of: Callable[[Stimulus], str]

    def plan(self, reader: str, material: Material) -> tuple[ReaderPlan, list[TrialTruth]]:
        """Return what the reader will see, and what it is."""
        trials: list[Trial] = []
        truths: list[TrialTruth] = []
        for session, units in enumerate(material.main[reader]):
            rng = stream(self.study.seed, "order", reader, session)
            placed = self._session(units, material.practice, rng, first=session == 0)
            seen: dict[tuple[int, int], str] = {}
            for one in placed:
                for step, draft in enumerate(one.unit.drafts):
                    name = f"{reader}-{len(trials) + 1:04d}"
                    trials.append(self._trial(name, session, one, draft))
                    key = (one.origin, step)
                    earlier = seen.get(key, "") if one.purpose is Purpose.REPEAT else ""
                    truths.append(_truth(name, reader, one, draft, earlier))
                    if one.purpose is Purpose.MAIN:
                        seen[key] = name
        return ReaderPlan(reader=reader, trials=tuple(trials)), truths

    def _session(
        self, units: Sequence[Unit], practice: Sequence[Unit], rng: np.random.Generator, *, first: bool
    ) -> list[_Placed]:
        design = self.study.design
        blocks = spread(units, [unit.stratum for unit in units], min(design.blocks, max(1, len(units))), rng)
        flat = [(unit, block) for block, members in enumerate(blocks) for unit in members]
        repeated = choose_repeats(len(flat), design.repeats, design.least_gap, rng)
        again = self._again([flat[i][0] for i in repeated], rng)
        placed: list[_Placed] = []
        block = 0
        for index, is_repeat in insert_repeats(len(flat), repeated, design.least_gap, rng):
            if not is_repeat:
                unit, block = flat[index]
                placed.append(_Placed(unit, Purpose.MAIN, block, origin=index))
            else:
                placed.append(_Placed(again[repeated.index(index)], Purpose.REPEAT, block, origin=index))
        for place in reversed(spread_places(design.catch, len(placed), rng)):
            source = practice or units
            unit = source[int(rng.integers(len(source)))]
            notice, expected = self._catch(rng)
            near = placed[min(place, len(placed) - 1)].block
            placed.insert(place, _Placed(Unit(unit.drafts[:1]), Purpose.CATCH, near, notice, expected))
        return [*(_Placed(unit, Purpose.PRACTICE, 0) for unit in practice if first), *placed]

    def _again(self, units: list[Unit], rng: np.random.Generator) -> list[Unit]:
        """The same units once more; the target of a choice stands at a newly balanced position."""
        if self.study.kind is not StudyKind.CHOICE:
            return units
        positions = balanced_positions(len(units), self.study.design.alternatives, rng)
        return [at_position(unit, place) for unit, place in zip(units, positions, strict=True)]

    def _catch(self, rng: np.random.Generator) -> tuple[str, tuple[tuple[str, str | int], ...]]:
        """What a catch trial says, and the answer that it asks for."""
        expected: list[tuple[str, str | int]] = []
        words: list[str] = []
        for question in self.questions:
            if not question.required:
                continue
            if question.type == "options":
                option = question.options[int(rng.integers(len(question.options)))]
                expected.append((question.name, option.value))
                words.append(f"choose “{option.label}”")
            elif question.type == "pick":
                place = int(rng.integers(question.highest + 1))
                expected.append((question.name, place))
                words.append(f"choose image {place + 1} from the left")
            else:
                value = question.highest if rng.random() < 0.5 else question.lowest
                expected.append((question.name, value))
                words.append(f"set “{question.label}” to {value}")
        return f"Attention check. Whatever you see here, {'; '.join(words)}.", tuple(expected)

    def _trial(self, name: str, session: int, one: _Placed, draft: Draft) -> Trial:
        return Trial(
            name=name, session=session, block=one.block, practice=one.purpose is Purpose.PRACTICE,
            images=tuple(self.name_of(stimulus) for stimulus in draft.stimuli), linked=draft.linked,
            notice=one.notice or draft.notice,
        )  # fmt: skip


def _truth(name: str, reader: str, one: _Placed, draft: Draft, earlier: str) -> TrialTruth:
    return TrialTruth(
        trial=name, reader=reader, purpose=one.purpose, treatment=draft.treatment, case=draft.case,
        subject=draft.subject, truth=draft.truth, repeat_of=earlier, expected=dict(one.expected),
        places=draft.first.places,
    )  # fmt: skip
