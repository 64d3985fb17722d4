"""Shortcuts: whether the class of a synthetic image can be read off what is not anatomy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample, compared
from synthassay.evaluate.failures.regions import frame_values, grey_values
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels
from synthassay.stats.roc import mean_auc

FOLDS = 5
REPEATS = 12
PENALTY = 0.01  # inverse strength: firm, because neighbouring blocks say nearly the same
LEAST_OF_A_CLASS = 20
REGIONS: dict[str, Callable[[Pixels], NDArray[np.float64]]] = {
    "region=frame": frame_values,
    "region=histogram": grey_values,
}


@metric(
    title="Shortcut test",
    axis=Axis.FAILURE,
    better=Better.TARGET,
    target=0.0,
    unit="AUC difference",
    per="set",
    source="doi:10.1371/journal.pmed.1002683",
    settings={
        "classifier": "logistic regression, L2",
        "folds": FOLDS,
        "frame": "mean and maximum of blocks in the outer eighth at each end of a side",
        "histogram": "nine quantiles, mean, SD, skewness and kurtosis per channel",
    },
)
def shortcut_test(
    synthetic_specimens: Sequence[Specimen],
    synthetic_labels: Sequence[str],
    synthetic_subjects: Sequence[str],
    test_specimens: Sequence[Specimen],
    test_labels: Sequence[str],
    test_subjects: Sequence[str],
    seed: int,
    *,
    holdout_specimens: Sequence[Specimen] | None = None,
    holdout_labels: Sequence[str] | None = None,
    holdout_subjects: Sequence[str] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> list[Finding]:
    """Return by how much better the class is told from frame or grey levels in synthetic images than in real ones.

    A letter in a corner, a border or a brightness that goes with a class is no disease, and a network that learns from
    such images learns it first. Real images have some of it, and so the measure is a difference: the AUC of a plain
    classifier among synthetic images, on folds of other subjects, minus the same among real images, at equal n.

    Args:
        synthetic_specimens: Synthetic images.
        synthetic_labels: Class per synthetic image.
        synthetic_subjects: Subject per synthetic image.
        test_specimens: Real images of held-out subjects.
        test_labels: Class per image.
        test_subjects: Subject per image.
        seed: Root seed of the splits.
        holdout_specimens: Further real images that the generator never saw.
        holdout_labels: Their classes.
        holdout_subjects: Their subjects.
        real_memo: Keeps what depends on real images alone for other generators.

    Returns:
        ``region=frame`` and ``region=histogram``: from -1 to 1; 0 where synthetic images give their class away as much
        as real ones; above, a shortcut that real patients do not offer; below, they lost what real frames tell. The
        settings say how well a classifier that was fitted to the one does on the other.

    Raises:
        NotMeasured: Fewer than two classes in common, or too few images or subjects of one.

    Source:
        Zech et al., PLoS Med 15:e1002683 (2018), doi:10.1371/journal.pmed.1002683 (networks that read the hospital off
        the corner of a radiograph).

    Example:
        >>> rng = np.random.default_rng(0)
        >>> images = [Specimen(rng.normal(size=(1, 32, 32))) for _ in range(96)]
        >>> labels, people = ["ill", "well"] * 24, [str(i) for i in range(48)]
        >>> marked = [image.replace(pixels=image.pixels + 5.0 * (i % 2)) for i, image in enumerate(images[:48])]
        >>> found = shortcut_test(marked, labels, people, images[48:], labels, people, 0)
        >>> found[1].stratum, found[1].settings["auc_synthetic"]
        ('region=histogram', 1.0)
    """
    memo = {} if real_memo is None else real_memo
    real_labels, real_subjects = list(test_labels), [f"test {subject}" for subject in test_subjects]
    sources: list[Sequence[Specimen]] = [test_specimens]
    if holdout_specimens is not None and holdout_labels is not None and holdout_subjects is not None:
        real_labels += holdout_labels
        real_subjects += [f"holdout {subject}" for subject in holdout_subjects]
        sources.append(holdout_specimens)
    classes = _classes(synthetic_labels, real_labels)
    judged = _described(synthetic_specimens)
    key = ("shortcut_test", len(real_labels))
    if key not in memo:
        memo[key] = _described(image for source in sources for image in source)
    findings = []
    for stratum, rows in judged.items():
        ours = _sample(rows, synthetic_labels, synthetic_subjects, classes)
        theirs = _sample(memo[key][stratum], real_labels, real_subjects, classes)
        findings.append(_found(stratum, ours, theirs, classes, seed, memo))
    return findings


def class_area(sample: Sample) -> float:
    """Return the AUC with which the class (last column) is told from the other columns, on folds of other subjects.

    Raises:
        NotMeasured: No fold holds two classes.
    """
    values, truth = sample.features[:, :-1], sample.features[:, -1].astype(np.intp)
    areas = []
    folds = min(FOLDS, len(np.unique(sample.subjects)))
    if folds < 2:
        raise NotMeasured("a single subject leaves no other to test on")
    for fit, test in GroupKFold(folds).split(values, truth, sample.subjects):
        if len(np.unique(truth[fit])) == len(np.unique(truth[test])) == len(np.unique(truth)):
            areas.append(_area(values[fit], truth[fit], values[test], truth[test]))
    if not areas:
        raise NotMeasured("no fold of subjects holds every class")
    return float(np.mean(areas))


def _found(
    stratum: str, ours: Sample, theirs: Sample, classes: Sequence[str], seed: int, memo: dict[Any, Any]
) -> Finding:
    finding = compared(
        f"shortcut_test {stratum}",
        lambda judged, comparator: class_area(judged) - class_area(comparator),
        ours,
        theirs,
        seed=seed,
        real_memo=memo,
        bounds=(-1.0, 1.0),
        repeats=REPEATS,
    )
    areas: dict[str, Setting] = {
        "classes": ", ".join(classes),
        "auc_synthetic": round(class_area(ours), 4),
        "auc_real": round(class_area(theirs), 4),
        "auc_fitted_to_synthetic_on_real": round(_carried(ours, theirs), 4),
        "auc_fitted_to_real_on_synthetic": round(_carried(theirs, ours), 4),
    }
    return replace(finding, stratum=stratum, settings={**finding.settings, **areas})


def _carried(fitted: Sample, tried: Sample) -> float:
    one, other = fitted.features, tried.features
    return _area(one[:, :-1], one[:, -1].astype(np.intp), other[:, :-1], other[:, -1].astype(np.intp))


def _area(fit: np.ndarray, fit_truth: np.ndarray, test: np.ndarray, truth: np.ndarray) -> float:
    scale = StandardScaler().fit(fit)
    model = LogisticRegression(C=PENALTY, max_iter=1000).fit(scale.transform(fit), fit_truth)
    scores = model.predict_log_proba(scale.transform(test))
    return float(mean_auc(np.asarray(scores, np.float64), truth)[0])


def _classes(synthetic_labels: Sequence[str], real_labels: Sequence[str]) -> list[str]:
    common = sorted(set(synthetic_labels) & set(real_labels))
    if len(common) < 2:
        raise NotMeasured(f"{len(common)} classes are in both sets, and a shortcut is between two")
    for labels, kind in ((synthetic_labels, "synthetic"), (real_labels, "real")):
        least = min(common, key=list(labels).count)
        count = list(labels).count(least)
        if count < LEAST_OF_A_CLASS:
            raise NotMeasured(f"there are {count} {kind} images of class {least}; {LEAST_OF_A_CLASS} are the least")
    return common


def _described(images: Iterable[Specimen]) -> dict[str, NDArray[np.float64]]:
    rows: dict[str, list[NDArray[np.float64]]] = {stratum: [] for stratum in REGIONS}
    for image in images:
        for stratum, describe in REGIONS.items():
            rows[stratum].append(describe(image.pixels))
    sizes = {len(row) for row in rows["region=frame"]}
    if len(sizes) > 1:
        raise NotMeasured("images differ in their number of channels or axes")
    return {stratum: np.stack(found) for stratum, found in rows.items()}


def _sample(
    rows: NDArray[np.float64], labels: Sequence[str], subjects: Sequence[str], classes: Sequence[str]
) -> Sample:
    kept = [i for i, label in enumerate(labels) if label in classes]
    truth = np.array([[classes.index(labels[i])] for i in kept], np.float64)
    return Sample.of(np.hstack([rows[kept], truth]), [subjects[i] for i in kept])
