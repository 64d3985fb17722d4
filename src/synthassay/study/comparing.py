"""Generators against baselines and each other, case by case on the same real references, corrected for how many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from synthassay.randomness import stream
from synthassay.records.evaluation import Comparison
from synthassay.records.measurement import Measurement
from synthassay.stats.equivalence import difference_p, holm
from synthassay.stats.resampling import paired_difference


def compare(
    rows: Sequence[Measurement],
    references: Mapping[str, Mapping[str, str]],
    subjects: Mapping[str, str],
    trained: Sequence[str],
    *,
    seed: int,
    draws: int,
) -> list[Comparison]:
    """Compare every trained generator with every other set on each measure made case by case.

    Args:
        rows: All measurements of the run.
        references: Set name to {synthetic case: the real case that it should equal}.
        subjects: Real case to subject.
        trained: Names of the learnt generators; pairs of baselines are not compared.
        seed: Root seed.
        draws: Bootstrap draws.

    Returns:
        One comparison per measure, stratum and pair; p by Student's t on subjects' mean differences, Holm's step-down
        correction (doi:10.2307/4615733) over all pairs within one measure and stratum.
    """
    found = []
    for metric, stratum in dict.fromkeys((row.metric, row.stratum) for row in rows if row.per_case):
        by_set = {row.of: row for row in rows if (row.metric, row.stratum) == (metric, stratum) and row.per_case}
        pairs = [(a, b) for a, b in combinations(by_set, 2) if a in trained or b in trained]
        pairs = [(a, b) if a in trained else (b, a) for a, b in pairs]
        family = [
            _compare(by_set[a], by_set[b], references, subjects, seed=seed, draws=draws)
            for a, b in pairs
            if references.get(a) and references.get(b)
        ]
        found += _holm([one for one in family if one is not None])
    return found


def _compare(
    one: Measurement,
    other: Measurement,
    references: Mapping[str, Mapping[str, str]],
    subjects: Mapping[str, str],
    *,
    seed: int,
    draws: int,
) -> Comparison | None:
    pairs = _pairs(one, other, references)
    if not pairs:
        return None
    values, others = [ours for _, ours, _ in pairs], [theirs for _, _, theirs in pairs]
    owners = [subjects[case] for case, _, _ in pairs]
    rng = stream(seed, "compare", one.metric, one.stratum, one.of, other.of)
    difference, interval = paired_difference(values, others, owners, rng=rng, draws=draws)
    return Comparison(
        metric=one.metric,
        stratum=one.stratum,
        of=one.of,
        against=other.of,
        difference=difference,
        interval=interval,
        n=len(pairs),
        subjects=len(set(owners)),
        unit=one.unit,
        better=one.better,
        p=difference_p(np.subtract(values, others), owners),
    )


def _pairs(
    one: Measurement, other: Measurement, references: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, float, float]]:
    """Real case, value of one set and value of the other: by image where both name theirs alike, else by real case.

    Several images may have one reference, such as one field on four scanners: each is then paired with the other set's
    image of the same source, and where names do not tell which that is, the means over the reference are paired.
    """
    ours, theirs = (
        {case: (references[row.of][case], value) for case, value in row.per_case.items() if case in references[row.of]}
        for row in (one, other)
    )
    alike = [case for case, (real, _) in ours.items() if case in theirs and theirs[case][0] == real]
    if alike:
        return [(ours[case][0], ours[case][1], theirs[case][1]) for case in alike]
    means = []
    for real in dict.fromkeys(real for real, _ in ours.values()):
        here, there = ([value for own, value in found.values() if own == real] for found in (ours, theirs))
        if there:
            means.append((real, float(np.mean(here)), float(np.mean(there))))
    return means


def _holm(family: list[Comparison]) -> list[Comparison]:
    """Return the family with its p values adjusted."""
    tested = {(one.of, one.against): one.p for one in family if one.p is not None}
    adjusted = holm(tested)
    words = f"Holm over {len(tested)} comparisons" if len(tested) > 1 else "one comparison, uncorrected"
    return [
        one.model_copy(update={"p": adjusted.get((one.of, one.against)), "correction": words if tested else ""})
        for one in family
    ]
