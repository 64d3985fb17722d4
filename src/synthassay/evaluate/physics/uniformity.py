"""Whether the middle of a body is shifted against its rim, as cupping and shading do."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import IMAGE_UNIT, metric
from synthassay.evaluate.physics.regions import SETTINGS, uniform_regions
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Uniformity: rim less centre",
    axis=Axis.FIDELITY,
    better=Better.TARGET,
    target=0.0,
    unit=IMAGE_UNIT,
    per="case",
    source="doi:10.1002/mp.13763",
    settings={**SETTINGS, "rim": "the half of the regions that lie nearer to the mask's border"},
)
def uniformity(synthetic: Pixels, reference: Pixels, mask: SpatialMask, spacing_mm: tuple[float, ...]) -> float:
    """Return how much more a synthetic image differs from the real one near the body's rim than in its centre.

    Mean of synthetic - reference over uniform regions in the outer half, less the same in the inner half. A constant
    shift gives 0, since it is as large everywhere; cupping gives a positive, capping a negative value.

    Args:
        synthetic: ``channels *space``.
        reference: ``channels *space``.
        mask: ``*space``: where the subject is.
        spacing_mm: Voxel size.

    Returns:
        Difference in the image's unit, 0 at best.

    Raises:
        NotMeasured: No voxel size, too few uniform regions, or values that are not finite.

    Source:
        AAPM TG-233, Samei et al., Med Phys 46:e735 (2019), doi:10.1002/mp.13763 (uniformity); here against the real
        image, because a patient's tissues differ between rim and centre.

    Example:
        >>> real = np.random.default_rng(0).normal(size=(1, 64, 64))
        >>> x, y = np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 64))
        >>> cup = 30 * np.maximum(abs(x), abs(y))
        >>> round(uniformity(real + cup, real, np.ones((64, 64), bool), (1.0, 1.0)), 1)
        12.3
    """
    regions = uniform_regions(synthetic, reference, mask, spacing_mm)
    shift = (regions.synthetic - regions.reference).mean(axis=(1, 2))
    order = np.argsort(regions.depth_mm, kind="stable")
    half = len(order) // 2
    return float(shift[order[:half]].mean() - shift[order[-half:]].mean())
