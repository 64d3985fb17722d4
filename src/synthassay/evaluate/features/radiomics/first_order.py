"""First-order features: the distribution of intensities, without regard to where they lie."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.features.radiomics.region import Region


def first_order(region: Region, voxel_volume: float = 1.0) -> dict[str, float]:
    """Return the 18 first-order features and the standard deviation.

    Args:
        region: What to measure.
        voxel_volume: mm^2 or mm^3 per element; scales ``TotalEnergy`` only.

    Returns:
        Names as pyradiomics has them; kurtosis is not excess (IBSI subtracts 3), variance is the population's.

    Source: IBSI, arXiv 1612.07003v11, sections 3.3 and 3.4.
    """
    x = np.sort(region.values)
    low, p10, q1, median, q3, p90, high = (_percentile(x, share) for share in (0, 10, 25, 50, 75, 90, 100))
    mean = float(x.mean())
    deviation = x - mean
    square = deviation * deviation
    variance = float(square.mean())
    central = x[np.searchsorted(x, p10) : np.searchsorted(x, p90, side="right")]
    energy = float(x @ x)
    flat = variance == 0
    return {
        "Energy": energy,
        "TotalEnergy": energy * voxel_volume,
        "Minimum": low,
        "10Percentile": p10,
        "90Percentile": p90,
        "Maximum": high,
        "Mean": mean,
        "Median": median,
        "InterquartileRange": q3 - q1,
        "Range": high - low,
        "MeanAbsoluteDeviation": float(np.abs(deviation).mean()),
        "RobustMeanAbsoluteDeviation": float(np.abs(central - central.mean()).mean()) if central.size else float("nan"),
        "RootMeanSquared": float(np.sqrt(energy / x.size)),
        "StandardDeviation": float(np.sqrt(variance)),
        "Skewness": 0.0 if flat else float(square @ deviation) / x.size / variance**1.5,
        "Kurtosis": 0.0 if flat else float(square @ square) / x.size / variance**2,
        "Variance": variance,
        **_histogram(region),
    }


def _percentile(ordered: np.ndarray, share: float) -> float:
    """Linear interpolation between the two nearest ranks (Hyndman and Fan's type 7)."""
    rank = (ordered.size - 1) * share / 100
    below = int(rank)
    above = min(below + 1, ordered.size - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (rank - below))


def _histogram(region: Region) -> dict[str, float]:
    share = np.bincount(region.grid[region.voxels])[1:] / region.voxels.size
    share = share[share > 0]
    return {"Entropy": float(-(share @ np.log2(share))), "Uniformity": float(share @ share)}
