"""What is known of a set, without anybody's identifier: measurements, requirements and the rung of evidence."""

from __future__ import annotations

from collections.abc import Sequence

from synthassay.protocols import PROTOCOLS
from synthassay.protocols.ladder import requirement_statuses
from synthassay.records.base import Record
from synthassay.records.evaluation import RequirementStatus, Verdict
from synthassay.records.measurement import Measurement
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.records.vocabulary import Axis, Modality
from synthassay.release.source import Source

NEVER = (
    "diagnosis, treatment, triage or any other decision about a patient",
    "standing in for a patient's image in a record, a registry or a legal matter",
    "trying to find out who the real patients behind the generator are",
    "proof that a device works in patients: performance on synthetic images is not performance on patients",
    "estimating how common a disease, an anatomy or a device is: synthetic frequencies are the study's choice",
)
OF_MODALITY = {
    Modality.CT: "radiotherapy planning or dose calculation, unless the evidence has dose measures and they suffice",
    Modality.MRI: "quantitative MRI: signal is arbitrary, and only contrast within one image means anything",
    Modality.XRAY: "measuring sizes on radiographs whose pixel size is not stated",
    Modality.PATHOLOGY: "counting or grading cells, unless the evidence measures nuclei and they suffice",
}  # fmt: skip
WITHOUT = {
    1: "comparing image quality: likeness was not measured as the protocol asks",
    2: "sharing further or training without checking: failures and leakage were not looked for as the protocol asks",
    3: "assuming that training on these images helps: use on real held-out patients was not shown as the protocol asks",
    4: "claims about other hospitals, scanners or populations: none were tried as the protocol asks",
    5: "claims that clinicians cannot tell, or can safely read, these images: no reader study as the protocol asks",
}


class Evidence(Record):
    """``evidence.json``: all that was measured of this set, per case values and case names left out.

    Attributes:
        verdict: The rung of the ladder of evidence, and what the next rung lacks.
        requirements: What the protocol asks, and whether it was shown.
        not_supported: Uses that nothing here supports.
    """

    schema_version: int = 1
    protocol: str
    verdict: Verdict
    requirements: tuple[RequirementStatus, ...]
    not_supported: tuple[str, ...]
    measurements: tuple[Measurement, ...]


def evidence_of(source: Source) -> Evidence:
    """Return the evidence about a set, with every identifier replaced or left out."""
    scrub = source.pseudonyms
    statuses = requirement_statuses(PROTOCOLS.get(source.protocol), source.study.task, source.measurements)
    verdict = source.verdict.model_copy(
        update={
            "missing": tuple(scrub.scrub(text) for text in source.verdict.missing),
            "text": scrub.scrub(source.verdict.text),
        }
    )
    return Evidence(
        protocol=source.protocol,
        verdict=verdict,
        requirements=tuple(s.model_copy(update={"reason": scrub.scrub(s.reason)}) for s in statuses),
        not_supported=not_supported(source.study.modality, statuses),
        measurements=tuple(_without_cases(row, scrub) for row in source.measurements),
    )


def not_supported(modality: Modality, statuses: Sequence[RequirementStatus]) -> tuple[str, ...]:
    """Return uses that the evidence does not support: those never supported, and those of each rung not reached."""
    unmet = {_rung(status) for status in statuses if not status.met}
    return (*NEVER, OF_MODALITY[modality], *(WITHOUT[rung] for rung in sorted(unmet)))


def _rung(status: RequirementStatus) -> int:
    if "external" in status.metric:
        return 4
    of_axis = {Axis.FAILURE: 2, Axis.LEAKAGE: 2, Axis.UTILITY: 3, Axis.CLINICAL: 5}
    return of_axis.get(status.axis, 1)


def _without_cases(row: Measurement, scrub: Pseudonyms) -> Measurement:
    settings = {key: scrub.said(value) if isinstance(value, str) else value for key, value in row.settings.items()}
    return row.model_copy(
        update={
            "per_case": {},
            "failed_cases": {},
            "stratum": scrub.scrub(row.stratum),
            "not_measured": scrub.scrub(row.not_measured),
            "settings": settings,
        }
    )
