"""A reader study as its author writes it: who reads which arms, what is asked, and how it will be judged."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from synthassay.records.base import Record

READER_SCHEMA_VERSION = 1
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$"


class StudyKind(StrEnum):
    """What readers are asked."""

    TURING = "turing"  # one image: real or synthetic, and how sure
    CHOICE = "choice"  # m images, one of them synthetic: which
    QUALITY = "quality"  # one image: agreement with statements, artefacts seen
    DIAGNOSTIC = "diagnostic"  # one case: how likely is the finding, and where
    CHANGE = "change"  # the same, before and after an aid is shown


class ArmRole(StrEnum):
    """What the images of an arm are in the study."""

    REAL = "real"
    SYNTHETIC = "synthetic"
    POSITIVE_CONTROL = "positive_control"  # plainly degraded: readers who miss these see nothing
    NEGATIVE_CONTROL = "negative_control"  # real images judged as if synthetic: must stay at chance
    AID = "aid"  # shown beside the case after the first rating

    @property
    def control(self) -> bool:
        """Whether the arm tries the study itself and not the generator."""
        return self in (ArmRole.POSITIVE_CONTROL, ArmRole.NEGATIVE_CONTROL)


class ArmSpec(Record):
    """One set of images. Controls need no folder: they are made of real images that are then shown nowhere else."""

    name: str = Field(pattern=NAME, description="Name in tables; readers never see it.")
    role: ArmRole = Field(description="real, synthetic, positive_control, negative_control or aid.")
    path: str = Field("", description="Folder of images, or one with a manifest.json (runs/<study>/synthetic/<name>).")
    beside: str = Field("", description="Folder of a second series of the same cases, shown beside and linked.")
    index: int | None = Field(None, ge=0, description="Page, frame or volume, where files hold several.")
    count: int = Field(0, ge=0, description="Images at most; 0 takes all. For a control without path: how many.")


class DesignSpec(Record):
    """Who reads what how often, and in which order."""

    alternatives: int = Field(2, ge=2, le=8, description="Images per trial of a choice study (2-AFC, 4-AFC ...).")
    paired: bool = Field(False, description="Choice: show the synthetic image beside the real one of the same name.")
    crossed: bool = Field(True, description="Diagnostic: every case in every arm; false: cases belong to one arm.")
    sessions: Literal["mixed", "by_arm"] = Field(
        "mixed", description="Arms change places within each session (mixed), or one arm a session (by_arm)."
    )
    washout_days: float = Field(0.0, ge=0, description="Days between a reader's sessions; 28 is usual.")
    blocks: int = Field(2, ge=1, le=50, description="Blocks per session; a break is offered between them.")
    practice: int = Field(4, ge=0, le=50, description="Cases to get used to the room; left out of the analysis.")
    repeats: float = Field(0.1, ge=0, le=1, description="Share of trials shown twice, for agreement within readers.")
    least_gap: int = Field(10, ge=1, description="Trials at least between a case and its repeat.")
    catch: int = Field(2, ge=0, le=50, description="Trials that say what to answer, to find who does not look.")
    go_back: bool = Field(False, description="Whether readers may change an answer that they have given.")


class ScaleSpec(Record):
    """How a diagnosis is rated."""

    finding: str = Field("the finding", min_length=1, max_length=120, description="What is looked for, in words.")
    type: Literal["continuous", "ordinal"] = Field("continuous", description="0 to 100, or so many points.")
    points: int = Field(5, ge=2, le=11, description="Points of an ordinal scale; 5 or 6 are usual.")
    marks: Literal["none", "one", "many"] = Field(
        "none", description="Locations: none (ROC), one a case (LROC), any number with a rating each (FROC)."
    )


class ItemSpec(Record):
    """One statement on a Likert scale."""

    name: str = Field(pattern=NAME, description="Column in the export.")
    text: str = Field(min_length=3, max_length=300, description="What is asked.")
    low: str = Field("not at all", description="Words for the lowest point.")
    high: str = Field("completely", description="Words for the highest point.")
    points: int = Field(5, ge=2, le=11, description="Points.")


class WindowSpec(Record):
    """A window that readers may choose; the first is what they see first."""

    name: str = Field(min_length=1, max_length=24, description="Such as lung or bone.")
    low: float = Field(description="Shown as black, in the images' unit.")
    high: float = Field(description="Shown as white.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise ValueError("a window needs low < high")
        return self


class ReencodeSpec(Record):
    """The override for arms that give themselves away: what is done to every image of every arm alike."""

    reason: str = Field(min_length=10, description="Why, in a sentence; it is written into the design.")
    size: tuple[int, int] | None = Field(None, description="Rows and columns: scaled to cover, then centred.")
    crop: int = Field(0, ge=0, le=512, description="Pixels cut off at each side, before scaling.")
    window: tuple[float, float] | None = Field(None, description="Values cut off at these limits.")
    stretch: bool = Field(False, description="Each image's 0.5 and 99.5 percentiles become 0 and the highest level.")
    levels: int = Field(0, ge=0, le=65536, description="Grey levels; 0 keeps what there is, 256 suits 8 bits.")
    jpeg: int = Field(0, ge=0, le=100, description="JPEG quality that 8-bit pictures pass through; 0 passes none.")
    accept: tuple[str, ...] = Field((), description="Give-aways that remain and are accepted, by name.")


class AnalysisSpec(Record):
    """What will be tested, fixed before anyone reads."""

    alpha: float = Field(0.05, gt=0, lt=0.5, description="Two-sided level; equivalence uses it one-sided twice.")
    margin: float = Field(0.05, gt=0, lt=0.5, description="Largest difference in AUC or share right that is nothing.")
    hypothesis: Literal["difference", "non_inferiority", "equivalence"] = Field(
        "equivalence", description="What is to be shown."
    )


class ReaderStudy(Record):
    """A reader study. Every field of the file is here; unknown names are faults."""

    schema_version: int = Field(READER_SCHEMA_VERSION, description="Version of this file's format.")
    title: str = Field(min_length=3, max_length=200, description="Seen by readers: it must not give the arms away.")
    question: str = Field(min_length=10, description="The question that the study answers; readers do not see it.")
    kind: StudyKind = Field(description="turing, choice, quality, diagnostic or change.")
    instructions: str = Field("", max_length=4000, description="What readers are told before they begin.")
    seed: int = Field(20260101, description="Root of every random order.")
    readers: int | tuple[str, ...] = Field(description="How many readers, or their codes (never their names).")
    cases: str = Field("", description="Table (CSV) of cases: case, subject, truth, note, x, y, slice, radius.")
    intended_use: str = Field("research; not for diagnosis", description="What the study is for.")
    arms: tuple[ArmSpec, ...] = Field(min_length=1, description="The sets of images.")
    design: DesignSpec = Field(default=DesignSpec(), description="Orders, repeats, blocks.")
    scale: ScaleSpec = Field(default=ScaleSpec(), description="Rating of diagnostic and change studies.")
    items: tuple[ItemSpec, ...] = Field((), max_length=12, description="Statements of a quality study.")
    artefacts: tuple[str, ...] = Field((), max_length=20, description="Artefacts that readers may tick.")
    windows: tuple[WindowSpec, ...] = Field((), max_length=6, description="Windows to choose from.")
    reencode: ReencodeSpec | None = Field(None, description="What is done where arms give themselves away.")
    analysis: AnalysisSpec = Field(default=AnalysisSpec(), description="What will be tested.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        faults = [*_reader_faults(self.readers), *_arm_faults(self)]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def codes(self) -> tuple[str, ...]:
        """The readers' codes; ``r01``, ``r02`` ... where only their number is given."""
        if isinstance(self.readers, int):
            return tuple(f"r{number:02d}" for number in range(1, self.readers + 1))
        return self.readers

    def of(self, *roles: ArmRole) -> tuple[ArmSpec, ...]:
        """The arms of these roles, as written."""
        return tuple(arm for arm in self.arms if arm.role in roles)


