"""The unbiased squared maximum mean discrepancy, cubic or Gaussian, and its standard error, both by subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.neighbours import ROUNDING
from synthassay.shapes import Features

ELEMENTS = 2_000_000  # kernel values held at a time, whatever the number of images
MEDIAN_IMAGES = 2000  # enough for a median; all pairs of more would cost without changing it

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Rows of two sets of features -> ``rows rows`` of similarities."""


@dataclass(frozen=True)
class Discrepancy:
    """An unbiased estimate, which may be negative, and its jackknife standard error over subjects."""

    value: float
    standard_error: float


def cubic(x: Features, y: Features) -> np.ndarray:
    """Return k(x, y) = (x.y / d + 1)^3, the kernel of Binkowski et al. 2018, arXiv 1801.01401, section 4."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def gaussian(bandwidth: float) -> Kernel:
    """Return the kernel exp(-|x - y|^2 / (2 bandwidth^2)).

    Source: Gretton et al. 2012, JMLR 13:723, section 8.
    """

    def kernel(x: Features, y: Features) -> np.ndarray:
        lengths = (x * x).sum(1)[:, None] + (y * y).sum(1)
        squared = lengths - 2 * x @ y.T
        squared[squared < ROUNDING * lengths] = 0.0
        return np.exp(squared / (-2 * bandwidth**2))

    return kernel


def median_distance(sample: Sample) -> float:
    """Return the median distance between images of different subjects; of every k-th image where there are many.

    Raises:
        NotMeasured: There is one subject only, or most images are equal.
    """
    sample = sample.take(np.arange(0, len(sample), -(-len(sample) // MEDIAN_IMAGES)))
    rows = sample.features - sample.features.mean(0)
    lengths = (rows * rows).sum(1)
    above = np.triu_indices(len(rows), 1)
    squared = (lengths[:, None] + lengths - 2 * rows @ rows.T)[above]
    apart = sample.subjects[above[0]] != sample.subjects[above[1]]
    median = float(np.sqrt(max(np.median(squared[apart]), 0.0))) if apart.any() else 0.0
    if median <= 0:
        raise NotMeasured("real images have no median distance to scale a kernel by: too few subjects, or equal images")
    return median


def kernel_discrepancy(first: Sample, second: Sample, kernel: Kernel = cubic) -> Discrepancy:
    """Return MMD^2, leaving out pairs of images of one subject.

    The usual estimator leaves out the diagonal because an image is like itself; images of one patient are alike for the
    same reason, so with several per patient their pairs are left out as well. Cross pairs are all kept. The standard
    error leaves out each subject of each set in turn, from kernel sums that are computed once.

    Args:
        first: Features and subjects, at least two subjects.
        second: The same, of the other set.
        kernel: Similarity of two rows.

    Raises:
        NotMeasured: A set has fewer than three subjects.

    Source: Gretton et al. 2012, JMLR 13:723, eq. 3 (unbiased statistic); delete-one-group jackknife, Shao and Wu 1989,
    doi:10.1214/aos/1176347263.
    """
    one, two, between = _Within.of(first, kernel), _Within.of(second, kernel), _Between.of(first, second, kernel)
    both = one.mean + two.mean - 2 * between.mean
    without_first = one.without() + two.mean - 2 * between.without_first(first)
    without_second = one.mean + two.without() - 2 * between.without_second(second)
    variance = _jackknife_variance(without_first) + _jackknife_variance(without_second)
    return Discrepancy(both, float(np.sqrt(variance)))


def _jackknife_variance(left_out: np.ndarray) -> float:
    count = len(left_out)
    return float((count - 1) / count * ((left_out - left_out.mean()) ** 2).sum())


def _row_blocks(first: Sample, second: Sample) -> Iterator[slice]:
    step = max(ELEMENTS // len(second), 1)
    return (slice(start, start + step) for start in range(0, len(first), step))


def _per_subject(values: np.ndarray, sample: Sample) -> np.ndarray:
    return np.bincount(sample.subjects, weights=values, minlength=int(sample.subjects.max()) + 1)


@dataclass(frozen=True)
class _Within:
    """Sum and number of pairs of images of different subjects, and each subject's part in them."""

    total: float
    pairs: float
    by_subject: np.ndarray
    pairs_by_subject: np.ndarray

    @classmethod
    def of(cls, sample: Sample, kernel: Kernel) -> _Within:
        sizes = np.bincount(sample.subjects).astype(float)
        if len(sizes) < 3:
            raise NotMeasured("a kernel distance needs at least three subjects in each set")
        sums = np.empty(len(sample))
        for rows in _row_blocks(sample, sample):
            values = kernel(sample.features[rows], sample.features)
            values[sample.subjects[rows, None] == sample.subjects] = 0.0
            sums[rows] = values.sum(1)
        others = sizes * (len(sample) - sizes)
        return cls(float(sums.sum()), float(others.sum()), _per_subject(sums, sample), others)

    @property
    def mean(self) -> float:
        return self.total / self.pairs

    def without(self) -> np.ndarray:
        """The mean with each subject left out; each of its pairs counts twice in the symmetric sums."""
        return (self.total - 2 * self.by_subject) / (self.pairs - 2 * self.pairs_by_subject)


@dataclass(frozen=True)
class _Between:
    """Sums of the cross kernel by row and by column."""

    rows: np.ndarray
    columns: np.ndarray

    @classmethod
    def of(cls, first: Sample, second: Sample, kernel: Kernel) -> _Between:
        rows, columns = np.empty(len(first)), np.zeros(len(second))
        for block in _row_blocks(first, second):
            values = kernel(first.features[block], second.features)
            rows[block] = values.sum(1)
            columns += values.sum(0)
        return cls(rows, columns)

    @property
    def mean(self) -> float:
        return float(self.rows.sum()) / (len(self.rows) * len(self.columns))

    def without_first(self, first: Sample) -> np.ndarray:
        left = len(self.rows) - np.bincount(first.subjects)
        return (self.rows.sum() - _per_subject(self.rows, first)) / (left * len(self.columns))

    def without_second(self, second: Sample) -> np.ndarray:
        left = len(self.columns) - np.bincount(second.subjects)
        return (self.columns.sum() - _per_subject(self.columns, second)) / (left * len(self.rows))
