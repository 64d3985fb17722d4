"""Haematoxylin and eosin taken apart: optical density, stain vectors, and how much of each stain a pixel holds.

One convention, used by every measure here, because tools differ and their numbers cannot be compared:

* optical density is ``-log10(max(I, 1) / 255)``; 255 is white, whatever the glass of one scanner shows;
* tissue is where the optical densities of red, green and blue have a length of at least 0.15;
* stain vectors are the 1st and 99th percentile of the angle in the plane of the first two singular vectors of the
  optical densities about the origin (light that no stain stopped), not about their mean;
* haematoxylin is the vector that takes more of the red light, which eosin lets pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels, SpatialMask

WHITE = 255.0
TISSUE_DENSITY = 0.15
PERCENTILE = 1.0
LEAST_TISSUE = 500
LEAST_GAP, LEAST_SEPARATION, LEAST_RED = 1.2, 5.0, 0.05
STAINS = ("haematoxylin", "eosin")

CONVENTION: Mapping[str, str | float | int | bool] = {
    "white": WHITE,
    "logarithm": "base 10",
    "tissue_density": TISSUE_DENSITY,
    "percentile": PERCENTILE,
    "least_tissue_pixels": LEAST_TISSUE,
}
"""The settings of every measure that rests on stain vectors."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stains:
    """The two stains of one tile.

    Attributes:
        haematoxylin: Optical density per unit of stain in red, green and blue; length 1.
        eosin: The same of eosin.
        tissue_pixels: On how many pixels they rest.
    """

    haematoxylin: Floats
    eosin: Floats
    tissue_pixels: int

    @property
    def matrix(self) -> Floats:
        """Both vectors, ``stains colours``."""
        return np.stack([self.haematoxylin, self.eosin])


def checked_rgb(pixels: Pixels, unit: Unit, mask: SpatialMask | None = None, what: str = "it") -> Floats:
    """Return a picture as float64 ``3 rows columns`` of 0 to 255, white outside the mask; the input stays as it is.

    Raises:
        NotMeasured: It is not an RGB picture, or a value inside the mask is not finite, below 0, above 255, or all are
            at most 1.
    """
    if unit is not Unit.RGB or pixels.ndim != 3 or len(pixels) != 3:
        raise NotMeasured(f"{what} is not an RGB picture: unit {unit.value}, shape {pixels.shape}")
    if mask is not None and mask.shape != pixels.shape[1:]:
        raise NotMeasured(f"{what} has size {pixels.shape[1:]} but its mask has {mask.shape}")
    if mask is not None and not mask.any():
        raise NotMeasured("its mask is empty")
    picture = np.array(pixels, np.float64)
    if mask is not None:
        picture[:, ~mask] = WHITE
    bad = int((~np.isfinite(picture)).sum())
    if bad:
        raise NotMeasured(f"{what} has {bad} values that are not finite")
    low, high = float(picture.min()), float(picture.max())
    if low < 0 or high > WHITE:
        raise NotMeasured(f"{what} has values from {low:g} to {high:g}; RGB goes from 0 to 255")
    if high <= 1:
        raise NotMeasured(f"{what} has no value above {high:g}: on a scale of 0 to 255 it is black")
    return picture


def optical_density(picture: Floats, white: float = WHITE) -> Floats:
    """Return ``-log10(I / white)`` per colour, at least 0; below one grey level the camera cannot tell.

    Args:
        picture: ``3 rows columns``, 0 to 255.
        white: Value of light that met no stain.

    Source:
        Ruifrok and Johnston, Anal Quant Cytol Histol 23:291 (2001).

    >>> optical_density(np.full((3, 1, 1), 25.5)).round(6).ravel()
    array([1., 1., 1.])
    """
    density: Floats = -np.log10(np.clip(picture, 1.0, white) / white)
    return density


def tissue_of(density: Floats) -> SpatialMask:
    """Return where light was stopped by more than glass, ``rows columns``.

    The length of the three densities decides: a rule that every colour must exceed a threshold drops the purest
    eosin, which lets red light pass.
    """
    return np.asarray(np.square(density).sum(axis=0) >= TISSUE_DENSITY**2)


def stains_of(picture: Floats) -> Stains:
    """Return the stain vectors of a tile.

    Args:
        picture: ``3 rows columns``, 0 to 255, white where not to look.

    Raises:
        NotMeasured: Fewer than 500 tissue pixels; or one stain only: the second direction of the colours is no
            stronger than the third, both vectors lie within 5 degrees, or neither takes more red light.

    Source:
        Macenko et al., Proc IEEE ISBI 2009:1107, doi:10.1109/ISBI.2009.5193250, section 2.
    """
    density = optical_density(picture)
    inside = density[:, tissue_of(density)]
    count = inside.shape[1]
    if count < LEAST_TISSUE:
        raise NotMeasured(f"it has {count} pixels of tissue; stain vectors need {LEAST_TISSUE}")
    values, vectors = np.linalg.eigh(inside @ inside.T / count)
    gap = float(np.sqrt(max(values[1], 1e-12) / max(values[0], 1e-12)))
    if gap < LEAST_GAP:
        raise NotMeasured(f"its colours have no second direction: it is {gap:.2f} of the third, {LEAST_GAP} is needed")
    plane = vectors[:, [2, 1]] * np.where(vectors[:, [2, 1]].sum(axis=0) < 0, -1.0, 1.0)
    first, second = plane.T @ inside
    ends = np.percentile(np.arctan2(second, first), [PERCENTILE, 100 - PERCENTILE])
    pair = np.stack([plane @ [np.cos(end), np.sin(end)] for end in ends])
    return _named(pair, count)


def _named(pair: Floats, count: int) -> Stains:
    """Tell haematoxylin from eosin by the red light that it takes."""
    apart = angle_between(pair[0], pair[1])
    if apart < LEAST_SEPARATION:
        raise NotMeasured(f"its two stain vectors lie {apart:.1f} degrees apart: there is one stain only")
    red = pair[:, 0]
    if abs(red[0] - red[1]) < LEAST_RED:
        raise NotMeasured(f"its two stains take red light alike ({red[0]:.2f}, {red[1]:.2f}): neither is haematoxylin")
    order = np.argsort(-red)
    return Stains(pair[order[0]], pair[order[1]], count)


def amounts_of(picture: Floats, stains: Stains) -> Floats:
    """Return how much of each stain every pixel holds, ``2 rows columns`` in optical density, by least squares.

    Noise can make an amount slightly negative; it is left so, because cutting it would shift means.
    """
    density = optical_density(picture)
    amounts = np.linalg.pinv(stains.matrix.T) @ density.reshape(3, -1)
    return np.asarray(amounts, np.float64).reshape(2, *picture.shape[1:])


def angle_between(one: Floats, other: Floats) -> float:
    """Return the angle between two vectors in degrees, exact also where it is small.

    >>> round(angle_between(np.array([1.0, 0.0, 0.0]), np.array([1.0, 1e-6, 0.0])), 9)
    5.7296e-05
    """
    cross = float(np.linalg.norm(np.cross(one, other)))
    return float(np.degrees(np.arctan2(cross, float(one @ other))))
