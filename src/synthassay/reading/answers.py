"""Choice and quality studies: shares of right choices and mean points, for other readers and other cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import ReadingError
from synthassay.reading.agreeing import on_ratings
from synthassay.reading.generalising import Judging
from synthassay.reading.joining import Joined, Reading, right_of
from synthassay.reading.saying import said
from synthassay.records.reader_result import (
    Agreement,
    Artefact,
    Chooser,
    Control,
    Generalisation,
    ReaderDifference,
    ReaderMean,
    ReaderResult,
)
from synthassay.records.reader_study import ArmRole, StudyKind
from synthassay.records.reading import Purpose
from synthassay.stats.detection import forced_choice_d_prime
from synthassay.stats.mrmc.crossed_means import crossed_mean, difference_of_means

Tables = dict[str, NDArray[np.float64]]
LEVEL = 0.05
SEED, DRAWS = 20260101, 1000
RIGHT, POINTS = "share of right choices", "points"
SOURCE = "Cornfield and Tukey 1956, doi:10.1214/aoms/1177728067; Satterthwaite 1946, doi:10.2307/3002019"
FORCED_CHOICE = "Hacker and Ratcliff 1979, doi:10.3758/BF03208311"


def analyse_answers(joined: Joined, artefacts: tuple[Artefact, ...] = ()) -> ReaderResult:
    """Analyse a choice study (shares of right choices, d', chance) or a quality study (points by item and arm).

    Args:
        joined: A study that was read to the end.
        artefacts: What readers saw of artefacts, to be told beside.

    Raises:
        ReadingError: Fewer than two readers or two cases in an arm, so that nothing generalises; or a reader lacks a
            case that others read.
    """
    choice = joined.design.kind is StudyKind.CHOICE
    readers = tuple(plan.reader for plan in joined.design.readers)
    readings = joined.of(Purpose.MAIN)
    tables = _choices(joined, readings, readers) if choice else _points(joined, readings, readers)
    judging = _judging(joined) if choice else Judging(None)
    single = tuple(judging.mean(name, crossed_mean(table)) for name, table in tables.items())
    differences = tuple(_differences(tables, judging))
    cases = {(one.told.treatment, one.told.case) for one in readings}
    found = ReaderResult(
        title=joined.design.title,
        figure=RIGHT if choice else POINTS,
        design="crossed",
        treatments=tuple(tables),
        readers=readers,
        cases=len(cases),
        positive=len(cases),
        negative=0,
        readings=len(readings),
        method="means",
        covariance="",
        headline="rrrc",
        reference=judging.reference,
        margin=judging.margin,
        auc={},
        values={name: dict(zip(readers, table.mean(axis=1).tolist(), strict=True)) for name, table in tables.items()},
        mean={name: float(table.mean()) for name, table in tables.items()},
        rrrc=_all(differences, single),
        agreement=() if choice else tuple(_agreement(tables)),
        choices=tuple(_choosers(joined, tables, readers)) if choice else (),
        controls=tuple(_controls(joined, single)) if choice else (),
        artefacts=artefacts,
        source=f"{SOURCE}; {FORCED_CHOICE}" if choice else SOURCE,
    )
    words = [line for mean in single for line in _chosen(mean)] if choice else []
    return found.model_copy(update={"says": (*words, *said(found))})


def _judging(joined: Joined) -> Judging:
    analysis = joined.truth.analysis
    margin = None if analysis.hypothesis == "difference" else analysis.margin
    return Judging(1 / _alternatives(joined), margin, single=True)


def _alternatives(joined: Joined) -> int:
    return next(int(q.highest) for q in joined.design.questions if q.type == "pick") + 1


def _choices(joined: Joined, readings: Sequence[Reading], readers: Sequence[str]) -> Tables:
    arms = dict.fromkeys(one.told.treatment for one in readings)
    rows = {
        arm: [(o.reader, o.told.case, float(bool(right_of(joined, o)))) for o in _of(readings, arm)] for arm in arms
    }
    return {arm: _table(joined, arm, found, readers) for arm, found in rows.items()}


def _points(joined: Joined, readings: Sequence[Reading], readers: Sequence[str]) -> Tables:
    items = [question.name for question in joined.design.questions if question.type == "points"]
    arms = dict.fromkeys(one.told.treatment for one in readings)
    return {
        f"{arm}: {item}": _table(
            joined, arm, [(o.reader, o.told.case, float(o.answer[item])) for o in _of(readings, arm)], readers
        )
        for item in items
        for arm in arms
    }


def _of(readings: Sequence[Reading], arm: str) -> list[Reading]:
    return [one for one in readings if one.told.treatment == arm]


def _table(
    joined: Joined, arm: str, rows: Sequence[tuple[str, str, float]], readers: Sequence[str]
) -> NDArray[np.float64]:
    """``readers cases``; a case counts where every reader read it."""
    cases = sorted({case for _, case, _ in rows})
    table = np.full((len(readers), len(cases)), np.nan)
    for reader, case, value in rows:
        table[readers.index(reader), cases.index(case)] = value
    gaps = np.argwhere(np.isnan(table))
    if len(gaps):
        reader, case = gaps[0]
        raise ReadingError(
            joined.design.title,
            f"is not crossed: {readers[reader]} did not read {cases[case]} of {arm}, which others read",
            remedy="Its answers are in responses.csv.",
        )
    if min(table.shape) < 2:
        raise ReadingError(
            joined.design.title,
            f"has {table.shape[0]} reader(s) and {table.shape[1]} case(s) of {arm}: nothing generalises from one",
            remedy="Its answers are in responses.csv.",
        )
    return table


def _differences(tables: Tables, judging: Judging) -> Iterable[ReaderDifference]:
    """Between arms, item by item; two arms have different images, so nothing is paired but the readers."""
    plain = Judging(None, judging.margin)
    for a, b in combinations(tables, 2):
        if a.partition(": ")[2] == b.partition(": ")[2]:
            yield plain.difference(a, b, difference_of_means(tables[a], tables[b]))


def _all(differences: tuple[ReaderDifference, ...], single: tuple[ReaderMean, ...]) -> Generalisation:
    return Generalisation(
        statistic=None, df1=None, df2=None, p=None, denominator=None, differences=differences, single=single
    )


def _choosers(joined: Joined, tables: Tables, readers: Sequence[str]) -> Iterable[Chooser]:
    among = _alternatives(joined)
    for arm, table in tables.items():
        for reader, row in zip(readers, table, strict=True):
            right = int(row.sum())
            d_prime = forced_choice_d_prime(right, len(row), among)
            yield Chooser(
                treatment=arm, reader=reader, right=right, trials=len(row), alternatives=among, d_prime=d_prime
            )


def _agreement(tables: Tables) -> Iterable[Agreement]:
    for name, table in tables.items():
        if table.shape[1] >= 3 and np.ptp(table) > 0:
            yield from on_ratings(name, table.T, SEED, DRAWS)


def _controls(joined: Joined, single: Sequence[ReaderMean]) -> Iterable[Control]:
    for mean in single:
        role = joined.truth.arms.get(mean.treatment)
        assert mean.ci is not None and mean.reference is not None, "crossed_mean always gives an interval"
        if role is ArmRole.POSITIVE_CONTROL:
            passed = mean.ci[0] > mean.reference
            told = "saw" if passed else "were not shown to see"
            says = f"Readers {told} the planted fault of {mean.treatment}."
        elif role is ArmRole.NEGATIVE_CONTROL:
            passed = mean.ci[0] <= mean.reference <= mean.ci[1]
            told = "was not told apart" if passed else "was told apart: look for a cue, such as format or order"
            says = f"{mean.treatment}, where nothing differs, {told}."
        else:
            continue
        kind = "positive" if role is ArmRole.POSITIVE_CONTROL else "negative"
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
