"""Normalised mutual information: how well one image's values tell the other's, whatever their contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import check_pair, picked
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask

BINS = 64
SLAB_VALUES = 100_000


@metric(
    title="Normalised mutual information",
    axis=Axis.FIDELITY,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.1016/S0031-3203(98)00091-0",
    settings={
        "bins": BINS,
        "bin_range": "the declared data range; values beyond it count in the outermost bins",
        "form": "(H(A) + H(B)) / H(A, B)",
    },
)
def normalised_mutual_information(
    synthetic: Pixels, reference: Pixels, data_range: tuple[float, float], mask: SpatialMask | None = None
) -> float:
    """Return (H(synthetic) + H(reference)) / H(both) inside the mask, from a joint histogram of 64 x 64 bins.

    It does not ask that values be equal, only that each value of one image go with one of the other: a wrong scale or
    an inverted contrast costs little. Few pixels raise it, as a sparse joint histogram looks like dependence, so
    images of different size are not comparable. Channels are averaged.

    Args:
        synthetic: ``channels *space`` in physical units.
        reference: ``channels *space`` in the same units.
        data_range: Lowest and highest possible value, between which the bins lie.
        mask: ``*space``; the whole picture where None.

    Returns:
        From 1, where nothing is shared, to 2, where each bin of one image goes with one bin of the other.

    Raises:
        NotMeasured: All of the reference lies in one bin, so that there is nothing to know of it; or as in ``mae``.

    Source:
        Studholme, Hill and Hawkes, Pattern Recognition 32:71 (1999), doi:10.1016/S0031-3203(98)00091-0.

    Example:
        >>> real = np.array([[0.0, 1.0, 2.0, 3.0]])
        >>> normalised_mutual_information(3 - real, real, (0.0, 3.0))
        2.0
    """
    check_pair(synthetic, reference, mask)
    first, second = picked(synthetic, mask), picked(reference, mask)
    return float(np.mean([_of_channel(one, two, data_range) for one, two in zip(first, second, strict=True)]))


def _of_channel(one: np.ndarray, two: np.ndarray, data_range: tuple[float, float]) -> float:
    counts = np.zeros(BINS * BINS, np.intp)
    for start in range(0, one.size, SLAB_VALUES):
        part = slice(start, start + SLAB_VALUES)
        counts += np.bincount(_bins(one[part], data_range) * BINS + _bins(two[part], data_range), minlength=BINS * BINS)
    joint = counts.reshape(BINS, BINS)
    alone = joint.sum(0)
    if np.count_nonzero(alone) == 1:
        width = (data_range[1] - data_range[0]) / BINS
        raise NotMeasured(f"all values of its reference lie within one of the {BINS} bins of {width:g}")
    return (_entropy(joint.sum(1)) + _entropy(alone)) / _entropy(joint.ravel())


def _bins(values: np.ndarray, data_range: tuple[float, float]) -> NDArray[np.intp]:
    low, high = data_range
    return np.clip((values.astype(np.float64) - low) * (BINS / (high - low)), 0, BINS - 1).astype(np.intp)


def _entropy(counts: NDArray[np.intp]) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
