"""Grey level co-occurrence: how often two levels lie side by side, per direction."""

from __future__ import annotations

import numba
import numpy as np
from scipy.special import entr

from synthassay.evaluate.features.radiomics.region import Region


def glcm_matrices(region: Region) -> np.ndarray:
    """Return the symmetric counts ``directions levels levels``, at distance 1, without directions that are empty."""
    counts = _count(region.grid, region.voxels, region.directions(), region.levels)
    counts += counts.transpose(0, 2, 1).copy()
    return counts[counts.any((1, 2))]


def glcm_features(region: Region) -> dict[str, float]:
    """Return the 24 co-occurrence features, each the mean over directions of its value per direction.

    A region without variation has, by convention, correlation 1, maximal correlation coefficient 1 and information
    correlations 0. A region in which no two elements touch has no co-occurrence: every value is NaN.

    Source: IBSI, arXiv 1612.07003v11, section 3.6 (aggregation 3D:avg, 2D:avg); Haralick 1973,
    doi:10.1109/TSMC.1973.4309314.
    """
    return features_of(glcm_matrices(region), region.levels)


def features_of(counts: np.ndarray, levels: int) -> dict[str, float]:
    """Return the features of symmetric counts ``matrices levels levels``, averaged over the matrices."""
    if not len(counts):
        return dict.fromkeys(NAMES, float("nan"))
    joint = counts / counts.sum((1, 2), keepdims=True)
    marginal = joint.sum(2)
    sums, differences, energy, entropy, largest = _sweep(joint)
    features = {
        "JointEnergy": energy,
        "JointEntropy": entropy,
        "MaximumProbability": largest,
        **_joint_features(joint, marginal, entropy),
        **_sum_features(sums),
        **_difference_features(differences, levels),
    }
    return {name: float(features[name].mean()) for name in NAMES}


@numba.njit(cache=True, nogil=True)
def _count(grid, voxels, directions, levels):  # type: ignore[no-untyped-def]
    counts = np.zeros((directions.size, levels, levels), np.int64)
    for d in range(directions.size):
        table, step = counts[d], directions[d]
        for at in voxels:
            other = grid[at + step]
            if other > 0:
                table[grid[at] - 1, other - 1] += 1
    return counts


@numba.njit(cache=True, nogil=True)
def _sweep(joint):  # type: ignore[no-untyped-def]
    """Probabilities of i + j (from 2) and of |i - j| (from 0); energy, entropy in bits and maximum: in one pass."""
    directions, levels = joint.shape[0], joint.shape[1]
    sums, differences = np.zeros((directions, 2 * levels - 1)), np.zeros((directions, levels))
    energy, entropy, largest = np.zeros(directions), np.zeros(directions), np.zeros(directions)
    for d in range(directions):
        for i in range(levels):
            for j in range(levels):
                p = joint[d, i, j]
                if p > 0:
                    sums[d, i + j] += p
                    differences[d, abs(i - j)] += p
                    energy[d] += p * p
                    entropy[d] -= p * np.log2(p)
                    largest[d] = max(largest[d], p)
    return sums, differences, energy, entropy, largest


def _bits(share: np.ndarray) -> np.ndarray:
    return np.asarray(entr(share).sum(1) / np.log(2))


def _joint_features(joint: np.ndarray, marginal: np.ndarray, together: np.ndarray) -> dict[str, np.ndarray]:
    level = np.arange(1, joint.shape[1] + 1, dtype=np.float64)
    mean = marginal @ level
    variance = (marginal * (level - mean[:, None]) ** 2).sum(1)
    away = level - mean[:, None]
    covariance = (np.matmul(joint, away[:, :, None])[:, :, 0] * away).sum(1)
    own = _bits(marginal)
    # A symmetric matrix has equal marginals, so both cross-entropies HXY1 and HXY2 equal twice the marginal's.
    surplus = np.maximum(2 * own - together, 0)
    return {
        "Autocorrelation": covariance + mean**2,
        "JointAverage": mean,
        "SumSquares": variance,
        "Correlation": np.divide(covariance, variance, out=np.ones_like(mean), where=variance > 0),
        "Imc1": np.divide(together - 2 * own, own, out=np.zeros_like(own), where=own > 0),
        "Imc2": np.sqrt(-np.expm1(-2 * surplus)),
        "MCC": _maximal_correlation(joint, marginal),
    }


def _maximal_correlation(joint: np.ndarray, marginal: np.ndarray) -> np.ndarray:
    """Second largest singular value of p / sqrt(px py): the root of the second eigenvalue of Haralick's Q matrix."""
    present = marginal.any(0)
    if present.sum() < 2:
        return np.ones(len(joint))
    root = np.sqrt(marginal[:, present])
    scale = np.divide(1, root, out=np.zeros_like(root), where=root > 0)
    scaled = joint[:, present][:, :, present] * scale[:, :, None] * scale[:, None, :]
    return np.sort(np.abs(np.linalg.eigvalsh(scaled)), axis=1)[:, -2]


def _sum_features(sums: np.ndarray) -> dict[str, np.ndarray]:
    total = np.arange(2, sums.shape[1] + 2, dtype=np.float64)
    mean = sums @ total
    away = total - mean[:, None]
    square = away * away
    return {
        "SumAverage": mean,
        "SumEntropy": _bits(sums),
        "ClusterTendency": (sums * square).sum(1),
        "ClusterShade": (sums * square * away).sum(1),
        "ClusterProminence": (sums * square * square).sum(1),
    }


def _difference_features(differences: np.ndarray, levels: int) -> dict[str, np.ndarray]:
    k = np.arange(differences.shape[1], dtype=np.float64)
    mean = differences @ k
    return {
        "Contrast": differences @ k**2,
        "DifferenceAverage": mean,
        "DifferenceEntropy": _bits(differences),
        "DifferenceVariance": (differences * (k - mean[:, None]) ** 2).sum(1),
        "Id": differences @ (1 / (1 + k)),
        "Idm": differences @ (1 / (1 + k**2)),
        "Idn": differences @ (1 / (1 + k / levels)),
        "Idmn": differences @ (1 / (1 + (k / levels) ** 2)),
        "InverseVariance": differences[:, 1:] @ k[1:] ** -2,
    }


NAMES = (
    "Autocorrelation", "JointAverage", "ClusterProminence", "ClusterShade", "ClusterTendency", "Contrast",
    "Correlation", "DifferenceAverage", "DifferenceEntropy", "DifferenceVariance", "JointEnergy", "JointEntropy",
    "Imc1", "Imc2", "Idm", "MCC", "Idmn", "Id", "Idn", "InverseVariance", "MaximumProbability", "SumAverage",
    "SumEntropy", "SumSquares",
)  # fmt: skip
