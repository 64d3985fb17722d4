"""Two run folders side by side: case by case on the same patients, by intervals where there are no pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from synthassay.errors import DataError, RunError, UnknownName
from synthassay.randomness import stream
from synthassay.records.comparison import PairedRow, RunComparison, SetRow, WithinMargin
from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Better
from synthassay.report.numbers import unit_words
from synthassay.stats.equivalence import LEVEL, difference_p, equivalence, holm
from synthassay.stats.resampling import FEW_SUBJECTS, LEAST_SUBJECTS, paired_difference
from synthassay.study.judged_run import JudgedRun, read_judged_run

Key = tuple[str, str]
RULES_OF_SETS = ("embedding", "data_range_low", "data_range_high", "measured")
"""Settings of measures of sets that say how was measured; others say what was found on the way."""


def compare_runs(
    run_a: Path,
    run_b: Path,
    *,
    of: str = "",
    against: str = "",
    margins: Mapping[str, float] | None = None,
    draws: int = 2000,
    seed: int = 20260101,
) -> RunComparison:
    """Compare one judged set of a run with one of another.

    Args:
        run_a: First run folder.
        run_b: Second run folder; it may be the first again, with another set.
        of: Set of the first run; its only generator where empty.
        against: Set of the second run; likewise.
        margins: Measure to the largest difference that would not matter, in its unit.
        draws: Bootstrap draws.
        seed: Root seed.

    Returns:
        The table.

    Raises:
        RunError: A folder is no run, lacks the set, the protocols differ, or nothing was measured in both.
        UnknownName: A margin names no measure that both runs have.
        DataError: A margin is not above 0.
    """
    a, b = read_judged_run(run_a, of), read_judged_run(run_b, against)
    if a.protocol != b.protocol:
        raise RunError(
            f"{run_a} and {run_b}",
            "were judged by different protocols, so that one name may mean two measures",
            value=f"{a.protocol or 'none'}, {b.protocol or 'none'}",
            remedy="Judge both by one protocol.",
        )
    shared = [key for key in a.rows if key in b.rows]
    if not shared:
        raise RunError(f"{run_a} and {run_b}", "have no measure in common")
    margins = _checked(margins or {}, {metric for metric, _ in shared})
    same = bool(a.patients) and a.patients == b.patients
    by_case = [key for key in shared if a.rows[key].per_case or b.rows[key].per_case]
    paired = [_paired(key, a, b, same=same, draws=draws, seed=seed) for key in by_case]
    paired = _with_margins(_adjusted(paired), a, b, margins)
    sets = [_sets(a.rows[key], b.rows[key], same=same) for key in shared if key not in by_case]
    return RunComparison(
        a=a.name,
        b=b.name,
        protocol=a.protocol,
        same_patients=same,
        paired=tuple(row.model_copy(update={"says": row.not_compared or _says(row)}) for row in paired),
        sets=tuple(row for row in sets if row is not None),
        notes=tuple(_notes(a, b, paired, same=same, shared=shared, margins=margins)),
    )


def read_margins(texts: Sequence[str]) -> dict[str, float]:
    """Read ``metric=value`` as a user writes margins.

    Raises:
        DataError: One of them is written otherwise.

    >>> read_margins(["mae=5", "ssim=0.01"])
    {'mae': 5.0, 'ssim': 0.01}
    """
    margins = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            margins[name.strip()] = float(value)
        except ValueError:
            remedy = "For example: --margin mae=5."
            raise DataError("--margin", "is not written METRIC=VALUE", value=text, remedy=remedy) from None
    return margins


def _checked(margins: Mapping[str, float], metrics: set[str]) -> Mapping[str, float]:
    for name, value in margins.items():
        if name not in metrics:
            raise UnknownName("measure that both runs have", name, metrics)
        if not 0 < value < np.inf:
            raise DataError("--margin", f"of {name} must be above 0", value=value)
    return margins


def _paired(key: Key, a: JudgedRun, b: JudgedRun, *, same: bool, draws: int, seed: int) -> PairedRow:
    one, other = a.rows[key], b.rows[key]
    facts = {"metric": key[0], "stratum": key[1], "title": one.title, "unit": one.unit, "better": one.better}
    ours, theirs = (_by_real_case(row, run) for row, run in ((one, a), (other, b)))
    common = [case for case in ours if case in theirs]
    why = _not_comparable(one, other, same=same) or ("" if common else "the runs have no case in common")
    if why:
        return PairedRow.model_validate({**facts, "not_compared": why})
    values, others = [ours[case] for case in common], [theirs[case] for case in common]
    owners = [a.subjects[case] for case in common]
    rng = stream(seed, "compare runs", *key)
    difference, interval = paired_difference(values, others, owners, rng=rng, draws=draws)
    return PairedRow.model_validate(
        {
            **facts,
            "a": float(np.mean(values)),
            "b": float(np.mean(others)),
            "difference": difference,
            "interval": interval,
            "p": difference_p(np.subtract(values, others), owners),
            "n": len(common),
            "subjects": len(set(owners)),
            "only_a": len(ours) - len(common),
            "only_b": len(theirs) - len(common),
        }
    )


def _by_real_case(row: Measurement, run: JudgedRun) -> dict[str, float]:
    """Values by the real case, which both runs know, and not by names that a generator chose; the mean of several."""
    found: dict[str, list[float]] = {}
    for case, value in row.per_case.items():
        if case in run.references and run.references[case] in run.subjects:
            found.setdefault(run.references[case], []).append(value)
    return {case: float(np.mean(values)) for case, values in found.items()}


def _not_comparable(one: Measurement, other: Measurement, *, same: bool) -> str:
    if one.unit != other.unit:
        return f"the units differ: {one.unit} and {other.unit}"
    for row, which in ((one, "first"), (other, "second")):
        if row.not_measured:
            return f"the {which} was not measured: {row.not_measured}"
    if not same:
        return "the runs were not judged on the same real images"
    rules = (one.settings.keys() | other.settings.keys()) - {"no_interval"} if one.per_case else RULES_OF_SETS
    differing = [
        f"{name} {one.settings.get(name, 'none')} and {other.settings.get(name, 'none')}"
        for name in sorted(rules)
        if one.settings.get(name) != other.settings.get(name)
    ]
    return f"they were measured differently: {'; '.join(differing)}" if differing else ""


def _adjusted(rows: list[PairedRow]) -> list[PairedRow]:
    adjusted = holm({(row.metric, row.stratum): row.p for row in rows if row.p is not None})
    return [row.model_copy(update={"adjusted_p": adjusted.get((row.metric, row.stratum))}) for row in rows]


def _with_margins(rows: list[PairedRow], a: JudgedRun, b: JudgedRun, margins: Mapping[str, float]) -> list[PairedRow]:
    found: dict[Key, tuple[WithinMargin, float]] = {}
    for row in rows:
        if row.metric not in margins or row.not_compared:
            continue
        key = (row.metric, row.stratum)
        ours, theirs = _by_real_case(a.rows[key], a), _by_real_case(b.rows[key], b)
        common = [case for case in ours if case in theirs]
        differences = [ours[case] - theirs[case] for case in common]
        test = equivalence(differences, [a.subjects[case] for case in common], margins[row.metric])
        if test is not None:
            side = {Better.HIGHER: test.above, Better.LOWER: test.below, Better.TARGET: None}[row.better]
            within = WithinMargin(margin=test.margin, p=test.p, interval=test.interval, not_worse_p=side)
            found[key] = within, test.p
    adjusted = holm({key: p for key, (_, p) in found.items()})
    return [
        row.model_copy(update={"within": found[key][0].model_copy(update={"p": adjusted[key]})})
        if key in found
        else row
        for row in rows
        for key in [(row.metric, row.stratum)]
    ]


def _says(row: PairedRow) -> str:
    if row.subjects < LEAST_SUBJECTS:
        return f"too few patients to tell: {row.subjects}, and {LEAST_SUBJECTS} are the least"
    said = []
    if row.adjusted_p is not None and row.adjusted_p <= LEVEL:
        said.append(_direction(row))
    else:
        said.append("no difference shown, which is not the same as none")
    if row.within is not None:
        margin = f"{row.within.margin:g} {unit_words(row.unit)}".strip()
        if row.within.p <= LEVEL:
            said.append(f"equivalent within {margin}")
        elif row.within.not_worse_p is not None and row.within.not_worse_p <= LEVEL:
            said.append(f"the first is not worse by more than {margin}; equivalence was not shown")
        else:
            said.append(f"equivalence within {margin} was not shown")
    if row.subjects < FEW_SUBJECTS:
        said.append(f"only {row.subjects} patients")
    return "; ".join(said)


def _direction(row: PairedRow) -> str:
    assert row.difference is not None
    if row.better is Better.TARGET:
        return "the first is higher" if row.difference > 0 else "the first is lower"
    return "the first is better" if (row.difference > 0) == (row.better is Better.HIGHER) else "the first is worse"


def _sets(one: Measurement, other: Measurement, *, same: bool) -> SetRow | None:
    if one.not_measured and other.not_measured:
        return None
    return SetRow(
        metric=one.metric,
        title=one.title,
        stratum=one.stratum,
        unit=one.unit,
        better=one.better,
        a=one.value,
        a_interval=one.interval,
        a_floor=one.floor,
        b=other.value,
        b_interval=other.interval,
        b_floor=other.floor,
        says=_not_comparable(one, other, same=same) or _apart(one, other),
    )


def _apart(one: Measurement, other: Measurement) -> str:
    if one.floor is not None and other.floor is not None and not np.isclose(one.floor, other.floor, rtol=1e-6):
        return f"the floors differ ({one.floor:.3g} and {other.floor:.3g}), so the numbers are not on one scale"
    if one.interval is None or other.interval is None:
        return "no interval, so nothing is shown"
    apart = one.interval.high < other.interval.low or other.interval.high < one.interval.low
    if not apart:
        return "the intervals overlap: no difference shown"
    assert one.value is not None
    assert other.value is not None
    ours, theirs = (
        {Better.HIGHER: value, Better.LOWER: -value, Better.TARGET: -abs(value - (one.target or 0.0))}[one.better]
        for value in (one.value, other.value)
    )
    return f"the intervals lie apart; the first is {'better' if ours > theirs else 'worse'}"


def _notes(
    a: JudgedRun, b: JudgedRun, rows: list[PairedRow], *, same: bool, shared: list[Key], margins: Mapping[str, float]
) -> list[str]:
    tested = sum(row.p is not None for row in rows)
    notes = []
    if not same:
        why = "a run does not say on which patients" if not (a.patients and b.patients) else "the cohorts differ"
        notes.append(f"Not compared case by case: {why}. Differences may be those of the patients.")
    if tested > 1:
        notes.append(f"p values are Holm's over all {tested} rows of the table.")
    if margins:
        stated = ", ".join(f"{name} {value:g}" for name, value in margins.items())
        notes.append(f"Margins stated by whoever compared: {stated}. A margin chosen after looking shows nothing.")
    unpaired = sum(1 for key in shared if not a.rows[key].per_case and not b.rows[key].per_case)
    if unpaired:
        notes.append(
            "Measures of whole sets are not paired: only whether intervals lie apart is said, which is cautious."
        )
    only = len(a.rows.keys() ^ b.rows.keys())
    if only:
        notes.append(f"{only} rows that only one of the runs has are left out.")
    return notes
