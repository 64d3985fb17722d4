"""The training image that a synthetic image resembles most, even where it was mirrored or moved a little.

Comparing every pair under every shift would be slow, so candidates are found first: the image with the nearest
pattern, and those with the nearest spectra, whose magnitudes hardly change when an image moves. Candidates are then
compared under every small shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from synthassay.evaluate.leakage.prints import Prints

CANDIDATES = 7
SHIFT_SHARE = 8  # shifts up to one eighth of the grid
LOW_FREQUENCIES = 8
ROWS_AT_ONCE = 64

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Match:
    """Per judged image: the highest correlation with a training image, and that image's position."""

    correlation: Floats
    position: NDArray[np.intp]


def best_match(judged: Prints, training: Prints) -> Match:
    """Return each image's best correlation with any training image over mirrorings and small shifts."""
    spectra = spectrum(training.patterns)
    centre, spread = spectra.mean(axis=0), spectra.std(axis=0) + 1e-6
    spectra = (spectra - centre) / spread
    best = np.full(len(judged), -1.0)
    where = np.zeros(len(judged), dtype=np.intp)
    axes = range(2, judged.patterns.ndim)
    for flips in product((False, True), repeat=len(axes)):
        mirrored = np.flip(judged.patterns, tuple(a for a, flip in zip(axes, flips, strict=True) if flip))
        for start in range(0, len(judged), ROWS_AT_ONCE):
            rows = mirrored[start : start + ROWS_AT_ONCE]
            candidates = _candidates(rows, training, (spectrum(rows) - centre) / spread, spectra)
            correlation = shifted_correlation(rows, training.patterns, candidates)
            pick = correlation.argmax(axis=1)
            found = np.take_along_axis(correlation, pick[:, None], 1)[:, 0]
            better = found > best[start : start + len(rows)]
            best[start : start + len(rows)][better] = found[better]
            where[start : start + len(rows)][better] = np.take_along_axis(candidates, pick[:, None], 1)[better, 0]
    return Match(best, where)


def spectrum(patterns: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log magnitudes of the low frequencies, ``cases values``: the same for an image and its circular shift."""
    axes = tuple(range(2, patterns.ndim))
    magnitude = np.abs(fft.rfftn(patterns, axes=axes))
    for axis in axes:
        size = magnitude.shape[axis]
        last = axis == axes[-1]
        low = range(min(size, LOW_FREQUENCIES + 1))
        kept = low if last else sorted({k % size for step in low for k in (step, -step)})
        magnitude = np.take(magnitude, list(kept), axis=axis)
    return np.log(magnitude + 1e-4).reshape(len(patterns), -1).astype(np.float32)


def shifted_correlation(
    rows: NDArray[np.float32], patterns: NDArray[np.float32], candidates: NDArray[np.intp]
) -> Floats:
    """Return the highest correlation of each row with its candidates over all small shifts, on the overlap alone.

    Args:
        rows: ``cases channels *grid``.
        patterns: ``training channels *grid``.
        candidates: ``cases candidates``: positions in ``patterns``.

    Returns:
        ``cases candidates``, from -1 to 1.

    Source:
        Normalised cross-correlation with masks: Padfield, IEEE Trans Image Process 21:2706 (2012),
        doi:10.1109/TIP.2011.2181402, eq. 15, with rectangles for masks.
    """
    space = rows.shape[2:]
    axes = tuple(range(3, rows.ndim + 1))
    ones, others = rows[:, None], patterns[candidates]
    padded = [fft.next_fast_len(size + _reach(size), real=True) for size in space]
    transformed = fft.rfftn(others, padded, axes) * np.conj(fft.rfftn(ones, padded, axes))
    products = fft.irfftn(transformed, padded, axes).sum(axis=2)
    for axis, (size, length) in enumerate(zip(space, padded, strict=True), start=2):
        products = np.take(products, [shift % length for shift in _shifts(size)], axis=axis)
    count = rows.shape[1] * _window_sums(np.ones((1, 1, *space)), forward=True)
    mine, my_squares = (_window_sums(v.sum(axis=2, dtype=np.float64), forward=False) for v in (ones, ones**2))
    theirs, their_squares = (_window_sums(v.sum(axis=2, dtype=np.float64), forward=True) for v in (others, others**2))
    covariance = products - mine * theirs / count
    variances = (my_squares - mine**2 / count) * (their_squares - theirs**2 / count)
    flat = variances <= 1e-9
    correlation = np.where(flat, -1.0, covariance / np.sqrt(np.where(flat, 1.0, variances)))
    return correlation.reshape(*candidates.shape, -1).max(axis=-1)


def _window_sums(values: Floats, *, forward: bool) -> Floats:
    """Return, per shift, the sum over the part that overlaps: of what is moved to (forward) or moved from."""
    for axis in range(2, values.ndim):
        values = np.moveaxis(np.tensordot(values, _windows(values.shape[axis], forward), (axis, 1)), -1, axis)
    return values


@cache
def _windows(size: int, forward: bool) -> Floats:
    """Return ``shifts size``: 1 where the part that overlaps lies."""
    steps = np.array(_shifts(size))[:, None] * (1 if forward else -1)
    cells = np.arange(size)
    return ((cells >= steps) & (cells < size + steps)).astype(np.float64)


def _candidates(
    rows: NDArray[np.float32], training: Prints, spectra: NDArray[np.float32], known: NDArray[np.float32]
) -> NDArray[np.intp]:
    by_pattern = (rows.reshape(len(rows), -1) @ training.rows.T).argmax(axis=1)[:, None]
    by_spectrum = (known**2).sum(axis=1) - 2 * spectra @ known.T
    count = min(CANDIDATES, len(training))
    return np.concatenate([by_pattern, np.argpartition(by_spectrum, count - 1, axis=1)[:, :count]], axis=1)


def _reach(size: int) -> int:
    return size // SHIFT_SHARE


def _shifts(size: int) -> list[int]:
    return list(range(-_reach(size), _reach(size) + 1))
