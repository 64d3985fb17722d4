"""Intervals for coefficients of agreement by resampling cases, readers held as they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from synthassay.records.measurement import Interval
from synthassay.stats.resampling import DRAWS_IN_MEMORY, interval_of, subject_counts

Floats = NDArray[np.float64]


def case_interval(
    coefficient: Callable[[Floats], Floats],
    cases: int,
    *,
    rng: np.random.Generator,
    draws: int = 2000,
    patients: NDArray[np.intp] | None = None,
) -> Interval | None:
    """Return the BCa interval of a coefficient over cases.

    Args:
        coefficient: Takes weights ``draws cases`` and returns a value per draw.
        cases: Number of cases.
        rng: Source of the draws.
        draws: Bootstrap draws; those in which the coefficient is undefined are left out.
        patients: Number of each case's patient, from 0 without gaps; patients are drawn then, with all of their cases.

    Returns:
        None with fewer than three cases (or patients), or where more than a tenth of the draws leave it undefined.
    """
    whose = np.arange(cases) if patients is None else patients
    units = int(whose.max(initial=-1)) + 1
    if units < 3:
        return None
    estimate = float(coefficient(np.ones((1, cases)))[0])
    left_out = coefficient((1 - np.eye(units))[:, whose])
    step = max(1, DRAWS_IN_MEMORY // (8 * cases))
    parts = [coefficient(subject_counts(units, min(step, draws - k), rng)[:, whose]) for k in range(0, draws, step)]
    values = np.concatenate(parts)
    known = np.isfinite(values)
    if not np.isfinite(estimate) or known.mean() < 0.9:
        return None
    return interval_of(values[known], estimate, left_out[np.isfinite(left_out)])
