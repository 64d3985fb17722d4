"""Nearest neighbours between sets of features, a block of rows at a time, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.shapes import Features

ELEMENTS = 2_000_000  # distances held at a time, whatever the number of images
NEIGHBOURS = 5
ROUNDING = 1e-12  # of |x|^2 + |y|^2: a squared distance below it is a rounded zero


def blocks(first: Features, second: Features) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield row slices of ``first`` with their squared distances to all of ``second``; equal rows have exactly 0."""
    norms = (second * second).sum(1)
    step = max(ELEMENTS // len(second), 1)
    for start in range(0, len(first), step):
        rows = slice(start, min(start + step, len(first)))
        lengths = (first[rows] ** 2).sum(1)[:, None] + norms
        squared = lengths - 2 * first[rows] @ second.T
        squared[squared < ROUNDING * lengths] = 0.0
        yield rows, squared


def radii(features: Features, k: int = NEIGHBOURS) -> np.ndarray:
    """Return the squared distance of each image to its k-th nearest neighbour in its own set, itself left out.

    Raises:
        NotMeasured: The set has no k neighbours.
    """
    if len(features) < k + 1:
        raise NotMeasured(f"{len(features)} images have no {k} neighbours each")
    out = np.empty(len(features))
    for rows, squared in blocks(features, features):
        squared[np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = np.inf
        out[rows] = np.partition(squared, k - 1, axis=1)[:, k - 1]
    return out


@dataclass(frozen=True)
class Manifolds:
    """Precision, recall, density and coverage, which share all their distances.

    A ball has the distance to the k-th neighbour as its radius and contains its surface. (Without the surface, a real
    image with k duplicates has an empty ball, and not even an exact copy of it would count.)

    Attributes:
        precision: Share of synthetic images inside the ball of some real image.
        recall: Share of real images inside the ball of some synthetic image.
        density: Real balls that a synthetic image lies in, over k, on average; about 1 for equal distributions, and it
            may exceed 1.
        coverage: Share of real images whose ball holds some synthetic image.

    Source: Kynkäänniemi et al. 2019, arXiv 1904.06991, eqs. 1 and 2; Naeem et al. 2020, arXiv 2002.09797, eqs. 5 and 6.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifolds(synthetic: Features, real: Features, k: int = NEIGHBOURS) -> Manifolds:
    """Return the four measures for neighbourhoods of ``k``.

    Raises:
        NotMeasured: A set has no k neighbours.

    Example:
        >>> line = np.arange(12.0)[:, None]
        >>> manifolds(line + 0.1, line), manifolds(line + 100.0, line).coverage
        (Manifolds(precision=1.0, recall=1.0, density=1.15, coverage=1.0), 0.0)
    """
    around_real, around_synthetic = radii(real, k), radii(synthetic, k)
    balls = np.empty(len(synthetic))
    recalled, nearest = np.zeros(len(real), bool), np.full(len(real), np.inf)
    for rows, squared in blocks(synthetic, real):
        balls[rows] = (squared <= around_real).sum(1)
        recalled |= (squared <= around_synthetic[rows, None]).any(0)
        nearest = np.minimum(nearest, squared.min(0))
    return Manifolds(
        precision=float((balls > 0).mean()),
        recall=float(recalled.mean()),
        density=float(balls.mean() / k),
        coverage=float((nearest <= around_real).mean()),
    )
