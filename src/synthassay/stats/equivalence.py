"""Whether a difference is small enough not to matter: equivalence and non-inferiority, with the patient as the unit.

That no difference was found does not show that there is none. Equivalence needs a margin, the largest difference that
would not matter, stated before looking; and then the test is whether the difference lies within it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from synthassay.records.measurement import Interval
from synthassay.stats.resampling import LEAST_SUBJECTS, cluster_sums

LEVEL = 0.05
Key = TypeVar("Key")


@dataclass(frozen=True)
class Equivalence:
    """What two one-sided tests of a mean difference against a margin found.

    Attributes:
        p: The larger of both tests' p; at most 0.05 shows a difference within the margin, on either side.
        above: p of the test that the difference is above -margin; ``below`` that it is below +margin.
        interval: Of 90 % where ``level`` is 0.05: it lies within the margin if, and only if, p is at most ``level``.
    """

    p: float
    above: float
    below: float
    interval: Interval
    margin: float
    subjects: int


def subject_means(differences: ArrayLike, subjects: Sequence[str]) -> np.ndarray:
    """Return each subject's mean difference, so that a patient with many images counts once."""
    sums, sizes = cluster_sums(differences, subjects)
    return sums / sizes


def difference_p(differences: ArrayLike, subjects: Sequence[str]) -> float | None:
    """Return the two-sided p of Student's t on subjects' mean differences; None with fewer than three subjects.

    >>> round(difference_p([1.0, 2.0, 3.0], ["a", "b", "c"]), 4)
    0.0742
    """
    means = subject_means(differences, subjects)
    if len(means) < LEAST_SUBJECTS:
        return None
    if np.ptp(means) == 0:
        return 1.0 if means[0] == 0 else 0.0
    return float(stats.ttest_1samp(means, 0.0).pvalue)


def equivalence(
    differences: ArrayLike, subjects: Sequence[str], margin: float, *, level: float = LEVEL
) -> Equivalence | None:
    """Test whether the mean difference lies within +-margin, by two one-sided t tests on subjects' means.

    Args:
        differences: Finite difference per case.
        subjects: Subject of each case, in the same order.
        margin: Largest difference that would not matter, in the differences' unit.
        level: Level of each one-sided test.

    Returns:
        Both tests; None with fewer than three subjects.

    Raises:
        ValueError: The margin is not positive and finite, or as ``cluster_sums``.

    Source:
        Schuirmann, J Pharmacokinet Biopharm 15:657 (1987), doi:10.1007/BF01068419.

    Example:
        >>> found = equivalence([0.1, -0.2, 0.3, 0.0, -0.1], ["a", "b", "c", "d", "e"], 0.5)
        >>> round(found.p, 4), round(found.interval.high, 3)
        (0.0025, 0.203)
    """
    if not (np.isfinite(margin) and margin > 0):
        raise ValueError(f"a margin must be above 0, not {margin}")
    means = subject_means(differences, subjects)
    count = len(means)
    if count < LEAST_SUBJECTS:
        return None
    mean, error = float(means.mean()), float(means.std(ddof=1) / np.sqrt(count))
    above, below = (_upper_tail(distance, error, count - 1) for distance in (mean + margin, margin - mean))
    reach = float(stats.t.ppf(1 - level, count - 1)) * error
    interval = Interval(
        low=mean - reach, high=mean + reach, level=1 - 2 * level, method=f"Student t on {count} subjects' means"
    )
    return Equivalence(max(above, below), above, below, interval, margin, count)


def non_inferiority(
    differences: ArrayLike, subjects: Sequence[str], margin: float, *, higher_is_better: bool
) -> float | None:
    """Return the one-sided p that the first is not worse than the second by more than the margin.

    Args:
        differences: First minus second, per case.
        subjects: Subject of each case.
        margin: Largest loss that would not matter.
        higher_is_better: Whether a higher value is the better one.

    Returns:
        p; None with fewer than three subjects.

    >>> round(non_inferiority([0.5, 1.0, 1.5], ["a", "b", "c"], 1.0, higher_is_better=True), 4)
    0.0101
    """
    found = equivalence(differences, subjects, margin)
    if found is None:
        return None
    return found.above if higher_is_better else found.below


def holm(values: Mapping[Key, float]) -> dict[Key, float]:
    """Return p values adjusted by Holm's step-down rule: the k-th smallest of m times m - k + 1, never falling.

    Source: Holm, Scand J Stat 6:65 (1979), doi:10.2307/4615733.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    running, adjusted = 0.0, {}
    for k, key in enumerate(sorted(values, key=lambda name: values[name])):
        running = max(running, min(1.0, values[key] * (len(values) - k)))
        adjusted[key] = running
    return adjusted


def _upper_tail(distance: float, error: float, freedom: int) -> float:
    """P that a t variable exceeds distance / error; where all subjects agree, certainty."""
    if error == 0:
        return 0.0 if distance > 0 else 1.0
    return float(stats.t.sf(distance / error, freedom))
