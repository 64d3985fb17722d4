"""Whether synthetic tissue is built as real tissue is, from single nuclei up to glands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.pathology.tiles import Rows, compared_tiles, real_rows, rows_of, wasserstein
from synthassay.images.nuclei import require_mpp
from synthassay.images.specimen import Specimen
from synthassay.images.stain import LEAST_TISSUE, TISSUE_DENSITY, checked_rgb, optical_density, tissue_of
from synthassay.records.vocabulary import Axis, Better, Unit

Floats = NDArray[np.float64]

SCALES_UM = (2, 4, 8, 16, 32, 64)
FINEST, COARSEST = 1.0, 0.25


def energies_by_scale(tile: Specimen) -> Floats:
    """Return one row: log10 of the share of a tile's variance at each scale, NaN where its pixels cannot show it.

    Scale s is what differs between Gaussians of s / 2 and s micrometres of the tile's mean optical density. A share of
    the tile's own variance is the same however strongly it is stained, and nearly the same in any colour.

    Raises:
        NotMeasured: Micrometres per pixel are unknown, the tile has fewer than 500 pixels of tissue or is uniform.
    """
    size = require_mpp(tile.mpp, coarsest=np.inf)
    density = optical_density(checked_rgb(tile.pixels, tile.unit, tile.mask))
    count = int(tissue_of(density).sum())
    if count < LEAST_TISSUE:
        raise NotMeasured(f"it has {count} pixels of tissue; {LEAST_TISSUE} are needed")
    grey = density.mean(axis=0)
    total = float(grey.var())
    if total < 1e-8:
        raise NotMeasured("it is uniform: there is nothing at any scale")
    least_side = min(grey.shape) * size
    power = np.square(dctn(grey, norm="ortho")) / grey.size
    frequency = np.hypot(*np.meshgrid(*(np.pi * np.arange(n) / n for n in grey.shape), indexing="ij"))
    row = [
        _energy(power, frequency, scale / size, total)
        if FINEST * size <= scale / 2 and scale <= COARSEST * least_side
        else np.nan
        for scale in SCALES_UM
    ]
    return np.array([row])


def _energy(power: Floats, frequency: Floats, scale: float, total: float) -> float:
    """Variance of the band from the cosine transform, in which Gaussians are factors (Parseval)."""
    gain = np.exp(-np.square(frequency * scale / 2) / 2) - np.exp(-np.square(frequency * scale) / 2)
    return float(np.log10(max(float((power * np.square(gain)).sum()) / total, 1e-9)))


@metric(
    title="Tissue architecture, distance",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="SD of real tiles",
    per="set",
    source="doi:10.1109/TCOM.1983.1095851",
    settings={
        "tissue_density": TISSUE_DENSITY,
        "bands": "Gaussians of half the scale and the scale",
        "value": "log10 of the share of the tile's variance",
        "order": 1,
    },
    only=Unit.RGB,
)
def tissue_architecture(
    synthetic_specimens: Sequence[Specimen],
    test_specimens: Sequence[Specimen],
    seed: int,
    *,
    holdout_specimens: Sequence[Specimen] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> list[Finding]:
    """Return how far synthetic tiles are from real ones in how much of their pattern lies at each scale.

    2 and 4 micrometres are chromatin and the borders of nuclei, 8 is a nucleus, 16 a cell, 32 and 64 glands and nests.
    A scale needs pixels of at most half of it, and tiles four times as wide.

    Args:
        synthetic_specimens: RGB tiles with micrometres per pixel.
        test_specimens: RGB tiles of held-out patients.
        seed: Root seed of the splits.
        holdout_specimens: Further real tiles that the generator never saw.
        real_memo: Keeps what depends on real tiles alone.

    Returns:
        1-Wasserstein distance in SD of real tiles, at least 0, per stratum ``scale=2 µm`` to ``scale=64 µm``, each with
        its real floor.

    Raises:
        NotMeasured: No tile of a set could be measured; a scale that no tile can show is not measured itself.

    Source:
        Bands, as in the Laplacian pyramid: Burt and Adelson, IEEE Trans Commun 31:532 (1983),
        doi:10.1109/TCOM.1983.1095851; distance: doi:10.3390/e19020047.

    Example:
        >>> from scipy import ndimage
        >>> rng = np.random.default_rng(0)
        >>> def tile(i, coarse):
        ...     grey = ndimage.gaussian_filter(rng.normal(size=(1, 64, 64)), (0, coarse, coarse), mode="wrap")
        ...     return Specimen(120 + 20 * np.repeat(grey / grey.std(), 3, 0), mpp=1.0, unit=Unit.RGB,
        ...                     case=str(i), subject=str(i))
        >>> real, other = [tile(i, 2) for i in range(40)], [tile(i, 4) for i in range(40)]
        >>> found = tissue_architecture(other, real, 0)[0]
        >>> found.stratum, found.value > 10 * found.floor
        ('scale=2 µm', True)
    """
    memo = {} if real_memo is None else real_memo
    real = real_rows("architecture", test_specimens, holdout_specimens, energies_by_scale, memo)
    judged = rows_of(synthetic_specimens, energies_by_scale)
    return [_scale(column, scale, judged, real, seed, memo) for column, scale in enumerate(SCALES_UM)]


def _scale(column: int, scale: int, judged: Rows, real: Rows, seed: int, memo: dict[Any, Any]) -> Finding:
    there = real.values[:, column][np.isfinite(real.values[:, column])]
    spread = float(there.std()) if len(there) else 0.0
    stratum = f"scale={scale} µm"
    if spread == 0:
        return Finding(stratum=stratum, not_measured="pixels are too coarse or tiles too small for this scale")

    def statistic(one: Sample, other: Sample) -> float:
        return wasserstein(one.features, other.features) / spread

    return compared_tiles("tissue_architecture", stratum, (column,), statistic, judged, real, seed=seed, memo=memo)
