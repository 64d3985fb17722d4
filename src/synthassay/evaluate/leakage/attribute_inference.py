"""Whether synthetic images tell more of what is recorded of training patients than of what is recorded of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.neighbours import blocks
from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.leakage.proximity import Floats, sides
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.patients import patients
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import subject_counts

FEWEST = 20
"""Patients on each side below which nothing is said; and two of them with each value of the attribute."""


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
        row, without a stratum, repeats the attribute that leaks most.

    Raises:
        NotMeasured: Sizes differ, no synthetic image is left, nothing is recorded, or too few patients.

    Source:
        Attribute disclosure by the nearest synthetic record: Stadler et al. 2022, arXiv:2011.07018. That the accuracy
        on members must be held against that on non-members: Zhao et al. 2021, doi:10.1109/EuroSP51992.2021.00025.
    """
    others, _ = sides(training_prints, test_prints, holdout_prints)
    if len({prints.patterns.shape[1:] for prints in (synthetic_prints, training_prints, others)}) > 1:
        raise NotMeasured("synthetic, training and held-out images differ in size")
    held = holdout_prints is not None
    labels = (synthetic_labels, training_labels, holdout_labels if held else test_labels)
    groups = (training_groups, holdout_groups if held else test_groups)
    allowed = np.array([subject not in set(others.subjects) for subject in synthetic_prints.subjects])
    known = _attributes(synthetic_prints, training_prints, labels, groups)
    if not known:
        raise NotMeasured("no attribute with two values is recorded of synthetic, training and held-out images alike")
    found = []
    for name, (guesses, member, other) in known.items():
        usable = allowed & (guesses != "")
        three = (synthetic_prints, training_prints, others)
        found.append(_one(name, (guesses, member, other), usable, three, bootstrap, rng))
    measured = [row for row in found if row.value is not None]
    if not measured:
        raise NotMeasured("; ".join(f"{row.stratum}: {row.not_measured}" for row in found))
    worst = max(measured, key=lambda row: row.value or 0.0)
    return [_headline(worst), *found]


def _headline(row: Finding) -> Finding:
    settings = {**row.settings, "of": row.stratum}
    return Finding(value=row.value, interval=row.interval, n=row.n, subjects=row.subjects, settings=settings)


def _attributes(
    synthetic: Prints,
    training: Prints,
    labels: Sequence[list[str] | None],
    groups: Sequence[list[dict[str, str]] | None],
) -> Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return, by attribute, its value per synthetic, training and held-out image; "" where unknown."""
    found: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    if all(labels):
        found["class"] = tuple(np.array(side, str) for side in labels)  # type: ignore[assignment]
    members, others = groups
    for name in sorted({key for one in members or () for key in one}) if others else ():
        own = {subject: one[name] for subject, one in zip(training.subjects, members or (), strict=True) if name in one}
        found[name] = (
            np.array([own.get(subject, "") for subject in synthetic.subjects], str),
            np.array([one.get(name, "") for one in members or ()], str),
            np.array([one.get(name, "") for one in others or ()], str),
        )
    return {name: three for name, three in found.items() if len(set(three[0]) - {""}) > 1}


def _one(
    name: str,
    recorded: tuple[np.ndarray, np.ndarray, np.ndarray],
    usable: np.ndarray,
    prints: tuple[Prints, Prints, Prints],
    bootstrap: int,
    rng: np.random.Generator,
) -> Finding:
    synthetic, training, others = prints
    guesses, member, other = recorded
    stratum = f"attribute={name}"
    values = [v for v in sorted(set(guesses[usable])) if _patients_with(v, member, training) >= 2]
    values = [v for v in values if _patients_with(v, other, others) >= 2]
    if len(values) < 2:
        return Finding(stratum=stratum, not_measured="fewer than two values with two patients on each side")
    sides_ = []
    for truth, real in ((member, training), (other, others)):
        kept = np.isin(truth, values)
        subjects = np.array(real.subjects, str)[kept]
        if len(set(subjects)) < FEWEST:
            reason = f"it is recorded of {len(set(subjects))} patients of a side; {FEWEST} are needed"
            return Finding(stratum=stratum, not_measured=reason)
        guessed = guesses[usable][_nearest(real.rows[kept], synthetic.rows[usable])]
        sides_.append((guessed == truth[kept], truth[kept], subjects))
    accuracies = [_balanced(*side, values, bootstrap, rng) for side in sides_]
    (on_members, draws), (on_others, other_draws) = accuracies
    method = f"bootstrap of subjects, percentile, {bootstrap} draws"
    low, high = np.quantile(draws - other_draws, [0.025, 0.975])
    return Finding(
        value=on_members - on_others,
        interval=Interval(low=float(low), high=float(high), method=method),
        stratum=stratum,
        n=sum(len(side[0]) for side in sides_),
        subjects=patients(*(side[2] for side in sides_)),
        settings={
            "on_members": on_members,
            "on_non_members": on_others,
            "by_chance": 1 / len(values),
            "values": ", ".join(values),
        },
    )


def _nearest(images: np.ndarray, among: np.ndarray) -> np.ndarray:
    found = np.empty(len(images), np.intp)
    for rows, squared in blocks(images, among):
        found[rows] = squared.argmin(1)
    return found


def _patients_with(value: str, truth: np.ndarray, prints: Prints) -> int:
    return len(set(np.array(prints.subjects, str)[truth == value]))


def _balanced(
    right: np.ndarray,
    truth: np.ndarray,
    subjects: np.ndarray,
    values: Sequence[str],
    bootstrap: int,
    rng: np.random.Generator,
) -> tuple[float, Floats]:
    """Return the mean recall over the values, and the same for each draw of patients."""
    names, index = np.unique(subjects, return_inverse=True)
    weights = subject_counts(len(names), bootstrap, rng)
    recalls, drawn = [], []
    for value in values:
        own = truth == value
        hits = np.bincount(index, weights=own & right, minlength=len(names))
        all_ = np.bincount(index, weights=own, minlength=len(names))
        recalls.append(hits.sum() / all_.sum())
        with np.errstate(invalid="ignore"):
            drawn.append((weights @ hits) / (weights @ all_))
    return float(np.mean(recalls)), np.nanmean(np.stack(drawn), axis=0)
