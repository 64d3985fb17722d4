"""Whether looking good means helping: what ``synthassay discord`` finds over several synthetic sets."""

from __future__ import annotations

from synthassay.records.base import Record
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Axis, Better

DISCORDANCE = "discordance.json"


class Spot(Record):
    """One set under one measure.

    Attributes:
        of: Name of the set; with its run in front where several runs are read.
        kind: ``generator``, ``baseline`` or ``control``.
    """

    of: str
    kind: str
    value: float
    interval: Interval | None = None


class Reversal(Record):
    """Two sets of which the one that looks better helps less, both beyond the intervals of the differences."""

    looks_better: str
    helps_more: str


class ProxyRow(Record):
    """One measure of fidelity or diversity, beside the gain.

    Attributes:
        tau: Kendall's tau-b with the gain, turned so that 1 means: the better it looks, the more it helps.
        p: Two-sided permutation p; ``adjusted_p`` by Holm over the measures of the block.
        n: Sets that have both numbers; ``without`` says of the others why not.
        spots: The measure's values, in the order of the sets.
        reversals: Shown ones; ``within_noise`` counts pairs whose order differs without lying beyond the intervals.
        not_correlated: Why there is no tau.
    """

    metric: str
    title: str
    axis: Axis
    unit: str
    better: Better
    target: float | None = None
    tau: float | None = None
    interval: Interval | None = None
    p: float | None = None
    adjusted_p: float | None = None
    n: int = 0
    without: dict[str, str] = {}
    spots: tuple[Spot, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    within_noise: int = 0
    says: str = ""
    not_correlated: str = ""


class DiscordanceBlock(Record):
    """Sets that were judged by one protocol on the same real images.

    Attributes:
        gain_stratum: The stratum of the gain, where it has any.
        sets: The gain of each set.
        best: Metric of the best proxy; empty where none can be told from chance.
        says: The answer, as one sentence.
    """

    modality: str
    task: str
    protocol: str
    runs: tuple[str, ...]
    gain: str = ""
    gain_title: str = ""
    gain_stratum: str = ""
    gain_unit: str = ""
    sets: tuple[Spot, ...] = ()
    rows: tuple[ProxyRow, ...] = ()
    best: str = ""
    says: str
    notes: tuple[str, ...] = ()


class Discordance(Record):
    """``discordance.json``: one block per kind of run that can be pooled."""

    blocks: tuple[DiscordanceBlock, ...]
