"""Agreement of edges between an image and the image that it was made from."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.edge_f_score import PERCENTILE, agreement, edge_threshold, steepness
from synthassay.evaluate.fidelity.stencil import spacing_or_square, with_neighbours
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Edge F-score to the source",
    axis=Axis.FIDELITY,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="doi:10.1109/TPAMI.2004.1273918",
    settings={
        "edge": f"gradient magnitude of at least the {PERCENTILE:g}th percentile of each image's own that are not 0",
        "gradient": "central differences of the mean over channels, per mm along each axis",
        "tolerance": "the longest side of a pixel or voxel",
        "border": "pixels whose neighbours are not all in the mask and the image are left out",
        "spacing_unknown": "pixels are taken as square",
    },
)
def edge_f_score_to_source(
    synthetic: Pixels, source: Pixels, spacing_mm: tuple[float, ...], mask: SpatialMask | None = None
) -> float:
    """Return the harmonic mean of the shares of edge pixels that have a counterpart in the other image.

    It needs no reference, and each image decides on its own edges, so that another contrast is no fault. Borders that
    moved by more than a voxel, that vanished or were invented lower it. Contrasts truly differ in which borders are
    steep: the number of the real reference against the same source, not 1, is what a faithful image would have.

    Args:
        synthetic: ``channels *space``.
        source: ``channels *space``, of any contrast; the channels may be others.
        spacing_mm: Size of a pixel along each axis; empty where unknown.
        mask: ``*space``; the whole picture where None.

    Returns:
        From 0 to 1.

    Raises:
        NotMeasured: Sizes differ, a value inside the mask is not finite, an image is constant there, or no pixel has
            all its neighbours in the mask.

    Source:
        Martin, Fowlkes and Malik, IEEE Trans Pattern Anal Mach Intell 26:530 (2004),
        doi:10.1109/TPAMI.2004.1273918, section 3.1.

    Example:
        >>> source = np.zeros((1, 16, 16)); source[0, 4:12, 4:12] = 100.0
        >>> edge_f_score_to_source(7 - source, source, (1.0, 1.0))
        1.0
        >>> round(edge_f_score_to_source(np.roll(source, 3, axis=2), source, (1.0, 1.0)), 3)
        0.571
    """
    if synthetic.shape[1:] != source.shape[1:]:
        raise NotMeasured(f"its size is {synthetic.shape[1:]} but its source has {source.shape[1:]}")
    spacing = spacing_or_square(spacing_mm, synthetic.shape[1:])
    everywhere = np.ones(synthetic.shape[1:], bool)
    within = everywhere if mask is None else mask
    where = with_neighbours(within)
    if not where.any():
        raise NotMeasured("no pixel has all its neighbours in the mask and in the image")
    edges = []
    for picture, name in ((synthetic, "it"), (source, "its source")):
        values = picture.astype(np.float64).mean(axis=0)
        bad = int((~np.isfinite(values[within])).sum())
        if bad:
            raise NotMeasured(f"{name} has {bad} values inside the mask that are not finite")
        steep = steepness(np.where(np.isfinite(values), values, 0.0), spacing)
        edges.append(where & (steep >= edge_threshold(steep, where, name)))
    return agreement(edges[0], edges[1], spacing)
