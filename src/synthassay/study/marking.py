"""What a watermark does to the measures of a run: the run's own evidence, judged without and with the mark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.data.image_set import ImageSet
from synthassay.errors import NotMeasured, SynthassayError
from synthassay.evaluate.case_pass import measure_cases
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.evidence import Evidence, subjects_of
from synthassay.evaluate.metric import IMAGE_UNIT, METRICS, Metric
from synthassay.evaluate.needs import lacking
from synthassay.images.image import Image
from synthassay.randomness import stream
from synthassay.records.cohort import Cohort
from synthassay.records.measurement import Interval, Measurement
from synthassay.records.vocabulary import Axis
from synthassay.records.watermark import MarkEffect
from synthassay.release.marking import Effects, MarkCase
from synthassay.stats.resampling import half_sample_interval, paired_difference
from synthassay.study.evaluation import study_evidence
from synthassay.study.plan import plan_study

DRAWS = 1000
AXES = (Axis.FIDELITY, Axis.DIVERSITY)
SLOW = ("classifier_two_sample",)  # trains for each draw
DRAWN = "it needs structures that a segmenter draws, which was not trained again"
TRAINS = "it trains a classifier for each draw, which was not repeated"


def mark_effects(run: Path, of: str, mark: MarkCase) -> Effects:
    """Take the measures of likeness and variety again: case by case, and of sets by their bare numbers.

    Pixels are marked in memory, as they are before a file format rounds them. Measures of use train models whose
    chance is larger than any effect of a mark; they are not taken again, nor are leakage and failures.

    Args:
        run: Run folder; the real images of its study must still be where they were.
        of: The set.
        mark: Marks an image of a case of the run.

    Returns:
        One row per measure and stratum: marked minus unmarked with an interval; or why nothing was measured.
    """
    try:
        plan = plan_study(run / "study.toml")
        if plan.cohort.digest() != Cohort.read(run / "cohort.json").digest():
            return Effects((), "the real images of the study are no longer those that it was judged on")
        plain = study_evidence(plan, run, of, {})
    except (SynthassayError, OSError):  # its text may hold the place of the data, and a release must not
        return Effects((), "the real images that the set is compared with could not be read again")
    plain = replace(plain, options=replace(plain.options, work=None, processes=1), _arrays={})
    marked = replace(plain, synthetic=_marked_set(plain.synthetic, mark), _arrays={})
    return Effects((*_of_cases(plain, marked), *_of_sets(plain, marked)))


def _marked_set(images: ImageSet, mark: MarkCase) -> ImageSet:
    def load(case: str, read: Any) -> Image:
        return mark(case, read())

    entries = (replace(e, load=partial(load, e.case, e.load), file=None) for e in images.entries)
    return ImageSet(images.name, tuple(entries))


def _asked(evidence: Evidence, per: str) -> list[Metric]:
    return [m for _, m in METRICS.items() if m.per == per and m.axis in AXES and not lacking(evidence, m)]


def _of_cases(plain: Evidence, marked: Evidence) -> Iterator[MarkEffect]:
    chosen = []
    for metric in _asked(plain, "case"):
        if plain.segments and any("structures" in need for need in metric.takes):
            yield _silent(plain, metric, DRAWN)
        else:
            chosen.append(metric)
    owners = dict(zip(plain.synthetic.cases, subjects_of(plain.synthetic), strict=True))
    pairs = zip(measure_cases(plain, chosen), measure_cases(marked, chosen), strict=True)
    for (metric, rows), (_, others) in pairs:
        again = {row.stratum: row for row in others}
        for row in rows:
            yield _paired(plain, metric, row, again.get(row.stratum), owners)


def _paired(
    plain: Evidence, metric: Metric, row: Measurement, again: Measurement | None, owners: dict[str, str]
) -> MarkEffect:
    shared = [case for case in row.per_case if again is not None and case in again.per_case]
    if again is None or not shared:
        return _silent(plain, metric, (row.not_measured or "no image has it with and without the mark"), row.stratum)
    values, others = [again.per_case[c] for c in shared], [row.per_case[c] for c in shared]
    subjects = [owners[case] for case in shared]
    rng = stream(plain.seed, "watermark", metric.name, row.stratum)
    difference, interval = paired_difference(values, others, subjects, rng=rng, draws=DRAWS)
    found = (float(np.mean(others)), float(np.mean(values)), difference)
    return _effect(plain, metric, found, interval, subjects, row.stratum)


def _of_sets(plain: Evidence, marked: Evidence) -> Iterator[MarkEffect]:
    for metric in _asked(plain, "set"):
        if metric.statistic is None or "synthetic_features" not in metric.takes:
            continue
        if metric.name in SLOW:
            yield _silent(plain, metric, TRAINS)
            continue
        try:
            without, with_mark, test = (
                np.asarray(evidence.set_fixture(name, metric.name))
                for evidence, name in ((plain, "synthetic_features"), (marked, "synthetic_features"),
                                       (plain, "test_features"))
            )  # fmt: skip
            yield _of_set(plain, metric, (without, with_mark, test))
        except NotMeasured as reason:
            yield _silent(plain, metric, reason.reason)


def _of_set(plain: Evidence, metric: Metric, features: tuple[NDArray[Any], ...]) -> MarkEffect:
    without, with_mark, test = features
    assert metric.statistic is not None
    statistic = metric.statistic
    subjects, owners = np.array(subjects_of(plain.synthetic)), np.array(subjects_of(plain.test))

    def value(features: NDArray[Any], kept: NDArray[np.intp], kept_test: NDArray[np.intp]) -> float:
        judged = Sample.of(features[kept], subjects[kept].tolist())
        return float(statistic(judged, Sample.of(test[kept_test], owners[kept_test].tolist())))

    def difference(kept: NDArray[np.intp], kept_test: NDArray[np.intp]) -> float:
        return value(with_mark, kept, kept_test) - value(without, kept, kept_test)

    every = (np.arange(len(subjects)), np.arange(len(owners)))
    before, after = value(without, *every), value(with_mark, *every)
    rng = stream(plain.seed, "watermark", metric.name)
    interval = half_sample_interval(difference, subjects.tolist(), owners.tolist(), estimate=after - before, rng=rng)
    return _effect(plain, metric, (before, after, after - before), interval, subjects.tolist())


def _effect(
    evidence: Evidence,
    metric: Metric,
    found: tuple[float, float, float],
    interval: Interval | None,
    subjects: Sequence[str],
    stratum: str = "",
) -> MarkEffect:
    unit = metric.unit.replace(IMAGE_UNIT, evidence.protocol.unit.value)
    unmarked, marked, difference = found
    return MarkEffect(
        metric=metric.name, title=metric.title, stratum=stratum, unit=unit, better=metric.better, unmarked=unmarked,
        marked=marked, difference=difference, interval=interval, n=len(subjects), subjects=len(set(subjects)),
    )  # fmt: skip


def _silent(evidence: Evidence, metric: Metric, reason: str, stratum: str = "") -> MarkEffect:
    unit = metric.unit.replace(IMAGE_UNIT, evidence.protocol.unit.value)
    return MarkEffect(
        metric=metric.name, title=metric.title, stratum=stratum, unit=unit, better=metric.better, not_measured=reason
    )
