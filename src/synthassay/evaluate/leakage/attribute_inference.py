"""Whether synthetic images tell more of what is recorded of training patients than of what is recorded of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.neighbours import blocks
from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.leakage.proximity import Floats, sides
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.patients import patients
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import share_interval, subject_counts

FEWEST, FEWEST_OF_A_VALUE = 20, 2
"""Patients on each side below which nothing is said; and how many of them must have each value of the attribute."""

LEVEL = 0.95
Texts = NDArray[np.str_]


@dataclass(frozen=True)
class _Side:
    """Real images of one side: what is recorded, what the attacker guesses, and whose image it is."""

    truth: Texts
    guessed: Texts
    subjects: Texts


@metric(
    title="Attribute inference",
    axis=Axis.LEAKAGE,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="arXiv:2011.07018",
    settings={
        "attack": "nearest synthetic image's attribute",
        "shown": "balanced accuracy on members less non-members",
        "sides": "for each value equally many patients, drawn at random from the side that has more",
    },
)
def attribute_inference(
    synthetic_prints: Prints,
    training_prints: Prints,
    test_prints: Prints,
    bootstrap: int,
    rng: np.random.Generator,
    *,
    holdout_prints: Prints | None = None,
    synthetic_labels: list[str] | None = None,
    training_labels: list[str] | None = None,
    test_labels: list[str] | None = None,
    holdout_labels: list[str] | None = None,
    training_groups: list[dict[str, str]] | None = None,
    test_groups: list[dict[str, str]] | None = None,
    holdout_groups: list[dict[str, str]] | None = None,
) -> list[Finding]:
    """Return how much better an attacker guesses a recorded attribute of training patients than of others.

    Who holds a patient's image and the synthetic set guesses that the patient has the attribute of the synthetic image
    that is nearest (small patterns). That the guess is often right is no leak: images show what they show. It leaks
    what is right more often of patients who were learnt from. The class is the one that a synthetic image carries;
    sex, age band, site and whatever else is recorded are those of the training patient whom it was made from, where
    the manifest tells that.

    Args:
        synthetic_prints: Of the images judged; those made of a held-out patient are left out.
        training_prints: Of the members.
        test_prints: Of the non-members, where there is no holdout.
        bootstrap: Draws of patients.
        rng: Source of the draws.
        holdout_prints: Of real images that the generator never saw: the non-members.
        synthetic_labels: Class per image judged, where known.
        training_labels: Class per training image.
        test_labels: Class per test image.
        holdout_labels: Class per image of the holdout.
        training_groups: Per training image, what is recorded of its patient.
        test_groups: Per test image, likewise.
        holdout_groups: Per image of the holdout, likewise.

    Returns:
        One row per attribute (``attribute=class``): balanced accuracy, the mean of each value's recall, on members less
        on non-members, from -1 to 1; 0 where nothing leaks. The interval resamples patients of both sides. The first
        row, without a stratum, repeats the attribute that leaks most; its interval is wider, since the largest of
        several is large by chance.

    Raises:
        NotMeasured: Sizes differ, nothing is recorded, all have the same value, or too few patients.

    Source:
        Attribute disclosure by the nearest synthetic record: Stadler et al. 2022, arXiv:2011.07018. That the accuracy
        on members must be held against that on non-members: Zhao et al. 2021, doi:10.1109/EuroSP51992.2021.00025.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> def prints(rows, name):
        ...     names = tuple(f"{name}{i}" for i in range(len(rows)))
        ...     return Prints(rows.reshape(-1, 1, 8, 8), names, names, names)
        >>> training, test = rng.normal(size=(2, 40, 64))
        >>> copies, labels = training + rng.normal(scale=0.1, size=training.shape), ["a", "b"] * 20
        >>> given = prints(copies, "s"), prints(training, "t"), prints(test, "e"), 100, rng
        >>> of = {f"{side}_labels": labels for side in ("synthetic", "training", "test")}
        >>> row = attribute_inference(*given, **of)[1]
        >>> row.stratum, row.settings["on_members"], round(row.settings["on_non_members"], 2)
        ('attribute=class', 1.0, 0.57)
    """
    others, _ = sides(training_prints, test_prints, holdout_prints)
    if len({prints.patterns.shape[1:] for prints in (synthetic_prints, training_prints, others)}) > 1:
        raise NotMeasured("synthetic, training and held-out images differ in size")
    held = holdout_prints is not None
    labels = (synthetic_labels, training_labels, holdout_labels if held else test_labels)
    groups = (training_groups, holdout_groups if held else test_groups)
    allowed = ~np.isin(np.array(synthetic_prints.subjects, str), others.subjects)
    known = _attributes(synthetic_prints, training_prints, labels, groups)
    if not known:
        raise NotMeasured(
            "no class is recorded of all three sets, and nothing else of training and held-out patients alike"
        )
    rows, spreads = [], {}
    for name, (carried, *truths) in known.items():
        usable = allowed & (carried != "")
        try:
            values = _values(carried[usable], truths, (training_prints, others))
            two = [
                _side(truth, real, values, synthetic_prints.rows[usable], carried[usable])
                for truth, real in zip(truths, (training_prints, others), strict=True)
            ]
            row, spreads[name] = _compared(name, _matched(two, values, rng), values, bootstrap, rng)
        except NotMeasured as why:
            row = Finding(stratum=f"attribute={name}", not_measured=why.reason)
        rows.append(row)
    if not spreads:
        raise NotMeasured("; ".join(f"{row.stratum}: {row.not_measured}" for row in rows))
    return [_headline([row for row in rows if row.value is not None], list(spreads.values())), *rows]


def _headline(measured: list[Finding], spreads: list[Floats]) -> Finding:
    """Return the attribute that leaks most, with an interval that holds for all of them together (Bonferroni)."""
    at = max(range(len(measured)), key=lambda i: measured[i].value or 0.0)
    worst, tail = measured[at], (1 - LEVEL) / 2 / len(measured)
    interval = worst.interval
    if interval is not None and np.ptp(spreads[at]) > 0 and len(measured) > 1:
        low, high = np.quantile(spreads[at], [tail, 1 - tail])
        method = f"{interval.method}, widened for the largest of {len(measured)} attributes"
        interval = Interval(low=float(low), high=float(high), level=LEVEL, method=method)
    settings = {**worst.settings, "of": worst.stratum, "attributes": len(measured)}
    return Finding(value=worst.value, interval=interval, n=worst.n, subjects=worst.subjects, settings=settings)


def _attributes(
    synthetic: Prints,
    training: Prints,
    labels: Sequence[list[str] | None],
    groups: Sequence[list[dict[str, str]] | None],
) -> Mapping[str, tuple[Texts, Texts, Texts]]:
    """Return, by attribute recorded on both sides, its value per synthetic, training and held-out image, or ""."""
    found: dict[str, tuple[Texts, Texts, Texts]] = {}
    carried, *real = labels
    if carried and all(real):
        found["class"] = (np.array(carried, str), np.array(real[0], str), np.array(real[1], str))
    members, others = ([] if side is None else side for side in groups)
    for name in sorted({key for one in members for key in one} & {key for one in others for key in one}):
        own = {subject: one[name] for subject, one in zip(training.subjects, members, strict=True) if name in one}
        found[name] = (
            np.array([own.get(subject, "") for subject in synthetic.subjects], str),
            np.array([one.get(name, "") for one in members], str),
            np.array([one.get(name, "") for one in others], str),
        )
    return found


def _values(carried: Texts, truths: Sequence[Texts], real: Sequence[Prints]) -> list[str]:
    """Return the values that can be guessed and that enough patients of both sides have.

    Raises:
        NotMeasured: There are fewer than two.
    """
    known = sorted(set(carried.tolist()))
    if not known:
        raise NotMeasured("no synthetic image carries it or tells a training patient of whom it is recorded")
    if len(known) < 2:
        raise NotMeasured(f"all synthetic images carry the same value ({known[0]})")
    counted = [
        list(_first(truth, np.array(side.subjects, str)).values()) for truth, side in zip(truths, real, strict=True)
    ]
    values = [value for value in known if min(side.count(value) for side in counted) >= FEWEST_OF_A_VALUE]
    if len(values) < 2:
        raise NotMeasured(f"fewer than two values with {FEWEST_OF_A_VALUE} patients on each side")
    return values


def _first(truth: Texts, subjects: Texts) -> dict[str, str]:
    """Return the value of each patient's first image of which one is recorded."""
    found: dict[str, str] = {}
    for value, subject in zip(truth.tolist(), subjects.tolist(), strict=True):
        if value:
            found.setdefault(subject, value)
    return found


