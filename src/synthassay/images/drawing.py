"""Which structures somebody drew on an image: what was not drawn is unknown, which is not the same as absent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from synthassay.images.image import Image

DRAWN = "structures_drawn"


def labels_drawn(image: Image) -> frozenset[int] | None:
    """Return the labels drawn on a label map; None where all were that its data set has.

    >>> import numpy as np
    >>> sorted(labels_drawn(with_labels_drawn(Image(np.zeros((1, 4, 4), np.int32)), [7, 2])))
    [2, 7]
    """
    said = image.meta.get(DRAWN)
    return None if said is None else frozenset(int(label) for label in said.split())


def with_labels_drawn(image: Image, labels: Iterable[int]) -> Image:
    """Return the label map with the labels that were drawn on it."""
    return replace(image, meta={**image.meta, DRAWN: " ".join(str(label) for label in sorted(labels))})
