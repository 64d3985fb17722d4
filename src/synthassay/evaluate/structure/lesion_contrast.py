"""How clearly the synthetic image shows the lesions that the real one shows."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import metric
from synthassay.evaluate.structure.contrast import SETTINGS, lesion_contrasts
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask

CONTRAST, TO_NOISE = "quantity=contrast", "quantity=contrast to noise"


@metric(
    title="Lesion contrast kept",
    axis=Axis.FAILURE,
    better=Better.TARGET,
    target=1.0,
    unit="1",
    per="case",
    source="doi:10.1364/JOSA.38.000196",
    strata=(CONTRAST, TO_NOISE),
    settings=SETTINGS,
)
def lesion_contrast(
    synthetic: Pixels,
    reference: Pixels,
    lesion: SpatialMask,
    spacing_mm: tuple[float, ...],
    mask: SpatialMask | None = None,
) -> dict[str, float]:
    """Return synthetic over real contrast of the lesions drawn on the real image, and of contrast to noise.

    Contrast is the mean of the lesion minus that of the tissue around it, noise the standard deviation there. Needs no
    drawing on the synthetic image: it asks whether the lesion can still be seen where it must be. Lesions that the real
    image does not show are left out. Read it beside ``lost_lesions``: a mean over lesions can hide one that is gone.

    Args:
        synthetic: ``channels *space``.
        reference: ``channels *space`` in the same units.
        lesion: ``*space``: lesions of the real image.
        spacing_mm: Voxel size per axis.
        mask: ``*space``; surroundings are taken inside it.

    Returns:
        1 as in the real image, 0 erased, below 0 inverted, above 1 exaggerated; mean over the lesions.

    Raises:
        NotMeasured: The voxel size is unknown, sizes differ, a value is not finite, no lesion can be seen in the real
            image, or the synthetic surroundings do not vary (for contrast to noise alone: it is left out).

    Source:
        Visibility: Rose, J Opt Soc Am 38:196 (1948), doi:10.1364/JOSA.38.000196.

    Example:
        >>> real = np.random.default_rng(0).normal(100, 5, (1, 40, 40))
        >>> there = np.zeros((40, 40), bool)
        >>> there[16:24, 16:24] = True
        >>> real[0, there] += 50
        >>> faded = np.where(there, real - 25, real)
        >>> {name: round(value, 1) for name, value in lesion_contrast(faded, real, there, (1.0, 1.0)).items()}
        {'quantity=contrast': 0.5, 'quantity=contrast to noise': 0.5}
    """
    found = lesion_contrasts(synthetic, reference, lesion, spacing_mm, mask)
    kept = {CONTRAST: float(np.mean([one.ratio for one in found]))}
    if all(one.synthetic_noise > 0 for one in found):
        kept[TO_NOISE] = float(np.mean([one.noise_ratio for one in found]))
    return kept