def _side(truth: Texts, real: Prints, values: Sequence[str], judged: np.ndarray, carried: Texts) -> _Side:
    kept = np.isin(truth, values)
    return _Side(truth[kept], carried[_nearest(real.rows[kept], judged)], np.array(real.subjects, str)[kept])


def _nearest(images: np.ndarray, among: np.ndarray) -> NDArray[np.intp]:
    found = np.empty(len(images), np.intp)
    for rows, squared in blocks(images, among):
        found[rows] = squared.argmin(1)
    return found


def _matched(two: Sequence[_Side], values: Sequence[str], rng: np.random.Generator) -> tuple[_Side, _Side]:
    """Return both sides with equally many patients of each value; the side with more loses random ones.

    Raises:
        NotMeasured: Fewer than ``FEWEST`` patients are left on a side.
    """
    firsts = [_first(side.truth, side.subjects) for side in two]
    chosen: tuple[list[str], list[str]] = ([], [])
    for value in values:
        named = [sorted(subject for subject, own in first.items() if own == value) for first in firsts]
        count = min(len(names) for names in named)
        for side, names in zip(chosen, named, strict=True):
            side.extend(names[i] for i in rng.permutation(len(names))[:count])
    if len(chosen[0]) < FEWEST:
        raise NotMeasured(f"{len(chosen[0])} patients on each side can be compared; {FEWEST} are needed")
    first, second = (_only(side, names) for side, names in zip(two, chosen, strict=True))
    return first, second


