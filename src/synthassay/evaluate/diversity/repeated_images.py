"""How many synthetic images are copies of another synthetic image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.leakage.training_copies import COPY_CORRELATION
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import share_interval

ROWS_AT_ONCE = 1024


@metric(
    title="Repeated images (share)",
    axis=Axis.DIVERSITY,
    better=Better.LOWER,
    unit="share",
    per="set",
    source="arXiv:1706.08224",
    settings={"mirrored": False, "shifted": False},
)
def repeated_images(
    synthetic_prints: Prints,
    test_prints: Prints,
    holdout_prints: Prints | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding:
    """Return the share of synthetic images that equal, or nearly equal, another synthetic image.

    A generator that falls into one mode repeats an image with small changes long before the set as a whole looks
    unlike the real one. Two images repeat each other where they have the same pixels, or where their small patterns
    correlate by more than 0.99, and by more than any two real images of different patients do. Images that were made
    from one patient's images are never compared.

    Args:
        synthetic_prints: Of the images judged.
        test_prints: Of real images, which calibrate the bound.
        holdout_prints: Of further real images, for the same.
        real_memo: Keeps what rests on real images alone for the next generator.

    Returns:
        Share from 0 to 1, with its exact interval, which treats images as independent. ``floor`` is the share among the
        real images: 0 by construction of the bound, unless two patients have the same pixels.

    Raises:
        NotMeasured: Fewer than two images, or the sets' images differ in size.

    Source:
        Arora and Zhang 2017, arXiv:1706.08224 (duplicates within a sample reveal how small a generator's support is).

    Example:
        >>> from synthassay.evaluate.leakage.prints import pattern, pixel_hash
        >>> def prints(pictures):
        ...     names = tuple(str(i) for i in range(len(pictures)))
        ...     stacked = np.stack([pattern(p) for p in pictures])
        ...     return Prints(stacked, tuple(pixel_hash(p) for p in pictures), names, names)
        >>> draw = np.random.default_rng(0).normal(size=(30, 1, 8, 8))
        >>> repeated_images(prints([*draw[:8], draw[0] + 0.01, draw[0] * 2]), prints(list(draw[10:]))).value
        0.3
    """
    if len(synthetic_prints) < 2 or len(test_prints) < 2:
        raise NotMeasured(f"{len(synthetic_prints)} synthetic and {len(test_prints)} real images make no pairs")
    if synthetic_prints.patterns.shape[1:] != test_prints.patterns.shape[1:]:
        raise NotMeasured("synthetic and real images differ in size")
    memo = {} if real_memo is None else real_memo
    if "repeated_images" not in memo:
        memo["repeated_images"] = [_natural(prints) for prints in (test_prints, holdout_prints) if prints is not None]
    bound = max([COPY_CORRELATION, *(highest for highest, _, _ in memo["repeated_images"])])
    nearest, exact = _nearest(synthetic_prints)
    repeated = exact | (nearest > bound)
    count, total = int(repeated.sum()), len(repeated)
    real_count, real_total = (sum(part[i] for part in memo["repeated_images"]) for i in (1, 2))
    return Finding(
        value=count / total,
        interval=share_interval(count, total),
        floor=real_count / real_total,
        n=total,
        subjects=len(set(test_prints.subjects)),
        settings={
            "repeats": count,
            "repeats_pixel_by_pixel": int(exact.sum()),
            "bound": bound,
            "highest_correlation": float(nearest.max()),
        },
    )


def _natural(real: Prints) -> tuple[float, int, int]:
    """Highest correlation between patients whose pixels differ, how many images have a double, and of how many."""
    nearest, exact = _nearest(real)
    return float(nearest[~exact].max(initial=-1.0)), int(exact.sum()), len(real)


def _nearest(prints: Prints) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Each image's highest correlation with an image of another subject, and whether one has the same pixels."""
    rows = prints.rows
    _, owner = np.unique(np.asarray(prints.subjects), return_inverse=True)
    _, code = np.unique(np.asarray(prints.hashes), return_inverse=True)
    nearest, exact = np.full(len(rows), -1.0), np.zeros(len(rows), bool)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        others = owner[part, None] != owner
        nearest[part] = np.where(others, rows[part] @ rows.T, -1.0).max(axis=1)
        exact[part] = ((code[part, None] == code) & others).any(axis=1)
    return nearest, exact
