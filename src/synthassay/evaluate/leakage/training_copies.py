"""Which synthetic images are copies of training images, found once for all measures that count them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.fixtures import provides
from synthassay.evaluate.leakage.copies import copies_between, natural_bound
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
        copied: It has the same pixels, or correlates with it by more than ``bound`` after mirroring and shift, or its
            detail does by more than ``detail_bound`` after mirroring, shift and zoom.
        correlation: The highest over all training images, mirrorings and shifts; 1 where exact.
        detail_bound: Beyond it the detail of images of different patients does not lie by nature; infinite where fewer
            than ten training images tell.
        floor: Share of held-out images that would count as copies; None where there are none.
        training_subjects: Subject per training image.
    """

    exact: NDArray[np.bool_]
    copied: NDArray[np.bool_]
    position: NDArray[np.intp]
    correlation: NDArray[np.float64]
    bound: float
    detail_bound: float
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

    Two searches look for them. The whole pattern of a copy correlates almost perfectly, whatever its class of images;
    the detail of a copy that was moved by parts of a pixel, cut out, blurred or made noisy does so less, but more than
    that of any two patients.

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
    memo = {} if real_memo is None else real_memo
    if holdout is not None and holdout.patterns.shape[1:] != training.patterns.shape[1:]:
        holdout = None
    if "training_copies" not in memo:
        memo["training_copies"] = _Nature.of(training, holdout)
    nature: _Nature = memo["training_copies"]
    found = best_match(synthetic, training)
    detail = copies_between(synthetic, training, nature.detail_bound)
    alike = found.correlation > nature.bound
    position = np.where(alike | ~detail.near, found.position, detail.position)
    return TrainingCopies(
        exact=detail.exact,
        copied=detail.exact | alike | detail.near,
        position=np.where(detail.exact, detail.position, position),
        correlation=np.where(detail.exact, 1.0, found.correlation),
        bound=nature.bound,
        detail_bound=nature.detail_bound,
        floor=nature.floor,
        training_subjects=training.subjects,
    )


@dataclass(frozen=True)
class _Nature:
    """How alike images of different patients are: what the bounds rest on, and the share of held-out ones beyond."""

    bound: float
    detail_bound: float
    floor: float | None

    @classmethod
    def of(cls, training: Prints, holdout: Prints | None) -> _Nature:
        detail_bound = natural_bound(training)
        if holdout is None:
            return cls(COPY_CORRELATION, detail_bound, None)
        kept = copies_between(holdout, training, detail_bound)
        natural = best_match(holdout, training).correlation
        bound = max(COPY_CORRELATION, float(natural[~kept.exact].max(initial=-1.0)))
        return cls(bound, detail_bound, float((kept.exact | kept.near | (natural > bound)).mean()))


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