def _reader_faults(readers: int | tuple[str, ...]) -> list[str]:
    if isinstance(readers, int):
        return [] if 1 <= readers <= 500 else ["readers must be between 1 and 500"]
    import re

    wrong = [code for code in readers if not re.match(NAME, code)]
    twice = [code for code, times in Counter(readers).items() if times > 1]
    return [
        *(f"reader code {code!r} may hold letters, digits, '-', '_' and '.' only" for code in wrong),
        *(f"two readers have the code {code!r}" for code in twice),
        *(["readers is empty"] if not readers else []),
    ]


def _arm_faults(study: ReaderStudy) -> list[str]:
    faults = [f"two arms are called {name!r}" for name, n in Counter(a.name for a in study.arms).items() if n > 1]
    for arm in study.arms:
        if not arm.path and not arm.role.control:
            faults.append(f"arm {arm.name!r} has no path; only controls are made of the real images")
        elif not arm.path and not arm.count:
            faults.append(f"control {arm.name!r} is made of real images and needs a count")
    if any(arm.role.control and not arm.path for arm in study.arms) and len(study.of(ArmRole.REAL)) != 1:
        faults.append("a control without a path is made of the one real arm, so there must be exactly one")
    return faults + [words for wrong, words in _kind_rules(study) if wrong]


def _kind_rules(study: ReaderStudy) -> list[tuple[bool, str]]:
    """What each kind of study needs: whether it is broken, and in words."""
    kind, aids = study.kind, study.of(ArmRole.AID)
    controls = [arm for arm in study.arms if arm.role.control]
    told_apart = kind in (StudyKind.TURING, StudyKind.CHOICE)
    rated = kind in (StudyKind.DIAGNOSTIC, StudyKind.CHANGE)
    return [
        (told_apart and len(study.of(ArmRole.REAL)) != 1, f"a {kind} study has exactly one arm of role real"),
        (
            told_apart and not study.of(ArmRole.SYNTHETIC) and not controls,
            f"a {kind} study needs an arm to tell from the real one: synthetic or a control",
        ),
        (rated and bool(controls), f"a {kind} study compares arms on one truth and has no control arms"),
        (rated and not study.cases, f"a {kind} study needs `cases`, a table with the truth of each case"),
        (
            kind is StudyKind.CHANGE and (len(aids) != 1 or len(study.arms) != 2),
            "a change study has two arms: one that is read, and one of role aid",
        ),
        (kind is not StudyKind.CHANGE and bool(aids), "only a change study has an arm of role aid"),
        (kind is StudyKind.QUALITY and not study.items, "a quality study needs [[items]] to rate"),
        (
            kind is StudyKind.CHOICE and any(arm.beside for arm in study.arms),
            "a choice study shows its alternatives side by side and has no room for `beside`",
        ),
    ]
