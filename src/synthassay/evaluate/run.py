"""The judgement itself: the protocol's requirements and every other metric that applies, in one fixed order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from synthassay.errors import ImageError, NotMeasured
from synthassay.evaluate.case_pass import measure_cases
from synthassay.evaluate.evidence import Evidence
from synthassay.evaluate.metric import METRICS, Finding, Metric
from synthassay.evaluate.needs import lacking
from synthassay.evaluate.rows import missing_row, range_settings, row
from synthassay.protocols.protocol import Requirement
from synthassay.records.measurement import Measurement


class Progress(Protocol):
    """Told how far a step of the evaluation is."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Note that ``done`` of ``total`` parts of ``step`` are finished."""


def evaluate(
    evidence: Evidence,
    *,
    completed: Mapping[str, Sequence[Measurement]] | None = None,
    emit: Callable[[str, Sequence[Measurement]], None] | None = None,
    progress: Progress | None = None,
) -> list[Measurement]:
    """Measure what the protocol requires, and whatever else this evidence allows.

    Each metric draws from its own random stream, so what was measured before a stop and what is measured after it
    are the same numbers as in one undisturbed run.

    Args:
        evidence: What the judgement rests on.
        completed: Metric name to its measurements from an earlier, interrupted evaluation of the same evidence.
        emit: Called once per metric with all its measurements, as soon as they are known.
        progress: Called with the step's name and its progress.

    Returns:
        Measurements in the order of ``plan``. A requirement that could not be measured is a row with its reason.

    Raises:
        UnknownName: The protocol requires a metric that is not registered.
        DataError: The images do not have the protocol's unit.
    """
    steps = plan(evidence)
    evidence.check_units()
    found: dict[str, list[Measurement]] = {name: list(rows) for name, rows in (completed or {}).items()}

    def finish(name: str, rows: list[Measurement]) -> None:
        found[name] = rows
        if emit is not None:
            emit(name, rows)

    pending = [metric for metric, _ in steps if isinstance(metric, Metric) and metric.name not in found]
    by_case = [metric for metric in pending if metric.per == "case"]
    for measured_metric, rows in measure_cases(evidence, by_case, progress):
        finish(measured_metric.name, rows)
    for metric, requirement in steps:
        if isinstance(metric, str):
            assert requirement is not None
            found.setdefault(metric, [missing_row(evidence, requirement)])
        elif metric.name not in found:
            if progress is not None:
                progress(metric.title, 0, 1)
            finish(metric.name, measure_sets(evidence, metric))
            if progress is not None:
                progress(metric.title, 1, 1)
    names = dict.fromkeys(metric if isinstance(metric, str) else metric.name for metric, _ in steps)
    return [measured for name in names for measured in found[name]]


def plan(evidence: Evidence) -> list[tuple[Metric | str, Requirement | None]]:
    """Return what will be measured: what the protocol shows, in its order, then other metrics that apply, by name.

    A requirement that no metric can measure stands as its name.

    Raises:
        UnknownName: The protocol requires a metric that is not registered.
    """
    steps: list[tuple[Metric | str, Requirement | None]] = []
    for requirement in evidence.protocol.shown(evidence.task):
        steps.append((requirement.metric if requirement.missing else METRICS.get(requirement.metric), requirement))
    shown = {r.metric for r in evidence.protocol.shown(evidence.task)}
    for name, metric in METRICS.items():
        if name not in shown and not lacking(evidence, metric):
            steps.append((metric, None))
    return steps


def measure_sets(evidence: Evidence, metric: Metric) -> list[Measurement]:
    """Compute one set-level metric; a metric that cannot be computed gives one row with its reason."""
    try:
        reason = lacking(evidence, metric)
        if reason:
            raise NotMeasured(reason)
        given = {need: evidence.set_fixture(need, metric.name) for need in metric.takes}
        for wish in metric.wishes:
            try:
                given[wish] = evidence.set_fixture(wish, metric.name)
            except NotMeasured:
                given[wish] = None
        found = metric.compute(**given)
    except NotMeasured as reason:
        return [row(evidence, metric, Finding(not_measured=reason.reason))]
    except ImageError as problem:
        return [row(evidence, metric, Finding(not_measured=f"an image of the set cannot be read: {problem}"))]
    findings = [found] if isinstance(found, Finding) else list(found)
    return [row(evidence, metric, finding, range_settings(given)) for finding in findings]
