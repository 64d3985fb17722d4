"""When usefulness must not be measured: the synthetic set knows the patients whom a model would be tested on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.copies import copies_between, natural_bound

if TYPE_CHECKING:
    from synthassay.evaluate.evidence import Evidence


def refuse_test_patients(evidence: Evidence) -> None:
    """Refuse to test on patients whom synthetic images were made from.

    Raises:
        NotMeasured: There are such patients; their number and the first of them.
    """
    shared = sorted({e.subject for e in evidence.synthetic.entries if e.subject} & set(evidence.test.subjects))
    if shared:
        raise NotMeasured(
            f"{len(shared)} of the test patients, {shared[0]} first, are those whom synthetic images were made from"
        )


def refuse_kept_patients(evidence: Evidence) -> None:
    """Refuse to test on, or to set anything on, patients whom synthetic images were made from.

    Raises:
        NotMeasured: There are such patients among those of the test, of the validation, or from elsewhere.
    """
    refuse_test_patients(evidence)
    made_from = {entry.subject for entry in evidence.synthetic.entries if entry.subject}
    for words, images in (("validation", evidence.holdout), ("external", evidence.external)):
        shared = sorted(made_from & set(images.subjects)) if images is not None else []
        if shared:
            raise NotMeasured(
                f"{len(shared)} of the {words} patients, {shared[0]} first, are those whom synthetic images were made "
                "from"
            )


def refuse_copies(evidence: Evidence, model: str) -> None:
    """Refuse a synthetic set that holds copies of real test images: whoever trains on it has seen the test.

    Images that differ in size within a set are not looked at; the manifest alone speaks for them then. Where the test
    images are too few to tell how alike patients are by nature, only images with equal pixels are called copies.

    Args:
        evidence: Whose synthetic and test images are compared.
        model: What would be trained, for the message.

    Raises:
        NotMeasured: There are such copies; their number, and the first of them.
    """
    try:
        synthetic, test = (evidence.set_fixture(f"{which}_prints", "refuse_copies") for which in ("synthetic", "test"))
    except NotMeasured:
        return  # sets of unequal images have no prints: nothing to look among
    found = copies_between(synthetic, test, natural_bound(test))
    places = np.flatnonzero(found.copied)
    if len(places):
        first = evidence.synthetic.entries[int(places[0])].case
        raise NotMeasured(
            f"refused: {len(places)} of {len(found.copied)} synthetic images, {first} first, are copies of real test "
            f"images ({int(found.exact.sum())} pixel by pixel), so a {model} would be tested on what it learnt"
        )
