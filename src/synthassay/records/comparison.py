"""Two runs side by side: what ``synthassay compare`` finds, and what a run keeps so that it can be compared."""

from __future__ import annotations

from synthassay.records.base import Record
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Better

JUDGED = "judged.json"


class JudgedCases(Record):
    """``evaluation/judged.json`` of a run that judged images from elsewhere: on which patients, and which images.

    Attributes:
        real_sha256: Fingerprint of the real images' files.
        references: Synthetic case to the real case that it should equal; empty where they are not pairs.
        subjects: Real case to subject.
    """

    real_sha256: str
    references: dict[str, str]
    subjects: dict[str, str]


class WithinMargin(Record):
    """Whether a difference lies within a margin that would not matter.

    Attributes:
        margin: Stated by whoever compares, in the measure's unit.
        p: Of two one-sided tests, adjusted as the row's p is; at most 0.05 shows equivalence.
        interval: 90 % interval of the mean of patients' differences, which the test looks at.
        not_worse_p: That the first is not worse than the second by more than the margin; None for a measure with a
            target.
    """

    margin: float
    p: float
    interval: Interval
    not_worse_p: float | None = None


class PairedRow(Record):
    """One measure on the cases that both runs measured.

    Attributes:
        a: Mean of the first on these cases; ``b`` of the second.
        difference: a - b, with its interval by patients.
        p: Two-sided, of patients' mean differences; ``adjusted_p`` by Holm over all rows of the table.
        n: Cases in common; ``only_a`` and ``only_b`` how many only one of the two measured.
        says: What this shows, in words.
        not_compared: Why there are no numbers.
    """

    metric: str
    title: str
    stratum: str = ""
    unit: str
    better: Better
    a: float | None = None
    b: float | None = None
    difference: float | None = None
    interval: Interval | None = None
    p: float | None = None
    adjusted_p: float | None = None
    within: WithinMargin | None = None
    n: int = 0
    subjects: int = 0
    only_a: int = 0
    only_b: int = 0
    says: str = ""
    not_compared: str = ""


class SetRow(Record):
    """One measure of whole sets in both runs, which has no cases to pair.

    Attributes:
        says: What the two intervals and floors show, in words.
    """

    metric: str
    title: str
    stratum: str = ""
    unit: str
    better: Better
    a: float | None = None
    a_interval: Interval | None = None
    a_floor: float | None = None
    b: float | None = None
    b_interval: Interval | None = None
    b_floor: float | None = None
    says: str


class RunComparison(Record):
    """Two judged sets, one of each run.

    Attributes:
        a: Run and set, as ``run: set``; ``b`` likewise.
        same_patients: Whether both runs judged on the same real images of the same patients.
        notes: What a reader must know: how many comparisons were corrected for, what was left out.
    """

    a: str
    b: str
    protocol: str
    same_patients: bool
    paired: tuple[PairedRow, ...]
    sets: tuple[SetRow, ...]
    notes: tuple[str, ...] = ()
