"""What a downstream model may be trained on, and how well a segmenter then outlines structures of real patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.structure.label_maps import diagonal, structure_pairs
from synthassay.records.measurement import Interval
from synthassay.records.spec import SegmentationSpec
from synthassay.stats.equivalence import difference_p

PERCENT = 95
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Arm:
    """What one downstream model is trained on; all arms have the same network, steps and seeds.

    Attributes:
        real: Share of the real training patients; 0 for none.
        ratio: Synthetic images per real image; 0 for none. Without real patients, all synthetic images.
        classical: Whether crops are also augmented by classical means.
        first: Half of the steps on all synthetic images, then the other half on the real ones.
        only: The one class of which synthetic images are added; all where empty.
        chosen: By what the synthetic images that are added were chosen; at random where empty.
    """

    real: float
    ratio: float = 0.0
    classical: bool = False
    first: bool = False
    only: str = ""
    chosen: str = ""

    @property
    def needs_synthetic(self) -> bool:
        """Whether it depends on the synthetic images."""
        return self.real == 0 or self.ratio > 0 or self.first

    @property
    def stratum(self) -> str:
        """Its name in tables.

        >>> Arm(0.05, 4.0).stratum, Arm(1.0, 1.0, classical=True).stratum, Arm(0.25, first=True).stratum
        ('real=5%, ratio=4', 'real=100%, ratio=1, over augmentation', 'real=25%, synthetic first')
        """
        words = [f"real={100 * self.real:g}%"]
        if self.ratio:
            words.append(f"ratio={self.ratio:g}")
        if self.classical:
            words.append("over augmentation")
        if self.first:
            words.append("synthetic first")
        if self.only:
            words.append(f"only {self.only} added")
        if self.chosen:
            words.append(f"chosen by {self.chosen}")
        return ", ".join(words)

    @property
    def without(self) -> Arm:
        """The same arm without any synthetic image: what a gain is a gain over."""
        return Arm(self.real, classical=self.classical)


def regimes(asked: SegmentationSpec) -> list[Arm]:
    """Return every way in which the study adds synthetic images to real ones.

    The first one, all real patients and the first ratio, is the headline.
    """
    shares = sorted(asked.fractions, reverse=True)
    added = [Arm(share, ratio, classical) for classical in (False, True) for share in shares for ratio in asked.ratios]
    if not asked.classical:
        added = [arm for arm in added if not arm.classical]
    return [*added, *(Arm(share, first=True) for share in shares if asked.pretrain)]


def arms(asked: SegmentationSpec) -> list[Arm]:
    """Return every arm that the measures need: synthetic alone, real alone, and both sides of every regime."""
    both = [side for arm in regimes(asked) for side in (arm, arm.without)]
    return list(dict.fromkeys([Arm(0.0), Arm(1.0), *map(Arm, asked.fractions), *both]))


@dataclass(frozen=True, eq=False)
class Outlines:
    """How well an arm's segmenters outline the real test patients.

    Attributes:
        dice: ``trainings cases structures``, from 0 to 1.
        distance: HD95 in mm, of the same shape; NaN everywhere where the size of a voxel is unknown.
    """

    dice: Floats
    distance: Floats


def agreement(
    found: np.ndarray, drawn: np.ndarray, classes: int, spacing_mm: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Return the Dice coefficient and the HD95 in mm of each structure in one case; none is ever left out.

    A structure that only one of both maps has: Dice 0, and the image's diagonal. One that neither has: Dice 1 and 0 mm,
    since that is right.

    Args:
        found: ``*space``: class indices that were outlined, 0 for none.
        drawn: ``*space``: those that a person drew.
        classes: Number of structures.
        spacing_mm: Size of a pixel or voxel; empty where unknown, and then no distance is known.

    >>> drawn, found = np.zeros((2, 8, 8), int)
    >>> drawn[2:6, 2:6], found[3:7, 2:6] = 1, 1
    >>> agreement(found, drawn, 2, (2.0, 1.0))
    ([0.75, 1.0], [2.0, 0.0])
    """
    dice, distance = [1.0] * classes, [0.0 if spacing_mm else np.nan] * classes
    if not found.any() and not drawn.any():
        return dice, distance
    farthest = diagonal(drawn.shape, spacing_mm) if spacing_mm else np.nan
    for label, pair in structure_pairs(found, drawn):
        dice[label - 1] = pair.dice()
        if spacing_mm:
            far = farthest if pair.missing else pair.distances(spacing_mm).percentile(PERCENT)
            distance[label - 1] = far
    return dice, distance


def weighted_mean(values: Floats, truth: NDArray[np.intp], weights: Floats | None) -> Floats:
    """Return the mean over cases, per draw of weights ``draws cases`` where given: a measure for ``scoring.score``."""
    if weights is None:
        return np.array([values.mean()])
    mean: Floats = weights @ values / weights.sum(axis=1)
    return mean


def paired_p(values: Floats, others: Floats, subjects: Sequence[str]) -> float | None:
    """Return the two-sided p of Student's t on patients' mean differences, over trainings ``trainings cases``."""
    return difference_p((values - others).mean(axis=0), subjects)


def worth(curve: Sequence[tuple[int, float]], value: float) -> tuple[float, str]:
    """Return how many real patients give the same value, read off a learning curve, and whether that is a bound.

    The curve is made to rise (its running maximum) and is followed in a straight line over the logarithm of the number
    of patients. Beyond its ends there is only a bound.

    >>> worth([(2, 0.5), (8, 0.7), (32, 0.8)], 0.6)
    (4.0, '')
    >>> worth([(2, 0.5), (8, 0.7)], 0.9), worth([(2, 0.5), (8, 0.7)], 0.1)
    ((8.0, 'at least'), (0.0, 'fewer than 2'))
    """
    counts = np.array([count for count, _ in curve], np.float64)
    best = np.maximum.accumulate([found for _, found in curve])
    if value < best[0]:
        return 0.0, f"fewer than {counts[0]:g}"
    if value >= best[-1]:
        return float(counts[-1]), "at least"
    upper = int(np.searchsorted(best, value, side="right"))
    share = (value - best[upper - 1]) / (best[upper] - best[upper - 1])
    low, high = np.log(counts[[upper - 1, upper]])
    return float(np.round(np.exp(low + share * (high - low)), 9)), ""


def interval_of_draws(draws: Floats, method: str) -> Interval:
    """Return the 95 % percentile interval of bootstrap values."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(low=float(low), high=float(high), method=method)


def known_distances(outlines: Outlines) -> Floats:
    """Return the distances.

    Raises:
        NotMeasured: The size of a voxel is unknown.
    """
    if np.isnan(outlines.distance).any():
        raise NotMeasured("the size of the test images' voxels is unknown, and a distance in mm needs it")
    return outlines.distance
