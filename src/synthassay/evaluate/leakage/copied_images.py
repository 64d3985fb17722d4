"""How many synthetic images are copies of a training image, moved or mirrored copies included."""

from __future__ import annotations

import math

from synthassay.evaluate.leakage.training_copies import TrainingCopies
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import share_interval


@metric(
    title="Copied training images",
    axis=Axis.LEAKAGE,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="arXiv:2402.01054",
    settings={"mirrored": True, "shifted": "up to an eighth of the grid", "zoomed": "down to 0.8, by detail"},
)
def copied_images(training_copies: TrainingCopies) -> Finding:
    """Return the share of synthetic images that equal a training image, or correlate with one like a copy.

    A copy is an image with the same pixels; or one whose small pattern correlates with a training image's by more than
    0.99 after the best mirroring and shift; or one whose detail correlates with a training image's, after the best
    mirroring, shift and zoom, by more than images of different patients do by nature. Where any held-out patient's
    pattern comes nearer than 0.99 by nature, the nearest such image is the bound, so that likeness among patients is
    not called copying. With fewer than ten training images nobody knows how alike patients' details are: they are not
    searched, and the settings say so.

    Args:
        training_copies: Which of the images judged copy a training image; held-out images calibrate the bound.

    Returns:
        Share from 0 to 1 with its exact interval, which treats images as independent; with none among n images the
        upper end is about 3.7 / n. ``floor`` is the share among the held-out images: about 0, by how the bounds are
        set, unless the same pixels stand on both sides.

    Raises:
        NotMeasured: The sets' images differ in size.

    Source:
        Dar et al. (2024), arXiv:2402.01054 (copies as correlation above a bound calibrated on real images); robustness
        to mirroring and shift: arXiv:2512.14421.
    """
    victims = training_copies.by_patient
    count, total = int(training_copies.copied.sum()), len(training_copies.copied)
    return Finding(
        value=count / total,
        interval=share_interval(count, total),
        floor=training_copies.floor,
        n=total,
        subjects=len(set(training_copies.training_subjects)),
        settings={
            "copies": count,
            "copies_pixel_by_pixel": int(training_copies.exact.sum()),
            "bound": training_copies.bound,
            "bound_of_detail": _words(training_copies.detail_bound),
            "highest_correlation": float(training_copies.correlation.max()),
            "training_subjects_copied": len(victims),
            "most_copies_of_one_subject": max(victims.values(), default=0),
        },
    )


def _words(bound: float) -> float | str:
    return bound if math.isfinite(bound) else "not searched: fewer than 10 training images tell how alike patients are"
