"""How far the colour of each stain is from that of the real section."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import metric
from synthassay.evaluate.pathology.pair import both, stains_of_both
from synthassay.images.stain import CONVENTION, STAINS, angle_between
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Stain angle",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="degrees",
    per="case",
    source="doi:10.1109/ISBI.2009.5193250",
    strata=tuple(f"stain={name}" for name in STAINS),
    settings=CONVENTION,
    only=Unit.RGB,
)
def stain_angle(synthetic: Pixels, reference: Pixels, unit: Unit, mask: SpatialMask | None = None) -> dict[str, float]:
    """Return the angle between the stain vectors of a synthetic tile and of its reference, for each stain.

    Args:
        synthetic: ``3 rows columns``, 0 to 255.
        reference: ``3 rows columns``, 0 to 255.
        unit: Must be RGB.
        mask: ``rows columns``; the whole tile where None.

    Returns:
        Degrees, 0 to 180, per stratum ``stain=haematoxylin`` and ``stain=eosin``.

    Raises:
        NotMeasured: A tile is no RGB picture, has too little tissue, or shows one stain only.

    Source:
        Vectors: Macenko et al. 2009, doi:10.1109/ISBI.2009.5193250, section 2, by the convention of ``images.stain``.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> amounts = np.concatenate([np.eye(2)[:, rng.integers(0, 2, 300)], rng.uniform(0, 1, (2, 300))], 1) + 0.05
        >>> def tile(haematoxylin): return 255 * 10 ** -(np.array([haematoxylin, (0.1, 0.99, 0.1)]).T @ amounts)
        >>> real, other = tile((0.65, 0.70, 0.29)), tile((0.70, 0.65, 0.29))
        >>> round(stain_angle(other.reshape(3, 20, 30), real.reshape(3, 20, 30), Unit.RGB)["stain=haematoxylin"], 1)
        3.9
    """
    pictures = both(synthetic, reference, unit, mask)
    one, other = stains_of_both(*pictures)
    return {
        f"stain={name}": angle_between(np.asarray(getattr(one, name)), np.asarray(getattr(other, name)))
        for name in STAINS
    }
