"""What was found, written as the records that a report may know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthassay.evaluate.evidence import Evidence
from synthassay.evaluate.metric import IMAGE_UNIT, Finding, Metric
from synthassay.protocols.protocol import Requirement
from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Better


def row(evidence: Evidence, metric: Metric, finding: Finding, settings: Mapping[str, Any] | None = None) -> Measurement:
    """Return what a metric found as a record; ``settings`` are added to the metric's own."""
    return Measurement(
        metric=metric.name,
        title=metric.title,
        axis=metric.axis,
        of=evidence.of,
        stratum=finding.stratum,
        value=finding.value,
        interval=finding.interval,
        n=finding.n,
        subjects=finding.subjects,
        unit=metric.unit.replace(IMAGE_UNIT, evidence.protocol.unit.value),
        better=metric.better,
        target=metric.target,
        floor=finding.floor,
        floor_interval=finding.floor_interval,
        not_measured=finding.not_measured,
        failed_cases=dict(finding.failed_cases),
        per_case=dict(finding.per_case),
        settings={**metric.settings, **(settings or {}), **finding.settings},
        source=metric.source,
    )


def missing_row(evidence: Evidence, requirement: Requirement) -> Measurement:
    """Return the record of a requirement that no metric can measure."""
    return Measurement(
        metric=requirement.metric,
        title=requirement.metric.replace("_", " ").capitalize(),
        axis=requirement.axis,
        of=evidence.of,
        unit="none",
        better=Better.HIGHER,
        not_measured=requirement.missing,
        source=requirement.source,
    )


def range_settings(given: Mapping[str, Any]) -> dict[str, float]:
    """Return the data range as settings of a measurement, where a metric used one."""
    span = given.get("data_range")
    return {} if span is None else {"data_range_low": float(span[0]), "data_range_high": float(span[1])}
