"""Lesions that were added to images, as an observer is shown them: with, without, and in which kinds of image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KINDS = ("synthetic", "source", "reference")
"""After denoising, before it, and at routine dose."""


@dataclass(frozen=True, eq=False)
class LesionView:
    """One place of one patient, cut out around the lesion's centre, with the lesion and without it.

    Attributes:
        case: The real case; ``subject`` whose it is.
        site: Which place of the case, so that lesions of all kinds at one place can be told from other places.
        diameter_mm: Diameter of the lesion; ``contrast`` what it adds, in the image's unit.
        spacing_mm: Pixel size, rows and columns.
        absent: Kind of image (``KINDS``) to ``rows columns`` without the lesion, of odd sides.
        present: The same with the lesion, and otherwise with the same noise.
    """

    case: str
    subject: str
    site: str
    diameter_mm: float
    contrast: float
    spacing_mm: tuple[float, float]
    absent: Mapping[str, NDArray[np.float64]]
    present: Mapping[str, NDArray[np.float64]]
