"""A compiled reader study: what the room serves (the design) and what only the analysis may open (the truth)."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from synthassay.records.base import Record
from synthassay.records.reader_study import AnalysisSpec, ArmRole, StudyKind, WindowSpec

SHA256 = r"^[0-9a-f]{64}$"


class Purpose(StrEnum):
    """Why a trial is there. Readers see only that practice is practice."""

    MAIN = "main"
    PRACTICE = "practice"
    REPEAT = "repeat"
    CATCH = "catch"


class Option(Record):
    """One answer to choose; ``key`` is the key that chooses it."""

    value: str
    label: str
    key: str = ""


class Question(Record):
    """One question of a trial, as generic as the form that draws it.

    Attributes:
        name: Key in the answer.
        type: ``options`` (one of them), ``pick`` (one of the images, from 0), ``slider`` (whole numbers), ``points``
            (1 to ``highest``), ``tags`` (any of the options), ``marks`` (places) or ``text``.
        most: Marks at most, or letters of a text at most.
    """

    name: str
    type: Literal["options", "pick", "slider", "points", "tags", "marks", "text"]
    label: str
    options: tuple[Option, ...] = ()
    lowest: int = 0
    highest: int = 100
    low_label: str = ""
    high_label: str = ""
    most: int = 0
    required: bool = True


class Trial(Record):
    """What one reader sees once.

    Attributes:
        name: Identifier, unique in the study, in the order of reading.
        images: Opaque identifiers, from left to right.
        linked: Whether the images are series of one case, scrolled and zoomed together.
        notice: What the reader is told beside the image, such as an aid's words; empty for most.
    """

    name: str
    session: int = Field(ge=0)
    block: int = Field(ge=0)
    practice: bool = False
    images: tuple[str, ...] = Field(min_length=1, max_length=8)
    linked: bool = False
    notice: str = ""


class ReaderPlan(Record):
    """All that one reader will see, in order."""

    reader: str
    trials: tuple[Trial, ...]


class GiveAway(Record):
    """Something other than the picture by which arms can be told apart.

    Attributes:
        attribute: What differs, such as ``size``.
        separation: Largest difference between two arms' distributions, 0 to 1; 1 tells them apart every time.
        p: Of that separation by chance alone.
        arms: The two arms.
        words: Sentence for people.
        images: Names of images that show it, as the arms' folders name them.
        of_the_file: Whether it lies in the file only, which readers never receive.
    """

    attribute: str
    separation: float
    p: float
    arms: tuple[str, str]
    words: str
    images: tuple[str, ...] = ()
    of_the_file: bool = False


class Design(Record):
    """``design.json``: the study as it will be read. It holds no truth and no name of a case, file or arm.

    Attributes:
        spec_sha256: Hash of the study file.
        truth_sha256: Hash of ``truth.json``, so that the truth cannot be changed after reading.
        images_sha256: Hash over all encoded images.
    """

    schema_version: int = 1
    title: str
    kind: StudyKind
    instructions: str = ""
    intended_use: str = ""
    questions: tuple[Question, ...]
    go_back: bool = False
    washout_days: float = 0.0
    sessions: int = 1
    windows: tuple[WindowSpec, ...] = ()
    readers: tuple[ReaderPlan, ...]
    spec_sha256: str = Field(pattern=SHA256)
    truth_sha256: str = Field(pattern=SHA256)
    images_sha256: str = Field(pattern=SHA256)
    software: str

    def plan(self, reader: str) -> ReaderPlan | None:
        """The plan of a reader, or None."""
        return next((plan for plan in self.readers if plan.reader == reader), None)


class Place(Record):
    """Where a finding lies: column, row and slice of the encoded image, and the radius within which a mark hits it."""

    x: float
    y: float
    slice: int = 0
    radius: float = Field(gt=0)


class StimulusTruth(Record):
    """What an opaque image is.

    Attributes:
        source: File as written in the study, or how it was made.
        sha256: Hash of that file's bytes; of the slices by name where it is a folder.
    """

    image: str
    arm: str
    role: ArmRole
    case: str
    subject: str
    source: str
    sha256: str = Field(pattern=SHA256)


class TrialTruth(Record):
    """What a trial is, and what would be right.

    Attributes:
        treatment: Arm that is judged; of a change study ``unaided`` or ``aided``.
        case: The case, equal over readers and treatments where it is the same patient.
        truth: 1 where the answer is positive (synthetic, or the finding is there), 0 where not; in a choice study the
            position of the target, from 0; None where nothing is right or wrong.
        repeat_of: Trial that this one repeats.
        expected: What a catch trial told the reader to answer.
        places: Where findings lie.
    """

    trial: str
    reader: str
    purpose: Purpose
    treatment: str
    case: str
    subject: str
    truth: int | None = None
    repeat_of: str = ""
    expected: dict[str, str | int] = {}
    places: tuple[Place, ...] = ()


class Truth(Record):
    """``truth.json``: opened by the export and the analysis alone, never by the room."""

    schema_version: int = 1
    question: str
    kind: StudyKind
    arms: dict[str, ArmRole]
    analysis: AnalysisSpec
    give_aways: tuple[GiveAway, ...] = ()
    stimuli: tuple[StimulusTruth, ...]
    trials: tuple[TrialTruth, ...]


class EncodedImage(Record):
    """``image.json`` of one encoded image: all that the viewer needs, and nothing of a file or a patient.

    Attributes:
        depth: ``u8``, ``u16`` (little-endian) or ``rgb8``; of slides ``png`` or ``jpeg``, each tile a picture in RGB.
        slope: Value = stored * slope + intercept, in ``unit``.
        low: What is shown as black at first, in the image's unit; ``high`` as white.
        spacing_mm: Size of a pixel down and across, in millimetres; empty where unknown.
        levels: How often the picture is halved for zooming out; 1 for those that fit into a tile.
    """

    rows: int = Field(gt=0)
    columns: int = Field(gt=0)
    slices: int = Field(1, gt=0)
    depth: Literal["u8", "u16", "rgb8", "png", "jpeg"]
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    low: float = 0.0
    high: float = 255.0
    spacing_mm: tuple[float, ...] = ()
    slice_mm: float = 0.0
    levels: int = Field(1, ge=1)
    tile: int = Field(512, gt=0)
