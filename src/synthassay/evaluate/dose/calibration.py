"""From Hounsfield units to electron density relative to water: the curve that a planning system reads a CT by."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthassay.errors import DataError

Curve = tuple[tuple[float, float], ...]

DEFAULT_CURVE: Curve = ((-1000.0, 0.0), (100.0, 1.1), (300.0, 1 + 300 / 1950), (4000.0, 1 + 4000 / 1950))
"""Thomas, Br J Radiol 72:781 (1999), doi:10.1259/bjr.72.860.10624344, recommended for scanners without data of their
own: 1 + HU / 1000 up to 100 HU and 1 + HU / 1950 for bone. The published lines jump down by 0.05 at 100 HU, so that a
denser tissue would be taken for a lighter one; here a straight line from 100 to 300 HU joins them."""


def relative_electron_density(hu: ArrayLike, curve: Curve = DEFAULT_CURVE) -> NDArray[np.float64]:
    """Return the electron density relative to water, by linear interpolation; beyond the curve's ends, its end values.

    >>> relative_electron_density([-2000, -1000, 0, 975])
    array([0. , 0. , 1. , 1.5])
    """
    known, density = np.array(curve, np.float64).T
    return np.interp(np.asarray(hu, np.float64), known, density)


def check_curve(curve: Curve, where: str) -> Curve:
    """Return the curve, sorted by CT number.

    Raises:
        DataError: It has fewer than two points, one that is not finite or negative, a CT number twice, or falls.
    """
    points = tuple(sorted((float(hu), float(density)) for hu, density in curve))
    remedy = "Give one line per point: CT number in HU, electron density relative to water (water is 0, 1)."
    if len(points) < 2 or not np.isfinite(points).all() or min(density for _, density in points) < 0:
        raise DataError(where, "needs two or more points of finite HU and densities from 0", remedy=remedy)
    for (low, one), (high, two) in pairwise(points):
        if low == high:
            raise DataError(where, "gives one CT number twice", value=low, remedy=remedy)
        if two < one:
            raise DataError(
                where,
                "falls, so that a denser tissue would be taken for a lighter one",
                value=f"{one:g} at {low:g} HU, {two:g} at {high:g} HU",
                remedy=remedy,
            )
    return points


def read_curve(path: Path) -> Curve:
    """Read a calibration curve from a CSV file: CT number in HU, electron density relative to water; one header line.

    Raises:
        DataError: The file cannot be read, or as ``check_curve``.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(str(path), f"cannot be read: {problem}") from None
    points = []
    for number, line in enumerate(lines):
        fields = [field.strip() for field in line.split(",")]
        try:
            hu, density = (float(field) for field in fields)
        except ValueError:
            if number == 0:
                continue
            raise DataError(
                f"{path}: line {number + 1}", "is not two numbers separated by a comma", value=line
            ) from None
        points.append((hu, density))
    return check_curve(tuple(points), str(path))
