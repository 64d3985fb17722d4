"""Axes of figures: round ticks, and where a value falls between two ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

from synthassay.report.numbers import plain

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LOG_FROM_RATIO = 30.0


@dataclass(frozen=True)
class Scale:
    """Values from ``low`` to ``high`` laid onto ``start`` to ``end`` of a drawing."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return where a value falls, held inside the drawing, to a tenth.

        >>> Scale(0, 10, 0, 200).place(2.5), Scale(1, 100, 0, 200, logarithmic=True).place(10)
        (50.0, 100.0)
        """
        low, high, value = (math.log10(v) if self.logarithmic else v for v in (self.low, self.high, value))
        share = min(1.0, max(0.0, (value - low) / (high - low)))
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, most: int = 4) -> list[tuple[float, str]]:
        """Return places and labels of at most ``most`` round values.

        >>> Scale(0.13, 0.92, 0, 100).ticks(3)
        [(15.2, '0.25'), (46.8, '0.50'), (78.5, '0.75')]
        """
        values = _decades(self.low, self.high) if self.logarithmic else round_values(self.low, self.high, most)
        kept = values[:: math.ceil(len(values) / most)] if values else []
        gap = min((b - a for a, b in itertools.pairwise(kept)), default=0.0)
        decimals = None if not gap else max(0, -math.floor(math.log10(gap) + 1e-9))
        if decimals is not None and any(abs(v * 10**decimals - round(v * 10**decimals)) > 1e-6 for v in kept):
            decimals += 1
        if self.logarithmic:
            return [(self.place(value), f"{value:g}") for value in kept]
        return [(self.place(value), plain(value, decimals)) for value in kept]


def fitted(values: Iterable[float], start: float, end: float, *, log_allowed: bool = False) -> Scale | None:
    """Return a scale that holds all finite values with a little room; None where there are none.

    A positive range of more than ``LOG_FROM_RATIO`` is laid out logarithmically where that is allowed.
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    if log_allowed and low > 0 and high / low > LOG_FROM_RATIO:
        return Scale(low / 1.1, high * 1.1, start, end, logarithmic=True)
    room = (high - low) * 0.06 or max(abs(high) * 0.05, 1e-9)
    return Scale(low - room, high + room, start, end)


def round_values(low: float, high: float, most: int) -> list[float]:
    """Return at most ``most`` round, equally spaced values from ``low`` to ``high``.

    >>> round_values(0, 103, 4), round_values(-0.4, 0.5, 3)
    ([0.0, 50.0, 100.0], [0.0, 0.5])
    """
    size = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (size * factor for factor in (*STEPS, *(s * 10 for s in STEPS))):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [k * step + 0.0 for k in range(first, last + 1)]
    return []


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten from ``low`` to ``high``, with their doubles and halves where the powers alone are fewer than 3.

    >>> _decades(0.02, 3), _decades(1, 2000)
    ([0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0], [1.0, 10.0, 100.0, 1000.0])
    """
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    tens = [v for k in powers if low <= (v := float(f"1e{k}")) <= high]
    finer = [v for k in powers for step in (1, 2, 5) if low <= (v := float(f"{step}e{k}")) <= high]
    return tens if len(tens) > 2 else finer
