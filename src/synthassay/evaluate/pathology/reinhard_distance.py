"""Whether the colours of a synthetic section have the mean and the spread of the real one's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import metric
from synthassay.evaluate.pathology.pair import both
from synthassay.images.stain import LEAST_TISSUE, TISSUE_DENSITY, WHITE, optical_density, tissue_of
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask

STATISTICS = ("statistic=mean", "statistic=SD")


@metric(
    title="Reinhard colour distance",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="CIELAB ΔE",
    per="case",
    source="doi:10.1109/38.946629",
    strata=STATISTICS,
    settings={"colours": "CIELAB, D65, from sRGB", "pixels": "tissue", "tissue_density": TISSUE_DENSITY},
    only=Unit.RGB,
)
def reinhard_distance(
    synthetic: Pixels, reference: Pixels, unit: Unit, mask: SpatialMask | None = None
) -> dict[str, float]:
    """Return how far apart the mean colours of both tiles' tissue are, and how far their standard deviations.

    These are the six numbers that Reinhard's transfer makes equal. They are taken in CIELAB rather than in Reinhard's
    own lαβ, because a distance there has a known size: about 2 is just visible side by side.

    Args:
        synthetic: ``3 rows columns``, 0 to 255, sRGB.
        reference: ``3 rows columns``, 0 to 255, sRGB.
        unit: Must be RGB.
        mask: ``rows columns``; the whole tile where None.

    Returns:
        Euclidean distances over L*, a*, b*, at least 0, per stratum ``statistic=mean`` and ``statistic=SD``.

    Raises:
        NotMeasured: A tile is no RGB picture, or has fewer than 500 pixels of tissue.

    Source:
        Reinhard et al., IEEE Comput Graph Appl 21:34 (2001), doi:10.1109/38.946629, eqs. 10-11.

    Example:
        >>> grey, darker = np.full((3, 30, 30), 120.0), np.full((3, 30, 30), 100.0)
        >>> {name: round(value, 2) for name, value in reinhard_distance(darker, grey, Unit.RGB).items()}
        {'statistic=mean': 8.06, 'statistic=SD': 0.0}
    """
    one, other = (_lab(picture) for picture in both(synthetic, reference, unit, mask))
    return {
        STATISTICS[0]: float(np.linalg.norm(one.mean(axis=1) - other.mean(axis=1))),
        STATISTICS[1]: float(np.linalg.norm(one.std(axis=1) - other.std(axis=1))),
    }


def _lab(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """L*, a*, b* of the tissue, ``3 pixels``."""
    tissue = tissue_of(optical_density(picture))
    if tissue.sum() < LEAST_TISSUE:
        raise NotMeasured(f"it or its reference has {int(tissue.sum())} pixels of tissue; {LEAST_TISSUE} are needed")
    return np.asarray(rgb2lab(picture[:, tissue].T[None] / WHITE)[0].T, np.float64)
