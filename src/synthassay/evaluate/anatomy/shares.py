"""Shares of outlying images with their exact intervals, and which real images they are judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.described import Described
from synthassay.evaluate.metric import Finding, Setting
from synthassay.evaluate.patients import patients
from synthassay.randomness import stream
from synthassay.records.measurement import Interval
from synthassay.stats.resampling import mean_interval, share_interval

DRAWS = 1000
Shown = NDArray[np.bool_]


def usual(
    training: Described | None, holdout: Described | None, test: Described | None, *, seed: int
) -> tuple[Described, Described]:
    """Return the real images to learn from, and other patients' for the floor.

    Training and holdout where there are any; else half of the test patients.

    Raises:
        NotMeasured: No real image could be described.
    """
    if test is None or not len(test):
        raise NotMeasured("no real test image could be described")
    learnt = Described().joined(training, holdout)
    if len(learnt):
        return learnt, test
    order = stream(seed, "halves").permutation(sorted(set(test.subjects)))
    first = set(order[: (len(order) + 1) // 2].tolist())
    return _part(test, first), _part(test, set(test.subjects) - first)


def share_finding(
    synthetic: Described,
    outlier: Shown,
    score: NDArray[np.float64] | None,
    beside: Described,
    real_outlier: Shown | None,
    shown: Shown | None = None,
    real_shown: Shown | None = None,
) -> Callable[..., Finding]:
    """Return a maker of findings: the share of outliers among the images shown, beside that of real ones."""
    kept = np.ones(len(synthetic), bool) if shown is None else shown
    subjects = [s for s, there in zip(synthetic.subjects, kept, strict=True) if there]
    floor, floor_interval = None, None
    if real_outlier is not None:
        there = np.ones(len(beside), bool) if real_shown is None else real_shown
        if there.any():
            owners = [s for s, seen in zip(beside.subjects, there, strict=True) if seen]
            floor, floor_interval = float(real_outlier[there].mean()), share_by_subject(real_outlier[there], owners)

    def make(*, stratum: str, settings: Mapping[str, Setting]) -> Finding:
        worst: dict[str, float] = {}
        if score is not None:
            worst = dict(zip(synthetic.cases, np.minimum(score, 1e6).tolist(), strict=True))
        return Finding(
            value=float(outlier[kept].mean()),
            interval=share_by_subject(outlier[kept], subjects),
            stratum=stratum,
            n=int(kept.sum()),
            subjects=patients(subjects, beside.subjects or subjects),
            floor=floor,
            floor_interval=floor_interval,
            per_case=worst,
            failed_cases=synthetic.failed if not stratum else {},
            settings={"outliers": int(outlier[kept].sum()), **settings},
        )

    return make


def share_by_subject(found: Shown, subjects: list[str]) -> Interval | None:
    """Exact interval where each image is another subject's; bootstrap of subjects where not.

    >>> share_by_subject(np.zeros(100, bool), [str(i) for i in range(100)]).method
    'Clopper-Pearson'
    """
    if len(set(subjects)) == len(subjects):
        return share_interval(int(found.sum()), len(found))
    return mean_interval(found.astype(float), subjects, rng=stream(0, "share"), draws=DRAWS)


def _part(images: Described, subjects: set[str]) -> Described:
    rows = [i for i, subject in enumerate(images.subjects) if subject in subjects]
    return Described(
        [images.cases[i] for i in rows], [images.subjects[i] for i in rows], [images.shapes[i] for i in rows]
    )
