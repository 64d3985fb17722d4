"""How sure a number is when the unit of chance is the patient: intervals that resample subjects, never images.

Each case contributes a value, cases belong to subjects, and subjects are what another study would draw anew. So
subjects are resampled whole. Because a mean over cases is a ratio of two sums over subjects, a draw is one row of
multinomial counts and all draws are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from synthassay.records.measurement import Interval

LEAST_SUBJECTS = 3
FEW_SUBJECTS = 10
DRAWS_IN_MEMORY = 4_000_000

Floats = NDArray[np.float64]


def mean_interval(
    values: ArrayLike,
    subjects: Sequence[str],
    *,
    rng: np.random.Generator,
    draws: int = 2000,
    level: float = 0.95,
) -> Interval | None:
    """Return an interval for the mean of per-case values whose cases are clustered in subjects.

    BCa bootstrap of subjects from ``FEW_SUBJECTS`` subjects on; below, where every bootstrap is too narrow, Student's
    t with the delete-one-subject jackknife's standard error; below ``LEAST_SUBJECTS`` none.

    Args:
        values: Finite value per case.
        subjects: Subject of each case, in the same order.
        rng: Source of the draws; the same generator gives the same interval.
        draws: Bootstrap draws.
        level: Coverage aimed at.

    Returns:
        The interval, which names its method; None with fewer than three subjects.

    Raises:
        ValueError: Lengths differ, or a value is not finite.

    Source:
        Efron, J Am Stat Assoc 82:171 (1987), doi:10.1080/01621459.1987.10478410, eq. 2.3 (BCa); Davison and Hinkley,
        Bootstrap Methods and their Application (1997), section 3.8 (clusters).

    Example:
        >>> interval = mean_interval([1.0, 2.0, 3.0, 6.0], ["a", "b", "c", "d"], rng=np.random.default_rng(0))
        >>> round(interval.low, 2), round(interval.high, 2)
        (-0.44, 6.44)
    """
    sums, sizes = cluster_sums(values, subjects)
    return _ratio_interval(sums, sizes, rng, draws, level)


def ratio_interval(
    numerators: ArrayLike,
    denominators: ArrayLike,
    subjects: Sequence[str],
    *,
    rng: np.random.Generator,
    draws: int = 2000,
    level: float = 0.95,
) -> Interval | None:
    """Return an interval for sum(numerators) / sum(denominators), by the method of ``mean_interval``.

    Args:
        numerators: Finite value per case.
        denominators: Positive value per case.
        subjects: Subject of each case, in the same order.
        rng: Source of the draws.
        draws: Bootstrap draws.
        level: Coverage aimed at.

    Returns:
        The interval; None with fewer than three subjects.
    """
    tops, _ = cluster_sums(numerators, subjects)
    bottoms, _ = cluster_sums(denominators, subjects)
    return _ratio_interval(tops, bottoms, rng, draws, level)


def _ratio_interval(sums: Floats, sizes: Floats, rng: np.random.Generator, draws: int, level: float) -> Interval | None:
    count = len(sums)
    if count < LEAST_SUBJECTS:
        return None
    estimate = sums.sum() / sizes.sum()
    left_out = (sums.sum() - sums) / (sizes.sum() - sizes)
    if count < FEW_SUBJECTS:
        return _jackknife_interval(estimate, left_out, level)
    distribution = resampled_ratio(sums, sizes, draws, rng)
    return interval_of(distribution, estimate, left_out, level=level)


def paired_difference(
    values: ArrayLike,
    others: ArrayLike,
    subjects: Sequence[str],
    *,
    rng: np.random.Generator,
    draws: int = 2000,
    level: float = 0.95,
) -> tuple[float, Interval | None]:
    """Return the mean of ``values - others``, case by case, and its interval by ``mean_interval``.

    Args:
        values: Value per case of one method.
        others: Value per case of the other method on the same cases, in the same order.
        subjects: Subject of each case.
        rng: Source of the draws.
        draws: Bootstrap draws.
        level: Coverage aimed at.

    Returns:
        The mean difference, and its interval or None with fewer than three subjects.

    Example:
        >>> paired_difference([3.0, 5.0], [1.0, 2.0], ["a", "b"], rng=np.random.default_rng(0))
        (2.5, None)
    """
    difference = np.asarray(values, np.float64) - np.asarray(others, np.float64)
    return float(difference.mean()), mean_interval(difference, subjects, rng=rng, draws=draws, level=level)


def interval_of(distribution: Floats, estimate: float, left_out: Floats, *, level: float = 0.95) -> Interval:
    """Return the BCa interval of a bootstrap distribution; the percentile interval where BCa is undefined.

    Args:
        distribution: Bootstrap values of the statistic.
        estimate: Its value on the data.
        left_out: Its value with each subject left out in turn.
        level: Coverage aimed at.
    """
    draws = len(distribution)
    tail = (1 - level) / 2
    bias = special.ndtri(((distribution < estimate).sum() + (distribution <= estimate).sum()) / (2 * draws))
    influence = left_out.mean() - left_out
    spread = float((influence**2).sum())
    if not np.isfinite(bias) or spread <= 0:
        low, high = np.quantile(distribution, [tail, 1 - tail])
        return _interval(low, high, level, f"bootstrap of subjects, percentile, {draws} draws")
    acceleration = float((influence**3).sum()) / (6 * spread**1.5)
    z = special.ndtri(np.array([tail, 1 - tail]))
    positions = special.ndtr(bias + (bias + z) / (1 - acceleration * (bias + z)))
    low, high = np.quantile(distribution, positions)
    return _interval(low, high, level, f"bootstrap of subjects, BCa, {draws} draws")


def resampled_ratio(sums: Floats, sizes: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Return ``draws`` bootstrap values of sum(sums) / sum(sizes) when subjects are resampled.

    Args:
        sums: Sum of the values per subject.
        sizes: Number of cases per subject.
        draws: Bootstrap draws.
        rng: Source of the draws.

    Returns:
        One value per draw; memory stays below ``DRAWS_IN_MEMORY`` counts however many subjects there are.
    """
    count, out, done = len(sums), np.empty(draws), 0
    while done < draws:
        step = min(draws - done, max(1, DRAWS_IN_MEMORY // count))
        counts = subject_counts(count, step, rng)
        out[done : done + step] = (counts @ sums) / (counts @ sizes)
        done += step
    return out


def subject_counts(count: int, draws: int, rng: np.random.Generator) -> Floats:
    """Return how often each of ``count`` subjects is drawn, per draw: ``draws count``, each row adding up to count."""
    return rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(np.float64)


def cluster_sums(values: ArrayLike, subjects: Sequence[str]) -> tuple[Floats, Floats]:
    """Return the sum of values and the number of cases per subject, in order of the subjects' names.

    Raises:
        ValueError: Lengths differ, or a value is not finite.
    """
    array = np.asarray(values, np.float64)
    if array.shape != (len(subjects),):
        raise ValueError(f"{array.shape} values for {len(subjects)} subjects")
    if not np.isfinite(array).all():
        raise ValueError("values must be finite; leave failed cases out and say so")
    _, index = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    sums = np.bincount(index, weights=array).astype(np.float64)
    return sums, np.bincount(index).astype(np.float64)


def half_sample_interval(
    statistic: Callable[..., float],
    *groups: Sequence[str],
    estimate: float,
    rng: np.random.Generator,
    draws: int = 50,
    level: float = 0.95,
) -> Interval | None:
    """Return an interval for a measure of whole sets from random halves of their subjects.

    Drawing with replacement repeats images, and repeats look like perfect neighbours to every measure that compares
    sets. So subjects are drawn without replacement, m of n = half. For such halves the spread of the statistic about
    its own mean estimates its sampling spread on all n, since (n - m) / m = 1; centring on the halves' mean, not on
    the estimate, takes out the bias that smaller sets have.

    Args:
        statistic: Takes one integer index array per group (positions of the kept cases); returns the measure.
        groups: Subject of each case, one sequence per set that is resampled.
        estimate: The measure on all cases.
        rng: Source of the draws.
        draws: Halves drawn.
        level: Coverage aimed at.

    Returns:
        The interval around ``estimate``; None if a set has fewer than six subjects.

    Source:
        Politis and Romano, Ann Stat 22:2031 (1994), doi:10.1214/aos/1176325770 (subsampling, with the finite-population
        factor of Davison and Hinkley 1997, section 3.7).
    """
    members = [_members(group) for group in groups]
    if any(len(m) < 2 * LEAST_SUBJECTS for m in members):
        return None
    halves = np.array([statistic(*(_half(m, rng) for m in members)) for _ in range(draws)])
    deviations = halves - halves.mean()
    upper, lower = np.quantile(deviations, [(1 + level) / 2, (1 - level) / 2])
    scale = np.sqrt(draws / (draws - 1))
    low, high = estimate - scale * upper, estimate - scale * lower
    return _interval(low, high, level, f"random halves of subjects, {draws} draws")


def share_interval(successes: int, total: int, *, level: float = 0.95) -> Interval:
    """Return the exact (Clopper-Pearson) interval of a share of independent cases.

    With no success among n, the upper end is close to 3 / n for a one-sided 95 % bound ("rule of three") and
    3.7 / n for this two-sided one.

    Raises:
        ValueError: ``total`` is not positive, or ``successes`` lies outside 0..total.

    Source:
        Clopper and Pearson, Biometrika 26:404 (1934), doi:10.1093/biomet/26.4.404.

    Example:
        >>> round(share_interval(0, 100).high, 4)
        0.0362
    """
    if total < 1 or not 0 <= successes <= total:
        raise ValueError(f"{successes} of {total} is not a share")
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(stats.beta.ppf(tail, successes, total - successes + 1))
    high = 1.0 if successes == total else float(stats.beta.ppf(1 - tail, successes + 1, total - successes))
    return _interval(low, high, level, "Clopper-Pearson")


def _jackknife_interval(estimate: float, left_out: Floats, level: float) -> Interval:
    count = len(left_out)
    error = np.sqrt((count - 1) / count * ((left_out - left_out.mean()) ** 2).sum())
    reach = stats.t.ppf((1 + level) / 2, count - 1) * error
    return _interval(estimate - reach, estimate + reach, level, f"jackknife of {count} subjects, Student t")


def _interval(low: float, high: float, level: float, method: str) -> Interval:
    return Interval(low=float(low), high=float(high), level=level, method=method)


def _members(group: Sequence[str]) -> list[NDArray[np.intp]]:
    _, index = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    order = np.argsort(index, kind="stable")
    return np.split(order, np.cumsum(np.bincount(index))[:-1])


def _half(members: list[NDArray[np.intp]], rng: np.random.Generator) -> NDArray[np.intp]:
    chosen = rng.permutation(len(members))[: len(members) // 2]
    return np.sort(np.concatenate([members[i] for i in chosen]))
