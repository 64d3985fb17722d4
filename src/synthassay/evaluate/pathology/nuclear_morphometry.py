"""Whether the nuclei of synthetic tiles are as large, as round, as dense and as coarse as those of real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.pathology.tiles import Rows, compared_tiles, real_rows, rows_of, wasserstein
from synthassay.images.nuclei import FEATURES, SEGMENTATION, measured_nuclei, nuclei_of, require_mpp
from synthassay.images.specimen import Specimen
from synthassay.images.stain import CONVENTION, checked_rgb
from synthassay.records.vocabulary import Axis, Better, Unit

Floats = NDArray[np.float64]

SAME_MPP = 0.05
OF_TEXTURE = ("chromatin_sd", "chromatin_contrast")
_MPP = len(FEATURES)


def nuclear_rows(tile: Specimen) -> Floats:
    """Return one row per nucleus of a tile: its features, and the tile's micrometres per pixel.

    Raises:
        NotMeasured: Micrometres per pixel are unknown or too coarse, or the tile has no two stains or no nucleus.
    """
    size = require_mpp(tile.mpp)
    nuclei, haematoxylin = nuclei_of(checked_rgb(tile.pixels, tile.unit, tile.mask), size)
    if not nuclei.any():
        raise NotMeasured("no nucleus is found in it")
    found = measured_nuclei(nuclei, haematoxylin, size)
    return np.column_stack([*(found[name] for name in FEATURES), np.full(int(nuclei.max()), size)])


@metric(
    title="Nuclear morphometry, distance",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="SD of real nuclei",
    per="set",
    source="arXiv:1907.02644",
    settings={**CONVENTION, **SEGMENTATION, "order": 1, "units": "; ".join(f"{f}: {u}" for f, u in FEATURES.items())},
    only=Unit.RGB,
)
def nuclear_morphometry(
    synthetic_specimens: Sequence[Specimen],
    test_specimens: Sequence[Specimen],
    seed: int,
    *,
    holdout_specimens: Sequence[Specimen] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> list[Finding]:
    """Return the 1-Wasserstein distance of each nuclear feature between synthetic and real tiles, in real SD.

    All nuclei of a set form one distribution per feature; sets are halved by subject and cut to equal numbers of
    nuclei. The settings give both medians in the feature's own unit. Chromatin texture is compared only where both
    sets have the same micrometres per pixel within 5 %, because it depends on them.

    Args:
        synthetic_specimens: RGB tiles with micrometres per pixel.
        test_specimens: RGB tiles of held-out patients.
        seed: Root seed of the splits.
        holdout_specimens: Further real tiles that the generator never saw.
        real_memo: Keeps what depends on real tiles alone.

    Returns:
        At least 0, per stratum ``feature=`` area, eccentricity, solidity, neighbour_distance, chromatin_sd and
        chromatin_contrast, each with its real floor.

    Raises:
        NotMeasured: No tile of a set could be measured (no micrometres per pixel, no two stains, no nuclei).

    Source:
        Distributions of nuclear features as a measure of synthetic sections: Quiros et al. 2019, arXiv:1907.02644;
        distance: doi:10.3390/e19020047.

    Example:
        >>> from synthassay.data.phantoms.histology import LABORATORIES, scan
        >>> from synthassay.data.phantoms.tissue_section import draw_section
        >>> def tile(i, tissue):
        ...     section = draw_section(np.random.default_rng(i), tissue, mpp=0.5)
        ...     pixels = scan(section, LABORATORIES["harbour-lab"], np.random.default_rng(i)).transpose(2, 0, 1)
        ...     return Specimen(pixels, mpp=0.5, unit=Unit.RGB, case=str(i), subject=str(i))
        >>> real, other = [tile(i, "normal") for i in range(8)], [tile(i, "tumour") for i in range(10, 16)]
        >>> area = nuclear_morphometry(other, real, 0)[0]
        >>> area.stratum, area.value > 3 * area.floor
        ('feature=area', True)
    """
    memo = {} if real_memo is None else real_memo
    real = real_rows("nuclei", test_specimens, holdout_specimens, nuclear_rows, memo)
    judged = rows_of(synthetic_specimens, nuclear_rows)
    return [_feature(column, name, judged, real, seed, memo) for column, name in enumerate(FEATURES)]


def _feature(column: int, name: str, judged: Rows, real: Rows, seed: int, memo: dict[Any, Any]) -> Finding:
    stratum = f"feature={name}"
    sizes = [float(np.median(rows.values[:, _MPP])) for rows in (judged, real)]
    if name in OF_TEXTURE and abs(sizes[0] / sizes[1] - 1) > SAME_MPP:
        why = f"texture depends on the size of pixels, which is {sizes[0]:.3g} and {sizes[1]:.3g} micrometres"
        return Finding(stratum=stratum, not_measured=why)
    spread = float(np.nanstd(real.values[:, column]))
    if spread == 0:
        return Finding(stratum=stratum, not_measured="it does not vary over the real nuclei")

    def statistic(one: Sample, other: Sample) -> float:
        return wasserstein(one.features, other.features) / spread

    medians = {
        f"median_{of}": round(float(np.nanmedian(rows.values[:, column])), 4)
        for of, rows in (("synthetic", judged), ("real", real))
    }
    return compared_tiles(
        "nuclear_morphometry",
        stratum,
        (column,),
        statistic,
        judged,
        real,
        seed=seed,
        memo=memo,
        of="nuclei",
        settings={**medians, "sd_real": round(spread, 6)},
    )
