"""Answers without two truths, such as choices and points: means and odds for other readers and other cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby

import numpy as np
from numpy.typing import NDArray

from synthassay.reading.agreeing import Drawing, on_ratings
from synthassay.reading.generalising import Judging
from synthassay.reading.odds import proportional_odds
from synthassay.reading.saying import said
from synthassay.records.reader_result import (
    Agreement,
    Artefact,
    Chooser,
    Control,
    Generalisation,
    ProportionalOdds,
    ReaderDifference,
    ReaderMean,
    ReaderResult,
)
from synthassay.stats.detection import forced_choice_d_prime
from synthassay.stats.mrmc.crossed_means import by_patients, crossed_mean, difference_of_means
from synthassay.stats.mrmc.obuchowski_rockette import Contrast

LEVEL = 0.05
SEED, DRAWS = 20260101, 1000
RIGHT, POINTS = "share of right choices", "points"
MEANS = "Cornfield and Tukey 1956, doi:10.1214/aoms/1177728067; Satterthwaite 1946, doi:10.2307/3002019"
FORCED_CHOICE = "Hacker and Ratcliff 1979, doi:10.3758/BF03208311"
ODDS = (
    "McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x; Tutz and Hennevogl 1996, doi:10.1016/0167-9473(96)00004-7"
)


@dataclass(frozen=True, eq=False)
class Sheet:
    """What all readers answered to the cases of one arm, and of one item where there are several.

    Attributes:
        cases: Names; equal names in two arms are one patient's case.
        values: ``readers cases``, without gaps.
        patients: Whose each case is; empty where every case is a patient.
    """

    arm: str
    item: str
    cases: tuple[str, ...]
    values: NDArray[np.float64]
    patients: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The arm, and the item where there is one."""
        return f"{self.arm}: {self.item}" if self.item else self.arm

    @property
    def units(self) -> tuple[str, ...]:
        """What is drawn at random: patients, or cases where each is one; in order."""
        return tuple(sorted(set(self.patients or self.cases)))

    @property
    def by_unit(self) -> NDArray[np.float64]:
        """``readers units``, of the same mean."""
        return by_patients(self.values, self.patients or self.cases)

    @property
    def unit_of_case(self) -> NDArray[np.intp]:
        """Number of each case's patient."""
        return np.unique(np.array(self.patients or self.cases), return_inverse=True)[1]


@dataclass(frozen=True)
class Asked:
    """What is asked of the sheets.

    Attributes:
        alternatives: Of a choice; None for points.
        margin: Largest difference that would not matter; None where none was stated.
        positive_controls: Arms spoiled on purpose; ``negative_controls`` without any difference to see.
    """

    title: str
    readers: tuple[str, ...]
    alternatives: int | None = None
    margin: float | None = None
    positive_controls: tuple[str, ...] = ()
    negative_controls: tuple[str, ...] = ()
    artefacts: tuple[Artefact, ...] = field(default=())

    @property
    def judging(self) -> Judging:
        """What single arms are compared with: guessing, or nothing."""
        if self.alternatives is None:
            return Judging(None, self.margin)
        return Judging(1 / self.alternatives, self.margin, single=True)


def analyse_sheets(sheets: Sequence[Sheet], asked: Asked) -> ReaderResult:
    """Analyse choices (shares, d', against guessing) or points (means, odds of a higher answer, agreement).

    Args:
        sheets: One per arm and item; values of choices are 1 where right and 0 else.
        asked: What is wanted of them.
    """
    choice = asked.alternatives is not None
    judging = asked.judging
    single = tuple(judging.mean(sheet.name, crossed_mean(sheet.by_unit)) for sheet in sheets)
    cases = {(sheet.arm, case) for sheet in sheets for case in sheet.cases}
    units = {unit for sheet in sheets for unit in sheet.units}
    arms = len({sheet.arm for sheet in sheets})
    found = ReaderResult(
        title=asked.title,
        figure=RIGHT if choice else POINTS,
        design="crossed",
        treatments=tuple(sheet.name for sheet in sheets),
        readers=asked.readers,
        cases=len(cases),
        patients=len(units) if any(sheet.patients for sheet in sheets) else None,
        positive=len(cases),
        negative=0,
        readings=len(cases) * len(asked.readers),
        method="means",
        covariance="",
        headline="rrrc",
        reference=judging.reference,
        margin=judging.margin,
        auc={},
        values={s.name: dict(zip(asked.readers, s.values.mean(axis=1).tolist(), strict=True)) for s in sheets},
        mean={sheet.name: float(sheet.values.mean()) for sheet in sheets},
        rrrc=_all(tuple(_differences(sheets, judging)), single),
        agreement=() if choice else tuple(_agreement(sheets)),
        choices=tuple(_choosers(sheets, asked)) if choice else (),
        odds=() if choice or arms < 2 else tuple(_odds(sheets, asked.readers)),
        controls=tuple(_controls(single, asked)) if choice else (),
        artefacts=asked.artefacts,
        source="; ".join((MEANS, FORCED_CHOICE if choice else ODDS)),
    )
    words = [line for mean in single for line in _chosen(mean)] if choice else []
    return found.model_copy(update={"says": (*words, *said(found))})


