"""Whether the nuclei of a synthetic section are those of the real one, one by one."""

from __future__ import annotations

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import metric
from synthassay.evaluate.pathology.nuclear_pairs import centres_of_both, matched
from synthassay.images.nuclei import SEGMENTATION
from synthassay.images.stain import CONVENTION
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask

WITHIN_UM = 3.0


@metric(
    title="Nuclear detection F1",
    axis=Axis.FAILURE,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.1109/TMI.2016.2525803",
    settings={**CONVENTION, **SEGMENTATION, "within_um": WITHIN_UM, "matching": "largest one-to-one"},
    only=Unit.RGB,
)
def nuclear_f1(
    synthetic: Pixels, reference: Pixels, unit: Unit, mpp: float | None, mask: SpatialMask | None = None
) -> float:
    """Return the F1 score of the nuclei found in a synthetic tile against those found in its reference.

    Two nuclei are the same where their centres lie within 3 micrometres; each has one partner at most, and the
    largest possible number of pairs counts. A count alone is blind to a nucleus that is lost here and invented there.

    Args:
        synthetic: ``3 rows columns``, 0 to 255.
        reference: ``3 rows columns``, 0 to 255.
        unit: Must be RGB.
        mpp: Micrometres per pixel, at most 1.
        mask: ``rows columns``; the whole tile where None.

    Returns:
        0 to 1, which is best; 0 where one tile has nuclei and the other none.

    Raises:
        NotMeasured: Micrometres per pixel are unknown or too coarse, a tile has no two stains, or neither has nuclei.

    Source:
        Detection F1 within a radius of the annotated centre: Sirinukunwattana et al., IEEE Trans Med Imaging 35:1196
        (2016), doi:10.1109/TMI.2016.2525803.

    Example:
        >>> from synthassay.data.phantoms.histology import LABORATORIES, scan
        >>> from synthassay.data.phantoms.tissue_section import draw_section
        >>> import numpy as np
        >>> section = draw_section(np.random.default_rng(1), "normal", mpp=0.5)
        >>> tile = scan(section, LABORATORIES["harbour-lab"], np.random.default_rng(2)).transpose(2, 0, 1)
        >>> nuclear_f1(tile, tile, Unit.RGB, 0.5)
        1.0
    """
    found, real = centres_of_both(synthetic, reference, unit, mpp, mask)
    if not len(found) and not len(real):
        raise NotMeasured("no nucleus is found in either tile")
    return 2.0 * matched(found, real, WITHIN_UM) / (len(found) + len(real))
