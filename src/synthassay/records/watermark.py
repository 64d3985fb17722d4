"""What is said of a watermark in released pixels: how it was made, how strong it is, and what it did to measures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synthassay.records.base import Record
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Better

SCHEME: Literal["keyed-signs-1"] = "keyed-signs-1"


class MarkEffect(Record):
    """One measure, taken on the same images without and with the mark.

    Attributes:
        difference: Marked minus unmarked; its ``interval`` resamples subjects, keeping each image's pair together.
        unit: Of the values and of the difference.
        not_measured: Why there is no difference; exactly one of the two is given.
    """

    metric: str
    title: str
    stratum: str = ""
    unit: str
    better: Better
    unmarked: float | None = None
    marked: float | None = None
    difference: float | None = None
    interval: Interval | None = None
    n: int = 0
    subjects: int = 0
    not_measured: str = ""


class MarkStrength(Record):
    """How strong the mark of one image is, in the image's unit.

    Attributes:
        strength: Root mean square of what was added, where the image is not flat.
        noise: Standard deviation of the image's own noise there, before it was marked.
        score: Score of the detector on the file as it was read back.
    """

    strength: float = Field(gt=0)
    noise: float = Field(ge=0)
    score: float


class Watermark(Record):
    """The mark of a release.

    Attributes:
        identity: Fingerprint of the manifest's entries, without files and hashes; with an image's name it is the key.
        fraction: Strength over noise of images that are large enough; small ones may have up to twice as much.
        threshold: Score from which on an image counts as marked.
        false_alarms: Largest chance that an unmarked image of any content reaches the threshold.
        images: Name of each image to its strength.
        effects: What the mark did to the measures of the run.
        effects_missing: Why no measure was taken again; empty where some were.
    """

    scheme: Literal["keyed-signs-1"] = SCHEME
    identity: str = Field(pattern=r"^[0-9a-f]{64}$")
    fraction: float = Field(gt=0, le=1)
    threshold: float = Field(gt=0)
    false_alarms: float = Field(gt=0, lt=1)
    unit: str
    images: dict[str, MarkStrength]
    effects: tuple[MarkEffect, ...] = ()
    effects_missing: str = ""