def _differences(sheets: Sequence[Sheet], judging: Judging) -> Iterable[ReaderDifference]:
    """Between arms, item by item; paired by case where two arms have the same."""
    plain = Judging(None, judging.margin)
    for a, b in combinations(sheets, 2):
        if a.item == b.item:
            yield plain.difference(a.name, b.name, _apart(a, b))


def _apart(a: Sheet, b: Sheet) -> Contrast:
    if a.units == b.units:
        return crossed_mean(a.by_unit - b.by_unit)
    return difference_of_means(a.by_unit, b.by_unit)


def _all(differences: tuple[ReaderDifference, ...], single: tuple[ReaderMean, ...]) -> Generalisation:
    return Generalisation(
        statistic=None, df1=None, df2=None, p=None, denominator=None, differences=differences, single=single
    )


def _odds(sheets: Sequence[Sheet], readers: Sequence[str]) -> Iterable[ProportionalOdds]:
    items = sorted(sheets, key=lambda sheet: [s.item for s in sheets].index(sheet.item))
    for item, of in groupby(items, key=lambda sheet: sheet.item):
        yield proportional_odds(item, {s.name: (s.values, s.cases, s.patients) for s in of}, readers)


def _choosers(sheets: Sequence[Sheet], asked: Asked) -> Iterable[Chooser]:
    assert asked.alternatives is not None
    for sheet in sheets:
        for reader, row in zip(asked.readers, sheet.values, strict=True):
            right, d_prime = int(row.sum()), forced_choice_d_prime(int(row.sum()), len(row), asked.alternatives)
            yield Chooser(
                treatment=sheet.name, reader=reader, right=right, trials=len(row), alternatives=asked.alternatives,
                d_prime=d_prime,
            )  # fmt: skip


def _agreement(sheets: Sequence[Sheet]) -> Iterable[Agreement]:
    for sheet in sheets:
        if len(sheet.units) >= 3 and np.ptp(sheet.values) > 0:
            yield from on_ratings(sheet.name, sheet.values.T, Drawing(SEED, DRAWS, sheet.unit_of_case))


def _controls(single: Sequence[ReaderMean], asked: Asked) -> Iterable[Control]:
    for mean in single:
        assert mean.ci is not None and mean.reference is not None, "crossed_mean always gives an interval"
        if mean.treatment in asked.positive_controls:
            passed = mean.ci[0] > mean.reference
            told = "saw" if passed else "were not shown to see"
            says = f"Readers {told} the planted fault of {mean.treatment}."
        elif mean.treatment in asked.negative_controls:
            passed = mean.ci[0] <= mean.reference <= mean.ci[1]
            told = "was not told apart" if passed else "was told apart: look for a cue, such as format or order"
            says = f"{mean.treatment}, where nothing differs, {told}."
        else:
            continue
        kind = "positive" if mean.treatment in asked.positive_controls else "negative"
        yield Control(treatment=mean.treatment, kind=kind, estimate=mean.estimate, ci=mean.ci, passed=passed, says=says)


def _chosen(mean: ReaderMean) -> list[str]:
    """Sentences on one arm of a choice study; a share near chance is no proof of chance without a margin."""
    assert mean.ci is not None and mean.reference is not None and mean.p is not None
    seen = (
        f"Readers picked the image of {mean.treatment} in {mean.estimate:.3f} of its trials (95% interval "
        f"{mean.ci[0]:.3f} to {mean.ci[1]:.3f}); guessing gives {mean.reference:.3f} (p = {mean.p:.2g})."
    )
    if mean.within is not None and mean.within.equivalent_p <= LEVEL:
        return [seen, f"That is equivalent to guessing within the margin of {mean.within.margin:g}."]
    if mean.p < LEVEL:
        return [seen, "They told it apart." if mean.estimate > mean.reference else "They took it for the real one."]
    return [seen, "They were not shown to tell it apart, which does not show that they cannot."]
