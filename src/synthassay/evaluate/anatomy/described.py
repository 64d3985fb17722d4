"""Sets of images described structure by structure, read one image at a time; what is kept per image is small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import ImageError, NotMeasured
from synthassay.evaluate.anatomy.descriptors import STEPS, Shape, describe, sides_of
from synthassay.evaluate.anatomy.outliers import SCALE, Groups
from synthassay.evaluate.anatomy.structures import Footing, Specimens, body_of, structures_of
from synthassay.evaluate.once import once_per_specimen
from synthassay.images.specimen import Specimen

Floats = NDArray[np.float64]
PAIRS = "left against right"


@dataclass
class Described:
    """Shapes of all structures of some images.

    Attributes:
        shapes: Per image, structure to shape.
        failed: Cases that could not be described, with the reason.
    """

    cases: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    shapes: list[dict[str, Shape]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All structures that any image shows."""
        return sorted({name for shapes in self.shapes for name in shapes})

    def __len__(self) -> int:
        return len(self.cases)

    def joined(self, *others: Described | None) -> Described:
        """These images and others."""
        out = Described(list(self.cases), list(self.subjects), list(self.shapes), dict(self.failed))
        for other in others:
            if other is not None:
                out.cases += other.cases
                out.subjects += other.subjects
                out.shapes += other.shapes
                out.failed |= other.failed
        return out

    def groups(self, names: Sequence[str]) -> Groups:
        """Descriptors per structure, and volume asymmetry of the structures that come in pairs."""
        keys = next((list(shape.values) for shapes in self.shapes for shape in shapes.values()), ["none"])
        missing = np.full(len(keys), np.nan)
        values = {
            name: np.array([list(s[name].values.values()) if name in s else missing for s in self.shapes])
            for name in names
        }
        least = {name: np.array([STEPS.get(key, SCALE) for key in keys]) for name in names}
        if pairs := sides_of(names):
            values[PAIRS] = np.array([_asymmetry(shapes, pairs) for shapes in self.shapes])
            least[PAIRS] = np.full(len(pairs), SCALE)
        return Groups(values, least)


def described(images: Specimens, footing: Footing) -> Described:
    """Describe every image of a set."""
    out = Described()
    for specimen in images:
        try:
            shapes = shapes_of(specimen, footing)
        except (NotMeasured, ImageError) as problem:
            out.failed[specimen.case] = problem.reason if isinstance(problem, NotMeasured) else str(problem)
            continue
        out.cases.append(specimen.case)
        out.subjects.append(specimen.subject)
        out.shapes.append(shapes)
    return out


@once_per_specimen
def shapes_of(specimen: Specimen, footing: Footing) -> dict[str, Shape]:
    """Describe every structure of one image.

    Raises:
        NotMeasured: It shows no body, or lacks the drawings that are used.
    """
    body = body_of(specimen, footing)
    found = structures_of(specimen, body, footing)
    return {name: describe(where, body, specimen.spacing_mm) for name, where in found}


def described_once(name: str, images: Specimens | None, footing: Footing, memo: dict[Any, Any]) -> Described | None:
    """Describe a real set, or take it from the memory that the judged generators share; None where there is no set."""
    if images is None or not len(images):
        return None
    key = ("shapes", name, footing)
    if key not in memo:
        memo[key] = described(images, footing)
    kept: Described = memo[key]
    return kept


def judged_ones(images: Specimens, footing: Footing) -> Described:
    """Describe the synthetic images.

    Raises:
        NotMeasured: None could be described.
    """
    found = described(images, footing)
    if not len(found):
        first = next(iter(found.failed.values()))
        raise NotMeasured(f"none of {len(found.failed)} images could be described; the first because: {first}")
    return found


def _asymmetry(shapes: dict[str, Shape], pairs: Sequence[tuple[str, str]]) -> Floats:
    """Logarithm of left over right volume; 0 where a side is missing, which the structure's own group tells."""
    ratios = [
        shapes[left].values["log volume"] - shapes[right].values["log volume"]
        if left in shapes and right in shapes
        else 0.0
        for left, right in pairs
    ]
    return np.array(ratios)
