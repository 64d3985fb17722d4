"""One number with its interval, n, unit and direction; or the reason why there is none."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from synthassay.records.base import Record
from synthassay.records.vocabulary import Axis, Better


class Interval(Record):
    """A confidence interval and how it was made.

    Attributes:
        method: For example ``subject-clustered bootstrap, BCa, 2000 draws``.
    """

    low: float
    high: float
    level: float = 0.95
    method: str


SIGNIFICANT = 0.05


class Measurement(Record):
    """One line of ``measurements.jsonl``.

    Attributes:
        of: The set that was measured: the generator's name, a baseline's name, or ``real`` for real-versus-real.
        stratum: For example ``class=pneumonia`` or ``tissue=bone``; empty for all.
        n: Cases measured; ``subjects`` how many subjects they come from.
        floor: The same measure between two real sets of equal n, where the measure compares sets.
        not_measured: Why there is no value; exactly one of ``value`` and ``not_measured`` is given.
        per_case: Case identifier to value, for measures made case by case.
        settings: What the number depends on: data_range, window, embedding, k, seeds.
    """

    metric: str
    title: str
    axis: Axis
    of: str
    stratum: str = ""
    value: float | None = None
    interval: Interval | None = None
    n: int = 0
    subjects: int = 0
    unit: str
    better: Better
    target: float | None = None
    floor: float | None = None
    floor_interval: Interval | None = None
    not_measured: str = ""
    failed_cases: dict[str, str] = {}
    per_case: dict[str, float] = {}
    settings: dict[str, str | float | int | bool] = {}
    source: str

    @model_validator(mode="after")
    def _value_or_reason(self) -> Self:
        if (self.value is None) == (not self.not_measured):
            raise ValueError("a measurement has either a value or a reason why it has none")
        return self

    @property
    def apart_from_zero(self) -> bool:
        """Whether the interval of a difference lies wholly on one side of 0."""
        return self.interval is not None and not self.interval.low <= 0 <= self.interval.high

    @property
    def survives_correction(self) -> bool:
        """Whether it stays significant at 5 % among all that was tried with it; True of what was tried alone."""
        return float(self.settings.get("p_corrected", 0)) < SIGNIFICANT
