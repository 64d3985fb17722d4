"""What a protocol is: what one modality's synthetic images must show before anybody may rely on them."""

from __future__ import annotations

from dataclasses import dataclass

from synthassay.records.vocabulary import Axis, Modality, Unit
from synthassay.registry import Registry


@dataclass(frozen=True)
class Requirement:
    """One thing that must be measured, why, and on how many subjects.

    Attributes:
        metric: Name of the metric that measures it; or, where no metric can, the name of the missing study.
        axis: The side from which it judges.
        why: Why this modality needs it, as a sentence that a clinician can check.
        source: DOI or arXiv identifier where that is argued.
        least_subjects: Fewer subjects than this leave the requirement unmet, whatever the value.
        tasks: Task names that it applies to; empty for all.
        missing: Why no metric here can measure it; empty where one can.
        at_most: Unmet where the value is larger, however well it was measured; None for no such bound.
        not_below: Unmet where the whole interval lies below; None for no such bound.
        sign: Shown beside the requirements, with its reason where it was not measured, and nothing rests on it: a bad
            value warns, a good one proves nothing, and some families or images cannot have it.
    """

    metric: str
    axis: Axis
    why: str
    source: str
    least_subjects: int = 0
    tasks: tuple[str, ...] = ()
    missing: str = ""
    at_most: float | None = None
    not_below: float | None = None
    sign: bool = False

    def applies_to(self, task: str) -> bool:
        """Whether a study of this task must show it; a study without a task must show all."""
        return not self.tasks or not task or task in self.tasks


@dataclass(frozen=True)
class FailureMode:
    """How synthesis of this modality typically goes wrong, what that does to a patient, and what would find it.

    Attributes:
        found_by: Names of metrics (or missing studies) of this protocol that would show it.
        enacted_by: Names of injected failures that are this mode; the failure bench tries the protocol by them.
        dominant: Whether it is the modality's dominant failure mode.
    """

    name: str
    tasks: tuple[str, ...]
    consequence: str
    found_by: tuple[str, ...]
    source: str
    enacted_by: tuple[str, ...] = ()
    dominant: bool = False


@dataclass(frozen=True)
class Protocol:
    """What one modality's synthetic images must show.

    Attributes:
        unit: What a pixel must mean; images in another unit are refused.
        data_range: Lowest and highest value that the unit allows; None where every study must state its own.
        range_source: Where the data range comes from.
        embedding: Default embedding for measures that compare sets.
    """

    name: str
    title: str
    modality: Modality
    unit: Unit
    data_range: tuple[float, float] | None
    range_source: str
    requirements: tuple[Requirement, ...]
    failure_modes: tuple[FailureMode, ...]
    embedding: str = "radiomic"

    def required(self, task: str) -> tuple[Requirement, ...]:
        """The requirements that a study of ``task`` must show, in order; signs are none."""
        return tuple(r for r in self.requirements if r.applies_to(task) and not r.sign)

    def shown(self, task: str) -> tuple[Requirement, ...]:
        """What a study of ``task`` shows in every case, in order: requirements and signs."""
        return tuple(r for r in self.requirements if r.applies_to(task))


PROTOCOLS: Registry[Protocol] = Registry("protocol", package="synthassay.protocols", group="synthassay.protocols")
