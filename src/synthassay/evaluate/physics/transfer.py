"""The task transfer function: how much of each detail's contrast an edge shows that it has lost."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage, signal

from synthassay.errors import NotMeasured
from synthassay.shapes import Spatial, SpatialMask

REACH = 6.0  # pixels to either side of an edge
STEP = 0.25  # pixels between samples
TAIL = 0.25  # share of a profile's length at either end that shows the two materials
UNEVEN = 0.2  # most that a tail may vary, as a share of the edge's contrast
STRONG = 0.5  # least gradient of an edge, as a share of the steepest in the picture
STEEPEST = 99.5  # percentile
LEAST_EDGES, MOST_EDGES = 20, 400

Floats = NDArray[np.float64]


def edge_places(picture: Spatial, mask: SpatialMask) -> tuple[Floats, Floats]:
    """Return points on strong edges of a picture and the unit normal of each: ``points 2`` twice, in pixels.

    A point is a pixel whose smoothed gradient is at least half of the steepest and is the highest along its direction.

    Args:
        picture: ``rows columns``.
        mask: ``rows columns``: where edges are looked for.
    """
    smooth = ndimage.gaussian_filter(picture.astype(np.float64), 1.0)
    gradient = np.stack(np.gradient(smooth))
    steep = np.hypot(*gradient)
    top = float(np.percentile(steep[mask], STEEPEST)) if mask.any() else 0.0
    if top <= 0:
        return np.empty((0, 2)), np.empty((0, 2))
    points = np.argwhere(mask & (steep >= STRONG * top))
    normals = (gradient[:, points[:, 0], points[:, 1]] / steep[points[:, 0], points[:, 1]]).T
    ahead, behind = (
        ndimage.map_coordinates(steep, (points + side * normals).T, order=1, mode="nearest") for side in (1, -1)
    )
    own = steep[points[:, 0], points[:, 1]]
    crest = (own >= ahead) & (own > behind)
    return points[crest].astype(np.float64), normals[crest]


def profiles(picture: Spatial, points: Floats, normals: Floats) -> Floats:
    """Return the picture along each normal: ``points samples``, six pixels to either side, by cubic splines."""
    along = np.arange(-REACH, REACH + STEP / 2, STEP)
    places = points[:, :, None] + normals[:, :, None] * along
    drawn: Floats = ndimage.map_coordinates(
        picture.astype(np.float64), places.transpose(1, 0, 2), order=3, mode="nearest"
    )
    return drawn


def clean_edges(drawn: Floats) -> NDArray[np.bool_]:
    """Return which profiles go from one even material to another and cross the middle once, near the centre."""
    tail = int(TAIL * drawn.shape[1])
    low, high = drawn[:, :tail], drawn[:, -tail:]
    contrast = high.mean(axis=1) - low.mean(axis=1)
    even = np.maximum(np.ptp(low, axis=1), np.ptp(high, axis=1)) <= UNEVEN * contrast
    above = drawn > ((high.mean(axis=1) + low.mean(axis=1)) / 2)[:, None]
    crossings = (above[:, 1:] != above[:, :-1]).sum(axis=1)
    found: NDArray[np.bool_] = (contrast > 0) & even & (crossings == 1)
    return found


def edge_spread(drawn: Floats) -> Floats:
    """Return the mean profile from 0 to 1, each aligned where it crosses its own middle.

    Aligning each picture's profiles to themselves keeps a shift of an edge out of its sharpness.
    """
    along = np.arange(drawn.shape[1], dtype=np.float64)
    middle = (drawn.shape[1] - 1) / 2
    tail = int(TAIL * drawn.shape[1])
    low, high = drawn[:, :tail].mean(axis=1, keepdims=True), drawn[:, -tail:].mean(axis=1, keepdims=True)
    scaled = (drawn - low) / np.where(high > low, high - low, np.nan)
    aligned = []
    for row in scaled[np.isfinite(scaled).all(axis=1)]:
        signs = np.flatnonzero((row[:-1] <= 0.5) & (row[1:] > 0.5))
        if signs.size:
            at = signs[np.argmin(np.abs(signs - middle))]
            crossing = at + (0.5 - row[at]) / (row[at + 1] - row[at])
            aligned.append(np.interp(along + crossing - middle, along, row))
    if len(aligned) < LEAST_EDGES:
        raise NotMeasured(f"{len(aligned)} edges are left where the image goes from one material to another")
    return np.mean(aligned, axis=0)


def transfer_function(spread: ArrayLike, step_mm: float) -> tuple[Floats, Floats]:
    """Return frequencies (cycles per mm) and the transfer function of an edge spread function, 1 at frequency 0.

    The derivative of the edge spread function is the line spread function; the modulus of its Fourier transform, after
    a window that is flat over its middle half and falls as a cosine, is divided by the difference quotient's response.

    Args:
        spread: Samples across the edge.
        step_mm: Distance between them.

    Source: Richard et al., Med Phys 39:4115 (2012), doi:10.1118/1.4725171; AAPM TG-233, doi:10.1002/mp.13763.
    """
    line = np.diff(np.asarray(spread, np.float64))
    line = line * signal.windows.tukey(len(line) + 2, 0.5)[1:-1]
    size = 16 * len(line)
    frequency: Floats = np.asarray(np.fft.rfftfreq(size, step_mm), np.float64)
    response: Floats = np.abs(np.fft.rfft(line, size))
    response /= np.maximum(np.sinc(frequency * step_mm), 1e-3)
    return frequency, response / response[0]


def half_frequency(frequency: Floats, response: Floats) -> float:
    """Return the frequency at which the transfer function first falls to one half, in the frequency's unit.

    >>> half_frequency(np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.75, 0.25]))
    1.5
    """
    below = np.flatnonzero(response < 0.5)
    if not below.size or below[0] == 0:
        return math.nan
    at = int(below[0])
    share = (response[at - 1] - 0.5) / (response[at - 1] - response[at])
    return float(frequency[at - 1] + share * (frequency[at] - frequency[at - 1]))
