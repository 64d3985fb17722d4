"""Intra-class MS-SSIM: how alike two random synthetic images of one class are, beside two real patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.ms_ssim import ms_ssim
from synthassay.evaluate.metric import Finding, Found, metric
from synthassay.images.specimen import Specimen
from synthassay.randomness import stream
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import mean_interval

MOST_PAIRS = 50
LEAST_PAIRS = 3


@dataclass(frozen=True)
class Side:
    """Images of one side, read when they are asked for, with their subjects and classes ("" where unknown)."""

    specimens: Sequence[Specimen]
    subjects: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, specimens: Sequence[Specimen], subjects: Sequence[str], labels: Sequence[str] | None) -> Side:
        """Pair images with their subjects and classes."""
        return cls(specimens, np.asarray(subjects), np.asarray(labels if labels else [""] * len(subjects), dtype=str))


@metric(
    title="Likeness within a class (MS-SSIM)",
    axis=Axis.DIVERSITY,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="arXiv:1610.09585",
    settings={"pairs": "disjoint, of different subjects", "most_pairs_per_class": MOST_PAIRS},
)
def intra_class_ms_ssim(
    synthetic_specimens: Sequence[Specimen],
    synthetic_subjects: Sequence[str],
    test_specimens: Sequence[Specimen],
    test_subjects: Sequence[str],
    data_range: tuple[float, float],
    seed: int,
    bootstrap: int,
    *,
    synthetic_labels: Sequence[str] | None = None,
    test_labels: Sequence[str] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Found:
    """Return the mean MS-SSIM of random pairs of synthetic images of one class, over the classes.

    A value above its floor, the same of two real patients, tells of images that repeat each other. One below it is no
    virtue: noise is unlike noise. Each subject takes part in one pair, so that pairs are independent.

    Args:
        synthetic_specimens: The judged images, read pair by pair.
        synthetic_subjects: Subject per case.
        test_specimens: Held-out real images.
        test_subjects: Subject per case.
        data_range: Lowest and highest possible value.
        seed: Root seed of the pairs.
        bootstrap: Resampling draws for the intervals.
        synthetic_labels: Class per case; all images are one class where either side has none.
        test_labels: Class per test image.
        real_memo: Keeps the floor for other generators.

    Returns:
        One finding over all classes, then one per class, each in [0, 1].

    Raises:
        NotMeasured: No class has three pairs of subjects on both sides, or images differ in size.

    Source:
        Odena, Olah and Shlens 2017, arXiv 1610.09585, section 4.3; MS-SSIM as in ``ms_ssim``.

    Example:
        >>> texture = np.random.default_rng(0).uniform(0, 255, (40, 1, 28, 28))
        >>> people = [str(i) for i in range(40)]
        >>> sides = [[Specimen(x) for x in pixels] for pixels in (np.repeat(texture[:1], 40, axis=0), texture)]
        >>> found = intra_class_ms_ssim(sides[0], people, sides[1], people, (0, 255), 0, 200)
        >>> round(found.value, 2), found.floor < 0.3
        (1.0, True)
    """
    classed = synthetic_labels is not None and test_labels is not None
    synthetic = Side.of(synthetic_specimens, synthetic_subjects, synthetic_labels if classed else None)
    real = Side.of(test_specimens, test_subjects, test_labels if classed else None)
    memo: dict[Any, Any] = {} if real_memo is None else real_memo
    found: dict[str, tuple[list[float], list[float]]] = {}
    lacking: dict[str, str] = {}
    for name in sorted({*synthetic.labels.tolist(), *real.labels.tolist()}):
        key = ("intra_class_ms_ssim", name, seed, data_range)
        try:
            if key not in memo:
                memo[key] = likenesses(real, name, data_range, stream(seed, "real pairs", name), "unseen real")
            ours = likenesses(synthetic, name, data_range, stream(seed, "synthetic pairs", name), "synthetic")
            found[name] = ours, memo[key]
        except NotMeasured as problem:
            lacking[name] = problem.reason
    if not found:
        raise NotMeasured("; ".join(dict.fromkeys(lacking.values())))
    rng = stream(seed, "intervals")
    rows = [_finding(list(found.values()), "", rng, bootstrap)]
    if len(found) + len(lacking) > 1:
        rows += [_finding([pair], f"class={name}", rng, bootstrap) for name, pair in found.items()]
        rows += [Finding(stratum=f"class={name}", not_measured=reason) for name, reason in lacking.items()]
    return rows if len(rows) > 1 else rows[0]


def likenesses(
    side: Side, label: str, data_range: tuple[float, float], rng: np.random.Generator, kind: str
) -> list[float]:
    """Return the MS-SSIM of disjoint random pairs of subjects of one class, one random image each.

    Raises:
        NotMeasured: There are fewer than three pairs, or images differ in size.
    """
    of_class = np.flatnonzero(side.labels == label)
    owners = rng.permutation(np.unique(side.subjects[of_class]))
    count = min(len(owners) // 2, MOST_PAIRS)
    if count < LEAST_PAIRS:
        where = f" of class {label}" if label else ""
        raise NotMeasured(f"{len(owners)} {kind} subjects{where} make fewer than {LEAST_PAIRS} pairs")
    chosen = [int(rng.choice(of_class[side.subjects[of_class] == owner])) for owner in owners[: 2 * count]]
    values = []
    for first, second in zip(chosen[::2], chosen[1::2], strict=True):
        one, other = side.specimens[first].pixels, side.specimens[second].pixels
        if one.shape != other.shape:
            raise NotMeasured(f"it compares images of one size, and two {kind} ones have {one.shape} and {other.shape}")
        values.append(ms_ssim(one, other, data_range))
    return values


def _finding(
    pairs: Sequence[tuple[list[float], list[float]]], stratum: str, rng: np.random.Generator, bootstrap: int
) -> Finding:
    ours, real = ([value for pair in pairs for value in pair[side]] for side in (0, 1))
    each = [[str(i) for i in range(len(values))] for values in (ours, real)]
    return Finding(
        value=float(np.mean([np.mean(pair[0]) for pair in pairs])),
        interval=mean_interval(ours, each[0], rng=rng, draws=bootstrap),
        stratum=stratum,
        n=2 * len(ours),
        subjects=2 * min(len(ours), len(real)),
        floor=float(np.mean([np.mean(pair[1]) for pair in pairs])),
        floor_interval=mean_interval(real, each[1], rng=rng, draws=bootstrap),
        settings={"pairs_measured": len(ours), "real_pairs": len(real), "classes": len(pairs)},
    )
