"""What the failure bench found: how large an injected failure must be before each measure sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from synthassay.records.base import Record
from synthassay.records.vocabulary import Axis, Better


class Dose(Record):
    """What one measure showed at one severity of one failure.

    Attributes:
        value: Mean of the measure over images or draws, in the stratum that saw the failure best; None where it could
            not be measured.
        power: Share of single images (or of draws of sets) in which the failure is seen.
        study_power: Power of a study of as many patients as the bench states, by the mean over them; None for sets.
    """

    severity: float
    value: float | None
    power: float
    study_power: float | None = None


class Response(Record):
    """One measure's dose-response to one failure.

    Attributes:
        stratum: Stratum that saw it best at the largest severity, where the measure has strata.
        floor: Mean of the measure on undamaged images.
        false_alarms: Share of undamaged images (or draws) not used for the threshold that are called damaged.
        seen_from: Smallest severity from which on the power is at least the bench's in every single image or draw;
            None where no severity is.
        study_seen_from: The same by the mean over the patients of a study.
        n: Images or draws behind each power.
        not_measured: Why there is no response; empty where there is one.
    """

    metric: str
    axis: Axis
    better: Better
    per: Literal["case", "set"]
    failure: str
    stratum: str = ""
    floor: float | None = None
    false_alarms: float | None = None
    doses: tuple[Dose, ...] = ()
    seen_from: float | None = None
    study_seen_from: float | None = None
    n: int = 0
    not_measured: str = ""

    @property
    def first_seen(self) -> float | None:
        """Smallest severity that it sees, by single images, draws, or the mean over a study."""
        found = [s for s in (self.seen_from, self.study_seen_from) if s is not None]
        return min(found) if found else None


class InjectedFailure(Record):
    """A failure as it was injected.

    Attributes:
        matters_at: Severity from which on it would matter to a patient, ``matters_why`` says to whom and why.
    """

    name: str
    title: str
    unit: str
    severities: tuple[float, ...]
    scope: Literal["case", "set"]
    matters_at: float
    matters_why: str
    source: str


class Sight(Record):
    """Whether a protocol's detectors see one failure where it would matter.

    Attributes:
        mode: The protocol's failure mode that the failure enacts; empty for any other failure.
        seen_by: Detectors among the protocol's requirements that see it at or below the severity that matters.
        first_seen: Smallest severity that any requirement sees.
        by: Which one.
    """

    failure: str
    mode: str = ""
    dominant: bool = False
    matters_at: float
    seen_by: tuple[str, ...] = ()
    first_seen: float | None = None
    by: str = ""

    @property
    def blind(self) -> bool:
        """Whether the protocol misses it where it matters."""
        return not self.seen_by


class FailureBench(Record):
    """All responses of one modality's measures to all failures that apply to it.

    Attributes:
        study_patients: Patients behind ``study_power``.
        required: Measures that the protocol requires.
        others: What other protocols of the same kind of image see, by protocol.
        command: What gives the same again.
        not_tried: Failure to the reason why these images cannot carry it.
        level: Share of undamaged images that a threshold may call damaged.
        power: Power from which on a failure counts as seen.
    """

    schema_version: int = 1
    modality: str
    protocol: str
    source: str
    licence: str = ""
    citation: str = ""
    images: int
    subjects: int
    set_size: int
    study_patients: int
    level: float
    power: float
    seed: int
    software: str
    failures: tuple[InjectedFailure, ...]
    responses: tuple[Response, ...]
    sights: tuple[Sight, ...] = ()
    required: tuple[str, ...] = ()
    others: dict[str, tuple[Sight, ...]] = Field(default_factory=dict)
    command: str = ""
    not_tried: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def response(self, metric: str, failure: str) -> Response | None:
        """The response of a metric to a failure, where there is one."""
        return next((r for r in self.responses if (r.metric, r.failure) == (metric, failure)), None)

    def metrics(self) -> Sequence[str]:
        """Metrics in the order of the responses."""
        return tuple(dict.fromkeys(r.metric for r in self.responses))
