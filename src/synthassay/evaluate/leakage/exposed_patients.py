"""How many training patients are given away by at least one synthetic image."""

from __future__ import annotations

from synthassay.evaluate.leakage.training_copies import TrainingCopies
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import share_interval


@metric(
    title="Exposed training patients",
    axis=Axis.LEAKAGE,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="doi:10.1093/biomet/26.4.404",
    settings={"exposed": "at least one synthetic image is a copy, as for copied_images"},
)
def exposed_patients(training_copies: TrainingCopies) -> Finding:
    """Return the share of training patients of whom at least one synthetic image is a copy.

    A copy is what ``copied_images`` calls so, and exposes the one patient whom it resembles most. A set of m images
    exposes at most m patients: with fewer images than patients the share is small whatever the generator did, and
    ``images_per_patient`` says so.

    Args:
        training_copies: Which of the images judged copy a training image.

    Returns:
        Share from 0 to 1 with its exact interval over patients. With none among n, the upper end is the bound that can
        be claimed: about 3.7 / n, for a synthetic set of this size and for copies that this search can see.

    Raises:
        NotMeasured: The sets' images differ in size.

    Source:
        Clopper and Pearson, Biometrika 26:404 (1934), doi:10.1093/biomet/26.4.404; copies as in Dar et al. (2024),
        arXiv:2402.01054.
    """
    victims = training_copies.by_patient
    total = len(set(training_copies.training_subjects))
    interval = share_interval(len(victims), total)
    return Finding(
        value=len(victims) / total,
        interval=interval,
        n=total,
        subjects=total,
        settings={
            "exposed": len(victims),
            "training_patients": total,
            "at_most": interval.high,
            "most_copies_of_one_patient": max(victims.values(), default=0),
            "images_per_patient": len(training_copies.copied) / total,
        },
    )
