"""Whether a metric applies to the evidence, told without reading an image."""

from __future__ import annotations

from synthassay.errors import NotMeasured
from synthassay.evaluate.evidence import Evidence
from synthassay.evaluate.fixtures import FACTS, PROVIDED, SET_BEHIND, SETS
from synthassay.evaluate.metric import Metric
from synthassay.records.vocabulary import Unit


def lacking(evidence: Evidence, metric: Metric) -> str:
    """Return why the metric does not apply to the evidence; an empty string where it does."""
    if metric.unit == Unit.HU.value and evidence.protocol.unit is not Unit.HU:
        return "the images are not in Hounsfield units"
    if metric.only is not None and evidence.protocol.unit is not metric.only:
        return f"it is a measure of images in {metric.only.value}; these are in {evidence.protocol.unit.value}"
    for need in metric.needs:
        try:
            _require(evidence, need, by_case=metric.per == "case")
        except NotMeasured as absent:
            return absent.reason
    return ""


def _require(evidence: Evidence, need: str, *, by_case: bool) -> None:
    if need == "data_range":
        evidence.declared_range()
    elif by_case:
        if need not in FACTS:
            evidence.image_set(SET_BEHIND.get(need, need))
    elif need in PROVIDED:
        reason = PROVIDED[need].lacking(evidence)
        if reason:
            raise NotMeasured(reason)
    elif need == "inserted_lesions":
        evidence.require_inserted()
    elif need.endswith("_labels"):
        evidence.set_fixture(need, "")
    elif need.rsplit("_", 1)[0] in SETS:
        evidence.image_set(need.rsplit("_", 1)[0])
