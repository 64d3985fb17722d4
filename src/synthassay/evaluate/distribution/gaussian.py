"""Means and covariances in one pass, and the Fréchet distance between two Gaussians without a matrix square root."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.shapes import Features


class Moments:
    """Mean and covariance of features that arrive in batches; memory does not grow with the number of images.

    Source: Chan, Golub and LeVeque 1983, doi:10.1080/00031305.1983.10483115, eq. 2.1 (pairwise update).

    Example:
        >>> moments = Moments(2)
        >>> moments.add(np.array([[0.0, 0.0], [2.0, 2.0]]))
        >>> moments.add(np.array([[4.0, 1.0]]))
        >>> moments.mean.tolist(), moments.covariance().tolist()
        ([2.0, 1.0], [[4.0, 1.0], [1.0, 1.0]])
    """

    def __init__(self, features: int) -> None:
        self.n = 0
        self.mean = np.zeros(features)
        self._scatter = np.zeros((features, features))

    def add(self, batch: Features) -> None:
        """Take in the rows of ``batch``, in any grouping and order."""
        if not len(batch):
            return
        mean = batch.mean(0)
        centred = batch - mean
        shift = mean - self.mean
        total = self.n + len(batch)
        self._scatter += centred.T @ centred + np.outer(shift, shift) * (self.n * len(batch) / total)
        self.mean = self.mean + shift * (len(batch) / total)
        self.n = total

    def covariance(self) -> np.ndarray:
        """Return the covariance with denominator n - 1.

        Raises:
            NotMeasured: Fewer than two images were added.
        """
        if self.n < 2:
            raise NotMeasured("a covariance needs at least two images")
        return self._scatter / (self.n - 1)


def frechet_from_features(first: Features, second: Features) -> float:
    """Return the squared Fréchet distance d^2 between Gaussians fitted to two sets of features.

    d^2 = |m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1 C2)^1/2), and the last trace is the nuclear norm of
    X Y^T / sqrt((n - 1)(m - 1)) with X and Y the centred features: no square root of a matrix, so nothing complex,
    nothing singular when there are fewer images than features, and min(n, d) in place of d in the cubic cost.

    Args:
        first: ``cases features``, finite.
        second: ``cases features``, finite.

    Returns:
        d^2 >= 0, in squared units of the features. Biased upwards by the finite number of images.

    Raises:
        NotMeasured: A set has fewer than two images.

    Source: Dowson and Landau 1982, doi:10.1016/0047-259X(82)90077-X, eq. 4; covariances with n - 1.
    """
    if min(len(first), len(second)) < 2:
        raise NotMeasured("a Fréchet distance needs at least two images in each set")
    x, y = (rows - rows.mean(0) for rows in (first, second))
    x, y = x / np.sqrt(len(x) - 1), y / np.sqrt(len(y) - 1)
    spread = float((x * x).sum() + (y * y).sum())
    together = _nuclear_norm(_compressed(x) @ _compressed(y).T)
    return _distance(first.mean(0), second.mean(0), spread, together)


def frechet_from_moments(first: Moments, second: Moments) -> float:
    """Return the same d^2 from streamed moments, by symmetric eigendecompositions.

    Raises:
        NotMeasured: A set has fewer than two images.
    """
    one, two = first.covariance(), second.covariance()
    together = _nuclear_norm(_root(one) @ _root(two))
    return _distance(first.mean, second.mean, float(np.trace(one) + np.trace(two)), together)


def _distance(first: np.ndarray, second: np.ndarray, spread: float, together: float) -> float:
    shift = first - second
    return max(float(shift @ shift) + spread - 2 * together, 0.0)  # rounding alone can make it negative


def _compressed(rows: np.ndarray) -> np.ndarray:
    """Triangular factor R of rows = QR where that is smaller: Q drops out of every nuclear norm."""
    return np.asarray(np.linalg.qr(rows, mode="r")) if len(rows) > rows.shape[1] else rows


def _nuclear_norm(matrix: np.ndarray) -> float:
    return float(np.linalg.svd(matrix, compute_uv=False).sum())


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
