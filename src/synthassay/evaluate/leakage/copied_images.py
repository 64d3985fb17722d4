"""How many synthetic images are copies of a training image, moved or mirrored copies included."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.matching import best_match
from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import share_interval

COPY_CORRELATION = 0.99


@metric(
    title="Copied training images",
    axis=Axis.LEAKAGE,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="arXiv:2402.01054",
    settings={"mirrored": True, "shifted": "up to an eighth of the grid"},
)
def copied_images(
    synthetic_prints: Prints,
    training_prints: Prints,
    holdout_prints: Prints | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding:
    """Return the share of synthetic images that equal a training image, or correlate with one like a copy.

    A copy is an image with the same pixels, or one whose small pattern correlates with a training image's by more than
    0.99 after the best mirroring and shift. Where any held-out patient's image comes nearer than that to a training
    image by nature, the nearest such image is the bound, so that likeness among patients is not called copying.

    Args:
        synthetic_prints: Of the images judged.
        training_prints: Of the generator's training images.
        holdout_prints: Of real images that the generator never saw; they calibrate the bound.
        real_memo: Keeps what rests on real images alone for the next generator.

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
        memo = {} if real_memo is None else real_memo
        if "copied_images" not in memo:
            memo["copied_images"] = best_match(holdout_prints, training_prints).correlation
        natural = memo["copied_images"]
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
        subjects=len(set(training_prints.subjects)),
        settings={
            "copies": count,
            "copies_pixel_by_pixel": int((exact_at >= 0).sum()),
            "bound": bound,
            "highest_correlation": float(found.correlation.max()),
            "training_subjects_copied": len(victims),
            "most_copies_of_one_subject": max(victims.values(), default=0),
        },
    )
