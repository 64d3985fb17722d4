"""A volume as stacks of slices: inside the body, in units of the body's own spread, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.structures import Footing, body_of, grey
from synthassay.images.specimen import Specimen
from synthassay.shapes import SpatialMask

Floats = NDArray[np.float64]

LEAST_PIXELS = 16
LEAST_SHARE = 0.05
LEAST_SLICES = 8
WINDOW = 3
NEXT_TO_NOTHING = 1e-4
DRIFT_SIGMA = 1.5


@dataclass(frozen=True)
class Volume:
    """What measures of slices look at.

    Attributes:
        values: ``*space``: intensity over the body's spread (P5 to P95 as that of a normal distribution); 0 outside.
        body: ``*space``.
        spacing: Distance of slices per axis, in mm; 1 where unknown.
    """

    values: Floats
    body: SpatialMask
    spacing: tuple[float, ...]


def volume_of(specimen: Specimen, footing: Footing, *, pictures: bool = False) -> Volume:
    """Read a volume, or a picture where ``pictures`` are welcome.

    Raises:
        NotMeasured: It is a picture, shows no body, or is constant inside it.
    """
    if len(specimen.space) != 3 and not pictures:
        raise NotMeasured("images are pictures, not volumes: there are no neighbouring slices")
    body = body_of(specimen, footing)
    values = grey(specimen)
    low, high = np.quantile(values[body], [0.05, 0.95])
    spread = float(high - low) / 3.29
    if spread <= 1e-9 * max(abs(low), abs(high), 1e-30):
        raise NotMeasured("it is constant inside the body")
    return Volume(np.where(body, values, 0.0) / spread, body, footing.spacing_mm or (1.0,) * body.ndim)


@dataclass(frozen=True)
class Steps:
    """From each slice to the next, where both show enough of the body.

    Attributes:
        difference: Root mean square difference per mm, in spreads of the body.
        shift: Mean difference, in spreads of the body.
        unlikeness: 1 - correlation.
        area: Body in each slice, in pixels, from its first to its last slice.
    """

    difference: Floats
    shift: Floats
    unlikeness: Floats
    area: Floats


def steps_along(volume: Volume, axis: int) -> Steps:
    """Compare neighbouring slices along an axis.

    Raises:
        NotMeasured: Fewer than eight slices.
    """
    values, body = np.moveaxis(volume.values, axis, 0), np.moveaxis(volume.body, axis, 0)
    both = body[:-1] & body[1:]
    count = both.sum(axis=(1, 2)).astype(np.float64)
    enough = count >= max(LEAST_PIXELS, LEAST_SHARE * count.max(initial=0))
    if enough.sum() < LEAST_SLICES:
        raise NotMeasured(f"only {int(enough.sum())} neighbouring slices show the body; {LEAST_SLICES} are the least")
    first, second = np.where(both, values[:-1], 0.0)[enough], np.where(both, values[1:], 0.0)[enough]
    n = count[enough]
    change = second - first
    shift = change.sum(axis=(1, 2)) / n
    means = first.sum(axis=(1, 2)) / n, second.sum(axis=(1, 2)) / n
    products = [(a * b).sum(axis=(1, 2)) / n for a, b in ((first, second), (first, first), (second, second))]
    covariance = products[0] - means[0] * means[1]
    variances = (products[1] - means[0] ** 2) * (products[2] - means[1] ** 2)
    unlike = 1 - covariance / np.sqrt(np.maximum(variances, 1e-18))
    area = body.sum(axis=(1, 2)).astype(np.float64)
    there = np.flatnonzero(area)
    return Steps(
        difference=np.sqrt((change**2).sum(axis=(1, 2)) / n) / volume.spacing[axis],
        shift=shift,
        unlikeness=np.clip(unlike, 0.0, 2.0),
        area=area[there[0] : there[-1] + 1],
    )


def drift_along(volume: Volume, axis: int) -> Floats:
    """Return how far each slice lies off from the next within its plane, ``steps 2`` in mm, by least squares.

    Slices are smoothed by a Gaussian of ``DRIFT_SIGMA`` pixels; a displacement larger than that is underestimated.
    Steps with little body are left out.

    Raises:
        NotMeasured: Every step has too little.

    Source: Lucas and Kanade 1981, the displacement v that minimises |second - first + gradient . v|² over the body.
    """
    body = np.moveaxis(volume.body, axis, 0)
    plane = [s for a, s in enumerate(volume.spacing) if a != axis]
    sigma = (0.0, DRIFT_SIGMA, DRIFT_SIGMA)
    weight = np.maximum(ndimage.gaussian_filter(body.astype(np.float64), sigma), 1e-6)
    smooth = ndimage.gaussian_filter(np.moveaxis(volume.values, axis, 0), sigma) / weight
    mean = (smooth[1:] + smooth[:-1]) / 2
    cross = ndimage.generate_binary_structure(3, 1)
    cross[0] = cross[2] = False
    core = ndimage.binary_erosion(body[1:] & body[:-1], cross)
    change = np.where(core, smooth[1:] - smooth[:-1], 0.0)
    slopes = [np.where(core, np.gradient(mean, mm, axis=a), 0.0) for a, mm in enumerate(plane, start=1)]
    normal = np.array([[(a * b).sum(axis=(1, 2)) for b in slopes] for a in slopes]).transpose(2, 0, 1)
    right = np.array([(a * change).sum(axis=(1, 2)) for a in slopes]).T
    ridge = 1e-3 * np.trace(normal, axis1=1, axis2=2)[:, None, None] * np.eye(2)
    found: Floats = -np.linalg.solve(normal + ridge + 1e-12 * np.eye(2), right[..., None])[..., 0]
    size = core.sum(axis=(1, 2))
    kept = size >= max(LEAST_PIXELS, LEAST_SHARE * size.max(initial=0))
    if not kept.any():
        raise NotMeasured("the body is too thin within its slices to tell how far one lies off from the next")
    return found[kept]


def beside(profile: Floats) -> Floats:
    """Median of the three neighbours on each side of each entry, itself left out.

    >>> beside(np.array([1.0, 1, 1, 9, 1, 1, 1])).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    padded = np.pad(profile, WINDOW, mode="reflect" if len(profile) > WINDOW else "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * WINDOW + 1)
    around: Floats = np.median(np.delete(windows, WINDOW, axis=1), axis=1)
    return around


def against_neighbours(profile: Floats) -> Floats:
    """Logarithm of each entry over the median of its neighbours."""
    ratio: Floats = np.log((profile + NEXT_TO_NOTHING) / (beside(profile) + NEXT_TO_NOTHING))
    return ratio
