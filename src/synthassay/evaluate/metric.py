"""How a metric is declared: one function, its facts, and its needs, which are the names of its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from synthassay.evaluate.fixtures import CASE_FIXTURES, implied, is_set_fixture, set_fixtures
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.registry import Registry

IMAGE_UNIT = "unit of the image"
"""Unit of a metric whose values are in the unit of the images themselves (HU, or arbitrary)."""

Setting = str | float | int | bool


@dataclass(frozen=True)
class Finding:
    """What a set-level metric found: a value with its interval, or the reason why this stratum has none.

    Attributes:
        value: The number; None together with ``not_measured``.
        floor: The same measure between two real sets, or of the real comparator.
        n: Cases measured; ``subjects`` how many subjects they come from.
        settings: What the number depends on beyond the metric's declared settings.
    """

    value: float | None = None
    interval: Interval | None = None
    stratum: str = ""
    n: int = 0
    subjects: int = 0
    floor: float | None = None
    floor_interval: Interval | None = None
    not_measured: str = ""
    per_case: Mapping[str, float] = field(default_factory=dict)
    failed_cases: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)


Found = Finding | Sequence[Finding]
PerCaseFound = float | Mapping[str, float]


@dataclass(frozen=True)
class Metric:
    """One rule by which synthetic images are judged.

    Attributes:
        per: ``case``: computed once per synthetic image, then averaged; ``set``: computed once from whole sets.
        unit: Unit of the value, or ``IMAGE_UNIT``.
        target: The value that is best, where ``better`` is ``target``.
        takes: Fixtures that the function takes; ``wishes`` are those that it takes where they exist.
        strata: For a case metric that returns one value per stratum: all the strata it may return. Empty: those that
            the cases return, sorted, after their mean within each case (none where a target makes values cancel).
        settings: What the number depends on, declared once (window, covariance, clipping).
        statistic: For a set metric that compares two samples of features: its bare number for (judged, comparator),
            without intervals or floors, for whoever draws many samples.
        only: The unit of the images that it is a measure of; None for any.
    """

    name: str
    title: str
    axis: Axis
    better: Better
    unit: str
    per: Literal["case", "set"]
    source: str
    compute: Callable[..., Any]
    takes: tuple[str, ...]
    wishes: tuple[str, ...] = ()
    target: float | None = None
    strata: tuple[str, ...] = ("",)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    statistic: Callable[[Any, Any], float] | None = None
    only: Unit | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """Fixtures without which it cannot be computed: those that it takes, and those that these stand on."""
        return tuple(dict.fromkeys(base for name in self.takes for base in (name, *implied(name))))


METRICS: Registry[Metric] = Registry("metric", package="synthassay.evaluate", group="synthassay.metrics")
F = TypeVar("F", bound=Callable[..., Any])


def metric(
    *,
    title: str,
    axis: Axis,
    better: Better,
    unit: str,
    per: Literal["case", "set"],
    source: str,
    target: float | None = None,
    strata: tuple[str, ...] = ("",),
    settings: Mapping[str, Setting] | None = None,
    statistic: Callable[[Any, Any], float] | None = None,
    only: Unit | None = None,
) -> Callable[[F], F]:
    """Register a function as a metric under its own name.

    The function's parameters name what it needs, as fixtures do in pytest: those without a default must exist, or the
    metric does not apply; those that default to None are given where they exist. Other parameters with a default are
    the function's own and stay as they are. A function ``per="case"`` returns a float,
    or a mapping of stratum to float. A function ``per="set"`` returns a ``Finding`` or several. It raises
    ``NotMeasured`` where there is no honest number.

    Args:
        title: Name in tables.
        axis: The side from which it judges.
        better: Which way the number should go.
        unit: Unit of the number; ``IMAGE_UNIT`` where it has the images' own.
        per: ``case`` or ``set``.
        source: DOI or arXiv identifier of the definition.
        target: The best value; required if, and only if, ``better`` is ``target``.
        strata: All strata that a case metric may return; empty where only the cases tell, as names of structures do.
        settings: What the number depends on and never changes.
        statistic: The bare number for two samples of features (judged, comparator), where the metric is one.
        only: The unit of the images that it is a measure of, such as RGB for stained sections; None for any.

    Returns:
        A decorator that gives the function back unchanged.

    Raises:
        TypeError: The declaration contradicts itself or names an unknown fixture; our bug, found on import.
    """

    def register(function: F) -> F:
        name = getattr(function, "__name__", "")
        if (target is None) == (better is Better.TARGET):
            raise TypeError(f"metric {name}: a target is given if, and only if, better is Better.TARGET")
        if not source or not unit or not title:
            raise TypeError(f"metric {name}: title, unit and source must not be empty")
        takes, wishes = _parameters(name, function, of_cases=per == "case")
        METRICS.add(name)(
            Metric(
                name,
                title,
                axis,
                better,
                unit,
                per,
                source,
                function,
                takes,
                wishes,
                target,
                strata,
                settings or {},
                statistic,
                only,
            )
        )
        return function

    return register


def _parameters(name: str, function: Callable[..., Any], *, of_cases: bool) -> tuple[tuple[str, ...], ...]:
    parameters = inspect.signature(function).parameters.values()
    known: Callable[[str], bool] = CASE_FIXTURES.__contains__ if of_cases else is_set_fixture
    unknown = [p.name for p in parameters if not known(p.name) and (p.default is p.empty or p.default is None)]
    if unknown:
        all_of_them = ", ".join(sorted(CASE_FIXTURES) if of_cases else set_fixtures())
        raise TypeError(f"metric {name}: no fixture is called {', '.join(unknown)}; known: {all_of_them}")
    takes = tuple(p.name for p in parameters if p.default is p.empty)
    wishes = tuple(p.name for p in parameters if p.default is None)
    return takes, wishes
