"""What an audit of a data set found: who stands on two sides of the split, and what is there twice."""

from __future__ import annotations

from pydantic import Field

from synthassay.records.base import Record


class NearPair(Record):
    """Two images that are nearly the same.

    Attributes:
        a: Name of the one on the earlier split; ``b`` of the other.
        correlation: Of their detail, after the best mirroring, zoom and shift.
        splits: Their splits, ``train|val``; ``|`` alone where none is known.
        same_subject: Whether both show one subject; None where a subject is unknown.
    """

    a: str
    b: str
    correlation: float
    splits: str
    same_subject: bool | None = None


class NaturalBound(Record):
    """Above which correlation two images count as near-duplicates, and what that rests on.

    Attributes:
        role: Of the images that were compared with each other.
        dimensions: 2 for pictures, 3 for volumes.
        images: How many images with different pixels were compared.
        calibrated_on: How many of them had an image of another subject to calibrate by; 0: the bound is a fixed one.
        median: Half of these have an image of another subject more alike than this; None where uncalibrated.
        highest: The highest correlation between different subjects, near-duplicates included.
    """

    role: str
    dimensions: int
    images: int
    bound: float
    calibrated_on: int = 0
    median: float | None = None
    highest: float | None = None


class AuditedSplit(Record):
    """What stands on one side of the split.

    Attributes:
        subjects: Known subjects.
        first_date: Earliest acquisition; empty where unknown.
        labels: Class to images.
        sites: Site to images; ``scanners`` likewise.
        label_shift: Half the sum of differences of class shares from the first split's: 0 equal, 1 disjoint.
    """

    images: int
    subjects: int
    first_date: str = ""
    last_date: str = ""
    labels: dict[str, int] = {}
    sites: dict[str, int] = {}
    scanners: dict[str, int] = {}
    label_shift: float | None = None


class AboutImage(Record):
    """An image that the findings name, in other words than its name.

    Attributes:
        case: Case identifier, as a study would give it.
        file: File and, inside it, array and row.
    """

    case: str
    role: str
    file: str
    split: str = ""
    subject: str = ""


class Audit(Record):
    """The whole finding.

    Attributes:
        data: What was audited, as asked for.
        found_as: How the cases were found, in words.
        images: Images that could be read.
        subjects: Known subjects.
        without_subject: Images whose data name no subject: that none of these crosses cannot be proven.
        splits: By name in the words of the data.
        exact_duplicates: Groups of images with equal pixels, whatever their files.
        cross_split_exact: Pair of splits to the images of the second with an exact copy in the first.
        near_duplicates: Pairs whose pixels differ, first those on two sides of the split.
        subjects_crossing: Subjects with images on two sides; DICOM studies, series, sites, scanners and days likewise.
        constant: Images of one value, which are no copies of each other.
        unreadable: Image to the reason for which it was not compared.
        about: Every image named above.
    """

    data: str
    found_as: str
    images: int
    subjects: int
    without_subject: int
    splits: dict[str, AuditedSplit]
    exact_duplicates: tuple[tuple[str, ...], ...] = ()
    cross_split_exact: dict[str, tuple[str, ...]] = {}
    near_duplicates: tuple[NearPair, ...] = ()
    subjects_crossing: tuple[str, ...] = ()
    studies_crossing: tuple[str, ...] = ()
    series_crossing: tuple[str, ...] = ()
    sites_crossing: tuple[str, ...] = ()
    scanners_crossing: tuple[str, ...] = ()
    days_crossing: tuple[str, ...] = ()
    bounds: tuple[NaturalBound, ...] = ()
    constant: tuple[str, ...] = ()
    unreadable: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    about: dict[str, AboutImage] = Field(default_factory=dict)

    @property
    def leaks(self) -> bool:
        """Whether a subject, a DICOM study or series, or an exact image stands on two sides of the split."""
        crossing = self.subjects_crossing or self.studies_crossing or self.series_crossing
        return bool(crossing) or any(self.cross_split_exact.values())

    @property
    def near_across(self) -> tuple[NearPair, ...]:
        """Near-duplicates on two sides of the split."""
        return tuple(pair for pair in self.near_duplicates if len(set(pair.splits.split("|"))) > 1)
