"""Whether a synthetic section holds as much of each stain as the real one."""

from __future__ import annotations

from synthassay.evaluate.metric import metric
from synthassay.evaluate.pathology.pair import both, stains_of_both, tissue_amounts
from synthassay.evaluate.pathology.tiles import wasserstein
from synthassay.images.stain import CONVENTION, STAINS
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Stain concentration distance",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="optical density",
    per="case",
    source="doi:10.1109/ISBI.2009.5193250",
    strata=tuple(f"stain={name}" for name in STAINS),
    settings={**CONVENTION, "vectors": "each tile's own", "order": 1},
    only=Unit.RGB,
)
def stain_concentration_distance(
    synthetic: Pixels, reference: Pixels, unit: Unit, mask: SpatialMask | None = None
) -> dict[str, float]:
    """Return the 1-Wasserstein distance between the amounts of each stain on the tissue of both tiles.

    Each tile is taken apart along its own stain vectors, so a change of hue is left to ``stain_angle`` and this sees
    how much dye there is. It compares distributions: where in the tile the stain lies is not asked.

    Args:
        synthetic: ``3 rows columns``, 0 to 255.
        reference: ``3 rows columns``, 0 to 255.
        unit: Must be RGB.
        mask: ``rows columns``; the whole tile where None.

    Returns:
        Optical density (base 10), at least 0, per stratum ``stain=haematoxylin`` and ``stain=eosin``.

    Raises:
        NotMeasured: As ``stain_angle``.

    Source:
        Amounts: Macenko et al. 2009, doi:10.1109/ISBI.2009.5193250; distance: doi:10.3390/e19020047.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> amounts = np.concatenate([np.eye(2)[:, rng.integers(0, 2, 300)], rng.uniform(0, 1, (2, 300))], 1) + 0.05
        >>> vectors = np.array([(0.65, 0.70, 0.29), (0.1, 0.99, 0.1)]).T / np.array([0.998, 1.0])
        >>> real, pale = (255 * 10 ** -(vectors @ amounts * dye).reshape(3, 20, 30) for dye in (1.0, 0.8))
        >>> found = stain_concentration_distance(pale, real, Unit.RGB)
        >>> round(found["stain=haematoxylin"], 2), round(float(0.2 * amounts[0].mean()), 2)
        (0.11, 0.11)
    """
    pictures = both(synthetic, reference, unit, mask)
    amounts = [tissue_amounts(p, s) for p, s in zip(pictures, stains_of_both(*pictures), strict=True)]
    return {f"stain={name}": wasserstein(amounts[0][k], amounts[1][k]) for k, name in enumerate(STAINS)}
