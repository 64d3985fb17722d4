"""Structural similarity of a volume, slice by slice, for comparison with studies that report it so."""

from __future__ import annotations

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.ssim_map import SETTINGS, WINDOW, mean_ssim
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Structural similarity in axial slices",
    axis=Axis.FIDELITY,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.1109/TIP.2003.819861",
    settings={**SETTINGS, "dimensions": "2 (axial slices)"},
)
def ssim_slices(
    synthetic: Pixels, reference: Pixels, data_range: tuple[float, float], mask: SpatialMask | None = None
) -> float:
    """Return the mean structural similarity of a volume's axial slices (last axis) inside the mask.

    It does not look across slices, so a volume that flickers from slice to slice can score well; ``ssim`` sees that.
    The two are not comparable with each other.

    Args:
        synthetic: ``channels x y z`` in physical units.
        reference: ``channels x y z`` in the same units.
        data_range: Lowest and highest possible value.
        mask: ``x y z``; the whole volume where None.

    Returns:
        At most 1, which only equal volumes reach.

    Raises:
        NotMeasured: It is a picture, not a volume; or as in ``ssim``.

    Source:
        Wang et al., IEEE Trans Image Process 13:600 (2004), doi:10.1109/TIP.2003.819861, eq. 13.

    Example:
        >>> ramp = np.arange(16.0**3).reshape(1, 16, 16, 16)
        >>> round(ssim_slices(ramp, ramp + 200, (0.0, 4095.0)), 4)
        0.9934
    """
    if synthetic.ndim != 4:
        raise NotMeasured("it is a picture, not a volume")
    return mean_ssim(synthetic, reference, data_range, mask, (WINDOW, WINDOW, 1))
