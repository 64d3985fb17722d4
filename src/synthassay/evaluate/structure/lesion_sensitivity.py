"""Which share of the real lesions the synthetic image has."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.lesions import DETECTED_ABOVE, DETECTION, match_lesions
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import SpatialMask


@metric(
    title="Lesion sensitivity",
    axis=Axis.FAILURE,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="arXiv:2306.00838",
    settings=DETECTION,
)
def lesion_sensitivity(synthetic_lesion: SpatialMask, lesion: SpatialMask, spacing_mm: tuple[float, ...]) -> float:
    """Return the share of the real image's lesions that are found in the synthetic one.

    Args:
        synthetic_lesion: ``*space``: lesions of the synthetic image.
        lesion: ``*space``: lesions of the real image.
        spacing_mm: Voxel size per axis.

    Returns:
        From 0 (all are lost) to 1.

    Raises:
        NotMeasured: The voxel size is unknown, sizes differ, or the real image has no lesion of the least size.

    Source:
        Lesion-wise detection of BraTS 2023, arXiv:2306.00838; there any overlap with the dilated lesion is enough.

    Example:
        >>> real, synthetic = np.zeros((2, 40, 40), bool)
        >>> real[2:12, 2:12], real[30:35, 30:35], synthetic[3:12, 2:12] = True, True, True
        >>> lesion_sensitivity(synthetic, real, (1.0, 1.0))
        0.5
    """
    found = match_lesions(synthetic_lesion, lesion, spacing_mm)
    if not found.overlap:
        raise NotMeasured("the real image has no lesion")
    return float(np.mean(np.array(found.overlap) > DETECTED_ABOVE))
