"""Agreement of edges: those of the real image found again, and none besides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import quiet_outside
from synthassay.evaluate.fidelity.stencil import gradient_slabs, spacing_or_square, with_neighbours
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, Spatial, SpatialMask

PERCENTILE = 90.0


@metric(
    title="Edge F-score",
    axis=Axis.FIDELITY,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.1109/TPAMI.2004.1273918",
    settings={
        "edge": f"gradient magnitude of at least the {PERCENTILE:g}th percentile of the reference's that are not 0",
        "gradient": "central differences, per mm along each axis",
        "tolerance": "the longest side of a pixel or voxel",
        "border": "pixels whose neighbours are not all in the mask and the image are left out",
        "spacing_unknown": "pixels are taken as square",
    },
)
def edge_f_score(
    synthetic: Pixels, reference: Pixels, spacing_mm: tuple[float, ...], mask: SpatialMask | None = None
) -> float:
    """Return the harmonic mean of the shares of edge pixels that have a counterpart in the other image.

    What is an edge is decided on the reference alone: the steepest tenth of its pixels that are not flat. The same
    threshold then applies to the synthetic image, so that a blurred image loses its edges and a noisy one gains some
    that are not there. A counterpart lies no farther than the longest side of a voxel. Channels are averaged.

    Args:
        synthetic: ``channels *space`` in physical units.
        reference: ``channels *space`` in the same units.
        spacing_mm: Size of a pixel along each axis; empty where unknown.
        mask: ``*space``; the whole picture where None.

    Returns:
        From 0 to 1.

    Raises:
        NotMeasured: The reference is constant; no pixel has all its neighbours in the mask; or as in ``mae``.

    Source:
        Martin, Fowlkes and Malik, IEEE Trans Pattern Anal Mach Intell 26:530 (2004),
        doi:10.1109/TPAMI.2004.1273918, section 3.1 (precision and recall of boundaries within a tolerance).

    Example:
        >>> real = np.zeros((1, 16, 16)); real[0, 4:12, 4:12] = 100.0
        >>> moved = np.roll(real, 3, axis=2)
        >>> edge_f_score(np.roll(real, 1, axis=2), real, (1.0, 1.0)), round(edge_f_score(moved, real, (1.0, 1.0)), 3)
        (1.0, 0.571)
    """
    first, second = quiet_outside(synthetic, reference, mask, 0.0)
    spacing = spacing_or_square(spacing_mm, first.shape[1:])
    where = with_neighbours(np.ones(first.shape[1:], bool) if mask is None else mask)
    if not where.any():
        raise NotMeasured("no pixel has all its neighbours in the mask and in the image")
    return float(np.mean([_of_channel(one, two, spacing, where) for one, two in zip(first, second, strict=True)]))


def _of_channel(one: Spatial, two: Spatial, spacing: tuple[float, ...], where: SpatialMask) -> float:
    steep = steepness(two, spacing)
    threshold = edge_threshold(steep, where, "its reference")
    return agreement(where & (steepness(one, spacing) >= threshold), where & (steep >= threshold), spacing)


def edge_threshold(steep: NDArray[np.float32], where: SpatialMask, name: str) -> float:
    """Return the steepness from which on a pixel is an edge: that of the steepest tenth of those not flat.

    Raises:
        NotMeasured: The picture, called ``name``, is constant there.
    """
    sloping = steep[where & (steep > 0)]
    if not sloping.size:
        raise NotMeasured(f"{name} has no edges: it is constant inside the mask")
    return float(np.percentile(sloping, PERCENTILE, method="lower"))


def agreement(shown: SpatialMask, expected: SpatialMask, spacing: tuple[float, ...]) -> float:
    """Return the harmonic mean of the shares of edge pixels with a counterpart within a voxel's longest side."""
    right = np.count_nonzero(shown & near(expected, spacing, max(spacing)))
    found = np.count_nonzero(expected & near(shown, spacing, max(spacing)))
    if right == 0 or found == 0:
        return 0.0
    precision, recall = right / np.count_nonzero(shown), found / np.count_nonzero(expected)
    return float(2 * precision * recall / (precision + recall))


def near(where: SpatialMask, spacing: tuple[float, ...], tolerance: float) -> SpatialMask:
    """Return the pixels whose centre is no farther than ``tolerance`` from the centre of one in ``where``.

    The distance transform of Felzenszwalb and Huttenlocher, axis by axis, cut off at the tolerance.
    """
    limit = np.float32((tolerance * (1 + 1e-6)) ** 2)
    squares = np.where(where, np.float32(0), np.float32(np.inf))
    for axis, size in enumerate(spacing):
        moved = np.moveaxis(squares, axis, 0)
        nearest = moved.copy()
        for steps in range(1, min(int(tolerance / size + 1e-6), len(moved) - 1) + 1):
            away = np.float32((steps * size) ** 2)
            np.minimum(nearest[steps:], moved[:-steps] + away, out=nearest[steps:])
            np.minimum(nearest[:-steps], moved[steps:] + away, out=nearest[:-steps])
        squares = np.moveaxis(nearest, 0, axis)
    return squares <= limit


def steepness(values: Spatial, spacing: tuple[float, ...]) -> NDArray[np.float32]:
    """Return the gradient's length per mm, ``*space``."""
    found = np.zeros(values.shape, np.float32)
    for rows, steep in gradient_slabs(values, spacing):
        found[rows] = steep
    return found
