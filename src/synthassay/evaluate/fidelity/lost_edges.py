"""Borders of the source that the image made from it does not show."""

from __future__ import annotations

from synthassay.evaluate.fidelity.edge_matching import SETTINGS, Matches
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better


@metric(
    title="Edges of the source lost",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="1",
    per="case",
    source="doi:10.1109/TPAMI.2004.1273918",
    settings=SETTINGS,
)
def lost_edges(edge_matches: Matches) -> float:
    """Return the share of the source's edges that have no counterpart in the image.

    What is lost is not within 1.5 pixels of where its neighbourhood has moved, or not half as steep as the image's own
    edges. Contrasts differ in what they show: what the real reference lacks of the same source, not 0, is what a
    faithful image would lack.

    Args:
        edge_matches: What became of the edges (``edge_matching.matched_edges``).

    Returns:
        From 0 to 1.

    Raises:
        NotMeasured: As in ``matched_edges``.

    Source:
        Martin, Fowlkes and Malik, IEEE Trans Pattern Anal Mach Intell 26:530 (2004),
        doi:10.1109/TPAMI.2004.1273918, section 3.1 (1 - recall).

    Example:
        >>> import numpy as np
        >>> from synthassay.evaluate.fidelity.edge_matching import matched_edges
        >>> rows, columns = np.mgrid[:64, :96] - 32
        >>> one = np.tanh((12 - np.hypot(rows, columns)) / 2)[None]
        >>> two = one + np.roll(one, 32, axis=2)
        >>> lost_edges(matched_edges(two, one, (1.0, 1.0))), lost_edges(matched_edges(one, two, (1.0, 1.0)))
        (0.0, 0.5)
    """
    return float(edge_matches.lost.mean())
