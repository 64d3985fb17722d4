"""Which share of the lesions that the real image shows cannot be seen in the synthetic one."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.contrast import SETTINGS, lesion_contrasts
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask

LOST_BELOW = 0.5


@metric(
    title="Lost lesions",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="1",
    per="case",
    source="doi:10.1364/JOSA.38.000196",
    settings={**SETTINGS, "lost": f"less than {LOST_BELOW:g} of the real contrast is left"},
)
def lost_lesions(
    synthetic: Pixels,
    reference: Pixels,
    lesion: SpatialMask,
    spacing_mm: tuple[float, ...],
    mask: SpatialMask | None = None,
) -> float:
    """Return the share of the real image's visible lesions whose contrast the synthetic image more than halves.

    Needs no drawing on the synthetic image. An inverted lesion is lost too.

    Args:
        synthetic: ``channels *space``.
        reference: ``channels *space`` in the same units.
        lesion: ``*space``: lesions of the real image.
        spacing_mm: Voxel size per axis.
        mask: ``*space``; surroundings are taken inside it.

    Returns:
        From 0 (all are there) to 1 (all are gone).

    Raises:
        NotMeasured: The voxel size is unknown, sizes differ, a value inside the mask is not finite, or no lesion can be
            seen in the real image.

    Source:
        Visibility: Rose, J Opt Soc Am 38:196 (1948), doi:10.1364/JOSA.38.000196.

    Example:
        >>> real = np.random.default_rng(0).normal(100, 5, (1, 40, 40))
        >>> there = np.zeros((40, 40), bool)
        >>> there[8:16, 8:16], there[26:32, 26:32] = True, True
        >>> real[0, there] += 50
        >>> synthetic = real.copy()
        >>> synthetic[0, 26:32, 26:32] -= 50
        >>> lost_lesions(synthetic, real, there, (1.0, 1.0))
        0.5
    """
    found = lesion_contrasts(synthetic, reference, lesion, spacing_mm, mask)
    return float(np.mean([one.ratio < LOST_BELOW for one in found]))
