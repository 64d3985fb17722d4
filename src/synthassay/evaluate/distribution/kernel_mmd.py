"""The unbiased squared maximum mean discrepancy with a cubic kernel, and its standard error, both by subject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample

ELEMENTS = 2_000_000  # kernel values held at a time, whatever the number of images


@dataclass(frozen=True)
class Discrepancy:
    """An unbiased estimate, which may be negative, and its jackknife standard error over subjects."""

    value: float
    standard_error: float


def kernel_discrepancy(first: Sample, second: Sample) -> Discrepancy:
    """Return MMD^2 with k(x, y) = (x.y / d + 1)^3, leaving out pairs of images of one subject.

    The usual estimator leaves out the diagonal because an image is like itself; images of one patient are alike for the
    same reason, so with several per patient their pairs are left out as well. Cross pairs are all kept. The standard
    error leaves out each subject of each set in turn, from kernel sums that are computed once.

    Args:
        first: Features and subjects, at least two subjects.
        second: The same, of the other set.

    Raises:
        NotMeasured: A set has fewer than three subjects.

    Source: Gretton et al. 2012, JMLR 13:723, eq. 3 (unbiased statistic); kernel of Binkowski et al. 2018,
    arXiv 1801.01401, section 4; delete-one-group jackknife, Shao and Wu 1989, doi:10.1214/aos/1176347263.
    """
    one, two, between = _Within.of(first), _Within.of(second), _Between.of(first, second)
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


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3


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
    def of(cls, sample: Sample) -> _Within:
        sizes = np.bincount(sample.subjects).astype(float)
        if len(sizes) < 3:
            raise NotMeasured("a kernel distance needs at least three subjects in each set")
        sums = np.empty(len(sample))
        for rows in _row_blocks(sample, sample):
            kernel = _kernel(sample.features[rows], sample.features)
            kernel[sample.subjects[rows, None] == sample.subjects] = 0.0
            sums[rows] = kernel.sum(1)
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
    def of(cls, first: Sample, second: Sample) -> _Between:
        rows, columns = np.empty(len(first)), np.zeros(len(second))
        for block in _row_blocks(first, second):
            kernel = _kernel(first.features[block], second.features)
            rows[block] = kernel.sum(1)
            columns += kernel.sum(0)
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
