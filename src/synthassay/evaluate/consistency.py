"""What the sets of an evidence must agree on before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping

from synthassay.data.image_set import ImageSet
from synthassay.errors import DataError


def check_aligned(of: str, name: str, synthetic: ImageSet, other: ImageSet | None) -> None:
    """Refuse a set that has not one entry per synthetic image, of the same subject.

    Raises:
        DataError: It has more or fewer, or another subject at some position.
    """
    if other is None:
        return
    if len(other) != len(synthetic):
        raise DataError(
            f"{of}: {name}",
            f"has {len(other)} images for {len(synthetic)} synthetic ones",
            remedy=f"Give one {name} entry per synthetic image, in the same order.",
        )
    for one, two in zip(synthetic.entries, other.entries, strict=True):
        if one.subject and two.subject and one.subject != two.subject:
            raise DataError(
                f"{of}: {name}",
                f"case {one.case} shows subject {one.subject} but its {name} shows subject {two.subject}",
                remedy="Put both sets into the same order.",
            )


def check_apart(of: str, sets: Mapping[str, ImageSet | None]) -> None:
    """Refuse a subject that stands on two sides.

    Raises:
        DataError: Two sets share subjects; the message names up to five.
    """
    sides = {name: {subject for subject in found.subjects if subject} for name, found in sets.items() if found}
    names = list(sides)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            crossing = sorted(sides[one] & sides[other])
            if crossing:
                raise DataError(
                    of,
                    f"{len(crossing)} subjects stand on both sides, {one} and {other}",
                    value=", ".join(crossing[:5]),
                    remedy="Split by subject: no measure means anything while a patient is on two sides.",
                )
