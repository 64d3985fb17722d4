"""How far the borders of the source have moved in the image that was made from it."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.edge_matching import SETTINGS, Matches
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better

QUANTILES = {"quantile=50%": 0.5, "quantile=95%": 0.95}


@metric(
    title="Edge displacement from the source",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="mm",
    per="case",
    source="doi:10.1016/0031-3203(81)90009-1",
    strata=tuple(QUANTILES),
    settings=SETTINGS,
)
def edge_displacement(edge_matches: Matches) -> dict[str, float]:
    """Return by how many mm the edges of the source lie elsewhere in the image: half of them, and all but a twentieth.

    It needs no reference and no likeness of contrast: an edge is looked for by how steep the image is along the edge's
    normal, of whichever sign. Only edges that have a counterpart count; read it beside ``lost_edges``. Contrasts differ
    in where they are steepest, and scans are registered imperfectly: the number of the real reference against the same
    source, not 0, is what a faithful image would have.

    A border that slides along itself cannot be seen to do so. Where all borders within some 24 pixels run one way,
    only the part of a move across them counts, so that a shift of the whole image by k reads k at the 95th percentile
    and, where borders are flat, less at the median. Moves are those of neighbourhoods: a bulge narrower than some 24
    pixels reads smaller than it is, and where its edges then lie 1.5 pixels elsewhere they are lost.

    Args:
        edge_matches: What became of the edges of the source (``edge_matching.matched_edges``).

    Returns:
        At least 0, in mm; up to about 6 pixels, beyond which edges are lost.

    Raises:
        NotMeasured: No edge of the source was found again; or as in ``matched_edges``, such as where the size of a
            pixel in mm is unknown.

    Source:
        Votes for a move: Ballard, Pattern Recognition 13:111 (1981), doi:10.1016/0031-3203(81)90009-1. A move from its
        parts along normals: Horn and Schunck, Artif Intell 17:185 (1981), doi:10.1016/0004-3702(81)90024-2, section 4.

    Example:
        >>> from synthassay.evaluate.fidelity.edge_matching import matched_edges
        >>> rows, columns = np.mgrid[:64, :64] - 30
        >>> source = np.tanh((12 - np.hypot(rows, columns)) / 2)[None]
        >>> moved = 5 - 2 * np.roll(source, 3, axis=2)
        >>> found = edge_displacement(matched_edges(moved, source, (0.5, 0.5)))
        >>> {name: round(value, 2) for name, value in found.items()}
        {'quantile=50%': 1.48, 'quantile=95%': 1.5}
    """
    distances = np.linalg.norm(edge_matches.moved[~edge_matches.lost], axis=1)
    if not len(distances):
        raise NotMeasured(f"none of its source's {len(edge_matches.lost)} edges was found again")
    return {name: float(np.quantile(distances, share)) for name, share in QUANTILES.items()}
