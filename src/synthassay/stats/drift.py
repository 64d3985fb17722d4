"""Learning and fatigue: whether right answers, or times, change over the positions of a session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from synthassay.stats.calibration import calibration_line


@dataclass(frozen=True)
class Drift:
    """Change from the first position of a session to the last.

    Attributes:
        slope: Mean over readers of each reader's slope, per whole session; log odds for right answers.
        ci: Interval of 95 % over readers, by Student's t; None with fewer than two readers.
        p: Two-sided, of no change.
        readers: Readers whose slope could be found.
        first: Share right (or mean) in the first quarter; ``last`` in the last.
    """

    slope: float
    ci: tuple[float, float] | None
    p: float | None
    readers: int
    first: float
    last: float


def answers_drift(right: ArrayLike, position: ArrayLike, reader: ArrayLike) -> Drift | None:
    """Return how right answers change over positions, reader by reader.

    Each reader's answers are regressed (logistic) on position, which runs from 0 to 1 for each; readers are the unit.

    Args:
        right: Whether each answer was right.
        position: Its place in the reader's session; only the order matters.
        reader: Whose it is.

    Returns:
        None where no reader was both right and wrong, or all of them without overlap.
    """
    return _drift(np.asarray(right, np.float64), position, reader, logistic=True)


def times_drift(seconds: ArrayLike, position: ArrayLike, reader: ArrayLike) -> Drift | None:
    """Return how the logarithm of reading times changes over positions, reader by reader.

    Raises:
        ValueError: A time is not positive.
    """
    values = np.asarray(seconds, np.float64)
    if not (values > 0).all():
        raise ValueError("times must be above 0")
    return _drift(np.log(values), position, reader, logistic=False)


def _drift(values: np.ndarray, position: ArrayLike, reader: ArrayLike, *, logistic: bool) -> Drift | None:
    places, names = np.asarray(position, np.float64), np.asarray(reader)
    slopes, first, last = [], [], []
    for name in np.unique(names):
        mine = np.flatnonzero(names == name)
        y = values[mine][np.argsort(places[mine], kind="stable")]
        if len(y) < 4:
            continue
        quarter = max(1, len(y) // 4)
        first.append(y[:quarter].mean())
        last.append(y[-quarter:].mean())
        slope = _logistic(y) if logistic else float(np.polyfit(np.linspace(0, 1, len(y)), y, 1)[0])
        if np.isfinite(slope):
            slopes.append(slope)
    if not slopes:
        return None
    mean, count = float(np.mean(slopes)), len(slopes)
    ends, p = None, None
    if count > 1 and np.ptp(slopes) > 0:
        se = float(np.std(slopes, ddof=1) / np.sqrt(count))
        reach = float(stats.t.ppf(0.975, count - 1)) * se
        ends, p = (mean - reach, mean + reach), 2 * float(stats.t.sf(abs(mean) / se, count - 1))
    return Drift(mean, ends, p, count, float(np.mean(first)), float(np.mean(last)))


def _logistic(right: np.ndarray) -> float:
    """Slope of the log odds over a session; the house's logistic line takes probabilities, hence the sigmoid of x."""
    x = np.linspace(-2, 2, len(right))
    slope, _ = calibration_line(1 / (1 + np.exp(-x)), right > 0.5)
    return 4 * float(slope[0])
