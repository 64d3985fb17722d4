"""The training image that a synthetic image resembles most, even where it was mirrored or moved a little.

Comparing every pair under every shift would be slow, so candidates are found first: the images with the nearest
pattern, and those with the nearest spectrum, whose magnitudes do not change when an image moves. Candidates are then
compared under the best shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from synthassay.evaluate.leakage.prints import Prints, unit_length

CANDIDATES = 4
SHIFT_SHARE = 8  # shifts up to one eighth of the grid
LOW_FREQUENCIES = 8
WORTH_ALIGNING = 0.8  # circular correlation below which no overlap comes near that of a copy
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
    """Return the correlation of each row with its candidates where they overlap under the best small shift.

    The shift is found by circular cross-correlation; the correlation is then taken on the overlap, not around the
    corner. Only the best candidate of each row is aligned so; the others keep their correlation without a shift.

    Args:
        rows: ``cases channels *grid``.
        patterns: ``training channels *grid``.
        candidates: ``cases candidates``: positions in ``patterns``.

    Returns:
        ``cases candidates``, from -1 to 1.
    """
    axes = tuple(range(3, rows.ndim + 1))
    others = patterns[candidates]
    product_ = fft.rfftn(others, axes=axes) * np.conj(fft.rfftn(rows[:, None], axes=axes))
    scores = fft.irfftn(product_, s=rows.shape[2:], axes=axes).sum(axis=2)
    out = scores.reshape(*candidates.shape, -1)[..., 0].copy()  # without a shift
    allowed = np.zeros(rows.shape[2:], bool)
    allowed[np.ix_(*(_small_shifts(size) for size in rows.shape[2:]))] = True
    scores = np.where(allowed, scores, -np.inf).reshape(*candidates.shape, -1)
    peaks = scores.max(axis=-1)
    for case, k in enumerate(peaks.argmax(axis=1)):
        if peaks[case, k] > WORTH_ALIGNING:
            peak = np.unravel_index(scores[case, k].argmax(), rows.shape[2:])
            out[case, k] = max(out[case, k], _overlap(rows[case], others[case, k], peak))
    return out


def _candidates(
    rows: NDArray[np.float32], training: Prints, spectra: NDArray[np.float32], known: NDArray[np.float32]
) -> NDArray[np.intp]:
    count = min(CANDIDATES, len(training))
    by_pattern = -(rows.reshape(len(rows), -1) @ training.rows.T)
    by_spectrum = (known**2).sum(axis=1) - 2 * spectra @ known.T
    return np.concatenate(
        [np.argpartition(far, count - 1, axis=1)[:, :count] for far in (by_pattern, by_spectrum)], axis=1
    )


def _overlap(one: NDArray[np.float32], other: NDArray[np.float32], peak: tuple[np.intp, ...]) -> float:
    space = one.shape[1:]
    shifts = [int(p) if p <= size // 2 else int(p) - size for p, size in zip(peak, space, strict=True)]
    mine = tuple(slice(max(0, -s), size - max(0, s)) for s, size in zip(shifts, space, strict=True))
    theirs = tuple(slice(max(0, s), size - max(0, -s)) for s, size in zip(shifts, space, strict=True))
    pair = unit_length(np.stack([one[(slice(None), *mine)], other[(slice(None), *theirs)]]).astype(np.float64))
    return float((pair[0] * pair[1]).sum())


def _small_shifts(size: int) -> list[int]:
    reach = size // SHIFT_SHARE
    return sorted({step % size for step in range(-reach, reach + 1)})
