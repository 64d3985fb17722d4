"""How many lesions the synthetic image has that the real one has not."""

from __future__ import annotations

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.lesions import SETTINGS, match_lesions
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import SpatialMask


@metric(
    title="Invented lesions",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="lesions per image",
    per="case",
    source="arXiv:2306.00838",
    settings={**SETTINGS, "invented": "touches no real lesion of whatever size"},
)
def invented_lesions(synthetic_lesion: SpatialMask, lesion: SpatialMask, spacing_mm: tuple[float, ...]) -> float:
    """Return the number of synthetic lesions that touch no real one; healthy patients count too.

    Args:
        synthetic_lesion: ``*space``: lesions of the synthetic image.
        lesion: ``*space``: lesions of the real image; empty where the patient has none.
        spacing_mm: Voxel size per axis.

    Returns:
        0 or more.

    Raises:
        NotMeasured: The voxel size is unknown, or sizes differ.

    Source:
        Lesion-wise false positives of BraTS 2023, arXiv:2306.00838.

    Example:
        >>> real, synthetic = np.zeros((2, 40, 40), bool)
        >>> real[2:12, 2:12], synthetic[2:12, 2:12], synthetic[30:35, 30:35] = True, True, True
        >>> invented_lesions(synthetic, real, (1.0, 1.0))
        1.0
    """
    return float(match_lesions(synthetic_lesion, lesion, spacing_mm).invented)
