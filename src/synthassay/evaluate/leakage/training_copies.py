"""Which synthetic images are copies of training images, found once for all measures that count them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.fixtures import provides
from synthassay.evaluate.leakage.matching import best_match
from synthassay.evaluate.leakage.prints import Prints

if TYPE_CHECKING:
    from synthassay.evaluate.evidence import Evidence

COPY_CORRELATION = 0.99


@dataclass(frozen=True)
class TrainingCopies:
    """Per synthetic image whether it copies a training image, and which.

    Attributes:
        exact: It has the same pixels as the training image at ``position``.
        copied: It has the same pixels, or correlates with it by more than ``bound`` after mirroring and shift.
        correlation: The highest over all training images, mirrorings and shifts; 1 where exact.
        floor: Share of held-out images that would count as copies; None where there are none.
        training_subjects: Subject per training image.
    """

    exact: NDArray[np.bool_]
    copied: NDArray[np.bool_]
    position: NDArray[np.intp]
    correlation: NDArray[np.float64]
    bound: float
    floor: float | None
    training_subjects: tuple[str, ...]

    @property
    def by_patient(self) -> Counter[str]:
        """Number of copies of each training patient who was copied."""
        return Counter(self.training_subjects[at] for at in self.position[self.copied])


def copies_of_training(
    synthetic: Prints, training: Prints, holdout: Prints | None = None, real_memo: dict[Any, Any] | None = None
) -> TrainingCopies:
    """Return which synthetic images copy a training image.

    Args:
        synthetic: Of the images judged.
        training: Of the generator's training images.
        holdout: Of real images that the generator never saw; they calibrate the bound.
        real_memo: Keeps what rests on real images alone for the next generator.

    Raises:
        NotMeasured: The sets' images differ in size.
    """
    if synthetic.patterns.shape[1:] != training.patterns.shape[1:]:
        raise NotMeasured("synthetic and training images differ in size")
    bound, floor = COPY_CORRELATION, None
    if holdout is not None and holdout.patterns.shape[1:] == training.patterns.shape[1:]:
        seen = set(training.hashes)
        exact = np.array([code in seen for code in holdout.hashes])
        memo = {} if real_memo is None else real_memo
        if "training_copies" not in memo:
            memo["training_copies"] = best_match(holdout, training).correlation
        natural = memo["training_copies"]
        bound = max(bound, float(natural[~exact].max(initial=-1.0)))
        floor = float((exact | (natural > bound)).mean())
    found = best_match(synthetic, training)
    by_hash = {code: i for i, code in reversed(list(enumerate(training.hashes)))}
    equal = np.array([by_hash.get(code, -1) for code in synthetic.hashes])
    return TrainingCopies(
        exact=equal >= 0,
        copied=(equal >= 0) | (found.correlation > bound),
        position=np.where(equal >= 0, equal, found.position),
        correlation=np.where(equal >= 0, 1.0, found.correlation),
        bound=bound,
        floor=floor,
        training_subjects=training.subjects,
    )


@provides(
    "training_copies",
    "which synthetic images copy a training image (leakage.training_copies.TrainingCopies)",
    implies=("synthetic_prints", "training_prints"),
)
def training_copies(evidence: Evidence) -> TrainingCopies:
    """Return the copies among an evidence's synthetic images.

    Raises:
        NotMeasured: The sets' images differ in size.
    """
    synthetic, training = (
        evidence.set_fixture(f"{side}_prints", "training_copies") for side in ("synthetic", "training")
    )
    try:
        holdout = evidence.set_fixture("holdout_prints", "training_copies")
    except NotMeasured:
        holdout = None
    return copies_of_training(synthetic, training, holdout, evidence.real_memo)