def _only(side: _Side, names: list[str]) -> _Side:
    kept = np.isin(side.subjects, names)
    return _Side(side.truth[kept], side.guessed[kept], side.subjects[kept])


def _compared(
    name: str, two: tuple[_Side, _Side], values: Sequence[str], bootstrap: int, rng: np.random.Generator
) -> tuple[Finding, Floats]:
    """Return the row of one attribute, and its value in each draw of patients."""
    (on_members, draws), (on_others, other_draws) = (_balanced(side, values, bootstrap, rng) for side in two)
    value, spread = on_members - on_others, draws - other_draws
    row = Finding(
        value=value,
        interval=_interval(value, spread, two, values),
        stratum=f"attribute={name}",
        n=sum(len(side.truth) for side in two),
        subjects=patients(*(side.subjects for side in two)),
        settings={
            "on_members": on_members,
            "on_non_members": on_others,
            "by_chance": 1 / len(values),
            "values": ", ".join(values),
        },
    )
    return row, spread


def _interval(value: float, spread: Floats, two: Sequence[_Side], values: Sequence[str]) -> Interval:
    if np.ptp(spread) > 0:
        low, high = np.quantile(spread, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        method = f"bootstrap of subjects, percentile, {len(spread)} draws"
        return Interval(low=float(low), high=float(high), level=LEVEL, method=method)
    # right of all or of none of each value on both sides: no spread to resample, but a bound for the rarest value
    fewest = min(len(set(side.subjects[side.truth == one])) for side in two for one in values)
    reach = share_interval(0, fewest, level=LEVEL).high
    return Interval(
        low=max(value - reach, -1.0),
        high=min(value + reach, 1.0),
        level=LEVEL,
        method=f"exact bound of a share of 0 among {fewest} patients of the rarest value",
    )


def _balanced(side: _Side, values: Sequence[str], bootstrap: int, rng: np.random.Generator) -> tuple[float, Floats]:
    """Return the mean recall over the values, and the same for each draw of patients."""
    names, index = np.unique(side.subjects, return_inverse=True)
    weights = subject_counts(len(names), bootstrap, rng)
    recalls, drawn = [], []
    for value in values:
        own = side.truth == value
        hits = np.bincount(index, weights=own & (side.guessed == value), minlength=len(names))
        all_ = np.bincount(index, weights=own, minlength=len(names))
        recalls.append(hits.sum() / all_.sum())
        with np.errstate(invalid="ignore"):
            drawn.append((weights @ hits) / (weights @ all_))
    return float(np.mean(recalls)), np.nanmean(np.stack(drawn), axis=0)
