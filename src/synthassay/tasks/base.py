"""What every task is: examples to learn from, requests to answer, and images to give back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from synthassay.data.image_set import ImageSet
from synthassay.images.image import Image
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.records.cohort import Cohort
from synthassay.records.manifest import InsertedLesion
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Split
from synthassay.registry import Registry


@dataclass(frozen=True)
class Request:
    """One synthetic image to make.

    Attributes:
        case: Identifier of the synthetic case.
        seed: Seed of this image alone.
        condition: What the generator is given, in words, for the manifest.
        label: Class asked for; empty for image-conditioned tasks.
        reference_case: The real case that the synthetic one should equal; empty for label-conditioned tasks.
        source_subjects: Subjects whose images the condition shows.
        lesion: What is added to the source; the image then shows the one slice through its centre.
    """

    case: str
    seed: int
    condition: dict[str, str]
    label: str = ""
    reference_case: str = ""
    source_subjects: tuple[str, ...] = ()
    lesion: InsertedLesion | None = None

    @property
    def first_slice(self) -> int:
        """Position of the first slice made; a slice made alone draws the randomness that it has in its volume."""
        return self.lesion.centre[2] if self.lesion is not None and len(self.lesion.centre) == 3 else 0


class Task(ABC):
    """One question that a generator answers, bound to a study and its cohort.

    Attributes:
        paired: Whether a real reference exists for each synthetic image.
        conditioned_on: ``label``, ``image``, ``structures`` (a label map) or ``nothing``.
        baselines: Classical families that a learnt one must beat.
        table: Name of the study file's table that says how sources are made; empty where there is none.
    """

    name: ClassVar[str]
    paired: bool
    conditioned_on: ClassVar[str]
    baselines: ClassVar[tuple[str, ...]]
    table: ClassVar[str] = ""

    def __init__(self, spec: StudySpec, cohort: Cohort) -> None:
        self.spec, self.cohort = spec, cohort

    @property
    @abstractmethod
    def data_range(self) -> tuple[float, float]:
        """Lowest and highest value that a synthetic image can have, in the unit in which images are given."""

    @abstractmethod
    def facts(self, neighbours: int = 1) -> Facts:
        """What a generator is built for; ``neighbours`` slices of a volume stand as source channels."""

    @abstractmethod
    def examples(self, split: Split, neighbours: int = 1) -> Examples:
        """Examples of a split on the model's scale."""

    @abstractmethod
    def requests(self) -> tuple[Request, ...]:
        """Synthetic images to make, in order."""

    @property
    def compared_with(self) -> str:
        """Role of the real images that a set of synthetic ones is compared with, as ``real`` knows it."""
        return "reference" if self.paired else "image"

    def require_domains(self, family: str) -> None:
        """Refuse a family that must have learnt where each source comes from, where a source is from elsewhere."""
        return None

    @property
    def inserts(self) -> bool:
        """Whether ``inserted`` may have anything to make; known without reading an image."""
        return False

    def inserted(self) -> tuple[Request, ...]:
        """Slices to make from sources with a lesion added; none for tasks that have no such sources."""
        return ()

    @abstractmethod
    def condition(self, request: Request, neighbours: int = 1) -> Batch:
        """The model input for one request; a volume is the batch of its slices."""

    @abstractmethod
    def image(self, request: Request, generated: Tensor) -> Image:
        """The generated ``batch channels *space`` in [-1, 1] as one image in physical units and geometry."""

    def drawing(self, request: Request) -> Image | None:
        """The label map that the synthetic image shows, on its grid; None where the task makes no image from one."""
        return None

    @abstractmethod
    def real(self, role: str, split: Split) -> ImageSet:
        """Real images of a split in the same units and geometry as ``image`` gives: source, reference or mask."""


TASKS: Registry[type[Task]] = Registry("task", package="synthassay.tasks", group="synthassay.tasks")
