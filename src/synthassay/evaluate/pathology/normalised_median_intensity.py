"""Whether brightness varies over synthetic tiles as it does over real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.evaluate.pathology.tiles import Rows, compared_tiles, real_rows, rows_of, wasserstein
from synthassay.images.specimen import Specimen
from synthassay.images.stain import LEAST_TISSUE, TISSUE_DENSITY, checked_rgb, optical_density, tissue_of
from synthassay.records.vocabulary import Axis, Better, Unit

Floats = NDArray[np.float64]


def median_intensity(tile: Specimen) -> float:
    """Return median / 95th percentile of the mean of red, green and blue over a tile's tissue, 0 to 1.

    Raises:
        NotMeasured: It is no RGB picture, or has fewer than 500 pixels of tissue.

    Source:
        Basavanhally and Madabhushi 2013, doi:10.1117/12.2007173.

    >>> grey = np.full((3, 30, 30), 100.0)
    >>> median_intensity(Specimen(grey, unit=Unit.RGB))
    1.0
    """
    picture = checked_rgb(tile.pixels, tile.unit, tile.mask)
    tissue = tissue_of(optical_density(picture))
    if tissue.sum() < LEAST_TISSUE:
        raise NotMeasured(f"it has {int(tissue.sum())} pixels of tissue; {LEAST_TISSUE} are needed")
    brightness = picture[:, tissue].mean(axis=0)
    return float(np.median(brightness) / max(float(np.percentile(brightness, 95)), 1.0))


def _row(tile: Specimen) -> Floats:
    return np.array([[median_intensity(tile)]])


def _distance(judged: Sample, comparator: Sample) -> float:
    return wasserstein(judged.features, comparator.features)


@metric(
    title="Normalised median intensity, distance",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="doi:10.1117/12.2007173",
    settings={"pixels": "tissue", "tissue_density": TISSUE_DENSITY, "percentile": 95.0, "order": 1},
    only=Unit.RGB,
)
def normalised_median_intensity(
    synthetic_specimens: Sequence[Specimen],
    test_specimens: Sequence[Specimen],
    seed: int,
    *,
    holdout_specimens: Sequence[Specimen] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding:
    """Return the 1-Wasserstein distance between the normalised median intensities of synthetic and real tiles.

    Each tile has one: the median over the 95th percentile of its tissue's brightness. Its standard deviation and
    coefficient of variation over a set, by which stain normalisation is usually judged, stand in the settings for both
    sets: a small one is no merit in itself where real tiles vary.

    Args:
        synthetic_specimens: RGB tiles.
        test_specimens: RGB tiles of held-out patients.
        seed: Root seed of the splits.
        holdout_specimens: Further real tiles that the generator never saw.
        real_memo: Keeps what depends on real tiles alone.

    Returns:
        0 to 1, with its real floor.

    Raises:
        NotMeasured: No tile of a set has tissue, or subjects are too few.

    Source:
        Basavanhally and Madabhushi, Proc SPIE 8676:86760G (2013), doi:10.1117/12.2007173.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> def tile(i, dark):
        ...     grey = np.where(rng.uniform(size=(1, 30, 30)) < 0.6, dark, 160.0) * np.ones((3, 1, 1))
        ...     return Specimen(grey, unit=Unit.RGB, case=str(i), subject=str(i))
        >>> real, other = [tile(i, 120.0) for i in range(40)], [tile(i, 100.0) for i in range(40)]
        >>> found = normalised_median_intensity(other, real, 0)
        >>> round(found.value, 3), round(found.floor, 3), found.settings["cv_synthetic"]
        (0.125, 0.0, 0.0)
    """
    memo = {} if real_memo is None else real_memo
    real = real_rows("nmi", test_specimens, holdout_specimens, _row, memo)
    judged = rows_of(synthetic_specimens, _row)
    spreads = {**_spread(judged, "synthetic"), **_spread(real, "real")}
    return compared_tiles(
        "normalised_median_intensity", "", (0,), _distance, judged, real, seed=seed, memo=memo, settings=spreads
    )


def _spread(rows: Rows, of: str) -> dict[str, Setting]:
    values = rows.values[:, 0]
    mean, sd = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return {f"mean_{of}": round(mean, 4), f"sd_{of}": round(sd, 4), f"cv_{of}": round(sd / mean, 4)}
