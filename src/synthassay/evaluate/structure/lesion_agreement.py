"""How well the lesions of the synthetic image are those of the real one, lesion by lesion."""

from __future__ import annotations

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.lesions import SETTINGS, match_lesions
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import SpatialMask


@metric(
    title="Lesion agreement (lesion-wise Dice)",
    axis=Axis.FAILURE,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="arXiv:2306.00838",
    settings={**SETTINGS, "missing": "a lesion that is lost or invented counts as 0"},
)
def lesion_agreement(synthetic_lesion: SpatialMask, lesion: SpatialMask, spacing_mm: tuple[float, ...]) -> float:
    """Return the mean Dice coefficient over all lesions, in which a lost or an invented lesion counts as 0.

    One Dice coefficient over all lesions of an image is that of its largest; a small one may vanish unseen. Here every
    lesion counts alike. A real lesion is compared with all synthetic ones that touch it; a synthetic one that touches
    none is invented.

    Args:
        synthetic_lesion: ``*space``: lesions of the synthetic image.
        lesion: ``*space``: lesions of the real image.
        spacing_mm: Voxel size per axis.

    Returns:
        From 0 (all lost or invented) to 1.

    Raises:
        NotMeasured: The voxel size is unknown, sizes differ, or neither image has a lesion of the least size.

    Source:
        Lesion-wise Dice of BraTS 2023, arXiv:2306.00838; there real lesions are dilated before matching.

    Example:
        >>> real, synthetic = np.zeros((2, 40, 40), bool)
        >>> real[2:12, 2:12], real[30:35, 30:35], synthetic[2:12, 2:12] = True, True, True
        >>> lesion_agreement(synthetic, real, (1.0, 1.0))
        0.5
    """
    found = match_lesions(synthetic_lesion, lesion, spacing_mm)
    count = len(found.dice) + found.invented
    if not count:
        raise NotMeasured("neither image has a lesion")
    return sum(found.dice) / count
