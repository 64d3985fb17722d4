"""Sliced Wasserstein distance: the mean over many fixed directions of the distance between sorted projections."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.randomness import stream
from synthassay.shapes import Features

PROJECTIONS = 256
AT_ONCE = 4_000_000  # projected values held at a time


@lru_cache(maxsize=4)
def directions(features: int, count: int = PROJECTIONS) -> np.ndarray:
    """Return unit vectors ``features count``, uniform on the sphere, the same for every comparison.

    Directions drawn anew for each comparison would make two generators differ by the draw.
    """
    drawn = stream(0, "sliced Wasserstein directions", features).normal(size=(features, count))
    unit: np.ndarray = drawn / np.linalg.norm(drawn, axis=0)
    unit.setflags(write=False)
    return unit


def sliced_distance(first: Features, second: Features, projections: np.ndarray | None = None) -> float:
    """Return the root of the mean squared 2-Wasserstein distance between one-dimensional projections.

    Args:
        first: ``cases features``.
        second: ``cases features``; another number of cases is allowed.
        projections: Unit vectors ``features count``; the fixed ones where None.

    Returns:
        At least 0, in units of the features. A shift by a vector v gives |v| / sqrt(features) on average.

    Raises:
        NotMeasured: A set is empty.

    Source: Bonneel et al. 2015, doi:10.1007/s10851-014-0506-3, definition 3; Rabin et al. 2011.

    Example:
        >>> line = np.linspace(0, 1, 5)[:, None]
        >>> round(sliced_distance(line, line + 2.0), 6)
        2.0
    """
    if not len(first) or not len(second):
        raise NotMeasured("a set without images has no distance")
    along = directions(first.shape[1]) if projections is None else projections
    step = max(AT_ONCE // (len(first) + len(second)), 1)
    total = 0.0
    for start in range(0, along.shape[1], step):
        part = along[:, start : start + step]
        total += _squared(np.sort(first @ part, axis=0), np.sort(second @ part, axis=0))
    return float(np.sqrt(total / along.shape[1]))


def _squared(first: np.ndarray, second: np.ndarray) -> float:
    """Sum over columns of the integral of (F^-1 - G^-1)^2, both sorted along the first axis."""
    n, m = len(first), len(second)
    if n == m:
        return float(((first - second) ** 2).sum() / n)
    # quantile functions are steps: between two neighbouring levels i / n and j / m both are constant
    levels = np.unique(np.concatenate([np.arange(1, n + 1) * m, np.arange(1, m + 1) * n]))
    width = np.diff(levels, prepend=0) / (n * m)
    apart = first[(levels - 1) // m] - second[(levels - 1) // n]
    return float((width[:, None] * apart**2).sum())
