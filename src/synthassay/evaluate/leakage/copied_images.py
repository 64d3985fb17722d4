"""How many synthetic images are copies of a training image, moved or mirrored copies included."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.prints import Prints, unit_length
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import share_interval

COPY_CORRELATION = 0.99
CANDIDATES = 4
LARGEST_SHIFT = 8  # one eighth of the grid
ROWS_AT_ONCE = 512


@metric(
    title="Copied training images",
    axis=Axis.LEAKAGE,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="arXiv:2402.01054",
    settings={"mirrored": True, "shifted": "up to an eighth of the grid"},
)
def copied_images(synthetic_prints: Prints, training_prints: Prints, holdout_prints: Prints | None = None) -> Finding:
    """Return the share of synthetic images that equal a training image, or correlate with one like a copy.

    A copy is an image with the same pixels, or one whose small pattern correlates with a training image's by more than
    0.99 after the best mirroring and shift. Where any held-out patient's image comes nearer than that to a training
    image by nature, the nearest such image is the bound, so that likeness among patients is not called copying.

    Args:
        synthetic_prints: Of the images judged.
        training_prints: Of the generator's training images.
        holdout_prints: Of real images that the generator never saw; they calibrate the bound.

    Returns:
        Share from 0 to 1 with its exact interval, which treats images as independent; with none among n images the
        upper end is about 3.7 / n. ``floor`` is the share among the held-out images, 0 by construction of the bound
        unless the same pixels stand on both sides.

    Raises:
        NotMeasured: The sets' images differ in size.

    Source:
        Dar et al. (2024), arXiv:2402.01054 (copies as correlation above a bound calibrated on real images); robustness
        to mirroring and shift: arXiv:2512.14421.
    """
    if synthetic_prints.patterns.shape[1:] != training_prints.patterns.shape[1:]:
        raise NotMeasured("synthetic and training images differ in size")
    bound, floor = COPY_CORRELATION, None
    if holdout_prints is not None and holdout_prints.patterns.shape[1:] == training_prints.patterns.shape[1:]:
        seen = set(training_prints.hashes)
        exact = np.array([code in seen for code in holdout_prints.hashes])
        natural = best_match(holdout_prints, training_prints).correlation
        bound = max(bound, float(natural[~exact].max(initial=-1.0)))
        floor = float((exact | (natural > bound)).mean())
    found = best_match(synthetic_prints, training_prints)
    by_hash = {code: i for i, code in reversed(list(enumerate(training_prints.hashes)))}
    exact_at = np.array([by_hash.get(code, -1) for code in synthetic_prints.hashes])
    copied = (exact_at >= 0) | (found.correlation > bound)
    victims = Counter(
        training_prints.subjects[at if at >= 0 else near]
        for at, near, copy in zip(exact_at, found.position, copied, strict=True)
        if copy
    )
    count, total = int(copied.sum()), len(copied)
    return Finding(
        value=count / total,
        interval=share_interval(count, total),
        floor=floor,
        n=total,
        subjects=len(set(synthetic_prints.subjects)),
        settings={
            "copies": count,
            "copies_pixel_by_pixel": int((exact_at >= 0).sum()),
            "bound": bound,
            "highest_correlation": float(found.correlation.max()),
            "training_subjects_copied": len(victims),
            "most_copies_of_one_subject": max(victims.values(), default=0),
        },
    )


@dataclass(frozen=True)
class Match:
    """Per judged image: the highest correlation with a training image, and that image's position."""

    correlation: NDArray[np.float64]
    position: NDArray[np.intp]


def best_match(judged: Prints, training: Prints) -> Match:
    """Return each image's best correlation with any training image over mirrorings and small shifts.

    The nearest ``CANDIDATES`` under each mirroring are compared again under the best shift.
    """
    best = np.full(len(judged), -1.0)
    where = np.zeros(len(judged), dtype=np.intp)
    axes = range(2, judged.patterns.ndim)
    for flips in product((False, True), repeat=len(axes)):
        mirrored = np.flip(judged.patterns, tuple(a for a, flip in zip(axes, flips, strict=True) if flip))
        for start in range(0, len(judged), ROWS_AT_ONCE):
            rows = mirrored[start : start + ROWS_AT_ONCE]
            plain = rows.reshape(len(rows), -1) @ training.rows.T
            count = min(CANDIDATES, plain.shape[1])
            near = np.argpartition(-plain, count - 1, axis=1)[:, :count]
            for row, candidates in enumerate(near):
                shifted = shifted_correlation(rows[row], training.patterns[candidates])
                k = int(shifted.argmax())
                if shifted[k] > best[start + row]:
                    best[start + row], where[start + row] = shifted[k], candidates[k]
    return Match(best, where)


def shifted_correlation(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return, for each of ``others``, its correlation with ``one`` where they overlap under the best small shift.

    The shift is found by circular cross-correlation; the correlation is taken on the overlap, not around the corner.

    Args:
        one: ``channels *grid``.
        others: ``cases channels *grid``.
    """
    axes = tuple(range(2, others.ndim))
    product_ = np.fft.rfftn(others, axes=axes) * np.conj(np.fft.rfftn(one[None], axes=axes))
    scores = np.fft.irfftn(product_, s=others.shape[2:], axes=axes).sum(axis=1)
    return np.array([_overlap(one, other, score) for other, score in zip(others, scores, strict=True)])


def _overlap(one: NDArray[np.float32], other: NDArray[np.float32], score: np.ndarray) -> float:
    allowed = np.zeros(score.shape, bool)
    allowed[np.ix_(*(_small_shifts(size) for size in score.shape))] = True
    peak = np.unravel_index(np.where(allowed, score, -np.inf).argmax(), score.shape)
    shifts = [int(p) if p <= size // 2 else int(p) - size for p, size in zip(peak, score.shape, strict=True)]
    mine = tuple(slice(max(0, -s), size - max(0, s)) for s, size in zip(shifts, score.shape, strict=True))
    theirs = tuple(slice(max(0, s), size - max(0, -s)) for s, size in zip(shifts, score.shape, strict=True))
    pair = unit_length(np.stack([one[(slice(None), *mine)], other[(slice(None), *theirs)]]).astype(np.float64))
    plain = float((one.astype(np.float64) * other).sum())
    return max(plain, float((pair[0] * pair[1]).sum()))


def _small_shifts(size: int) -> list[int]:
    reach = size // LARGEST_SHIFT
    return sorted({step % size for step in range(-reach, reach + 1)})
