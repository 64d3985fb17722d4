"""Whether a synthetic section has as many nuclei as the real one."""

from __future__ import annotations

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import metric
from synthassay.evaluate.pathology.nuclear_pairs import centres_of_both
from synthassay.images.nuclei import SEGMENTATION
from synthassay.images.stain import CONVENTION
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Nuclear count error",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="%",
    per="case",
    source="arXiv:1907.02644",
    settings={**CONVENTION, **SEGMENTATION},
    only=Unit.RGB,
)
def nuclear_count_error(
    synthetic: Pixels, reference: Pixels, unit: Unit, mpp: float | None, mask: SpatialMask | None = None
) -> float:
    """Return the difference in the number of nuclei, in per cent of the reference's.

    The difference is absolute, so that nuclei lost in one tile and invented in the next do not cancel.

    Args:
        synthetic: ``3 rows columns``, 0 to 255.
        reference: ``3 rows columns``, 0 to 255.
        unit: Must be RGB.
        mpp: Micrometres per pixel, at most 1.
        mask: ``rows columns``; the whole tile where None.

    Returns:
        Per cent, at least 0; 100 where all are gone.

    Raises:
        NotMeasured: Micrometres per pixel are unknown or too coarse, a tile has no two stains, or no nucleus is found
            in the reference.

    Source:
        Counts of cells as a measure of synthetic sections: Quiros et al. 2019, arXiv:1907.02644.

    Example:
        >>> from synthassay.data.phantoms.histology import LABORATORIES, scan
        >>> from synthassay.data.phantoms.tissue_section import draw_section
        >>> import numpy as np
        >>> section = draw_section(np.random.default_rng(1), "normal", mpp=0.5)
        >>> tile = scan(section, LABORATORIES["harbour-lab"], np.random.default_rng(2)).transpose(2, 0, 1)
        >>> nuclear_count_error(tile, tile, Unit.RGB, 0.5)
        0.0
    """
    found, real = (len(centres) for centres in centres_of_both(synthetic, reference, unit, mpp, mask))
    if real == 0:
        raise NotMeasured(f"no nucleus is found in its reference, and {found} in the synthetic tile")
    return 100.0 * abs(found - real) / real
