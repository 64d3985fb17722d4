"""The synthetic images nearest to training patients, for a reader to look at side by side."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.evidence import Evidence
from synthassay.evaluate.leakage.prints import distance_of
from synthassay.evaluate.leakage.training_copies import COPY_CORRELATION
from synthassay.records.evaluation import NearestReal, Neighbour, NeighbourList


def nearest_training(evidence: Evidence, *, shown: int = 8, each: int = 3) -> NeighbourList | None:
    """Return the synthetic images that lie nearest to training images, nearest first.

    Args:
        evidence: What is judged.
        shown: Synthetic images returned.
        each: Training images per synthetic image.

    Returns:
        The list; None where training images were not given or cannot be compared with.
    """
    try:
        synthetic = evidence.set_fixture("synthetic_prints", "neighbours")
        training = evidence.set_fixture("training_prints", "neighbours")
    except NotMeasured:
        return None
    if synthetic.patterns.shape[1:] != training.patterns.shape[1:]:
        return None
    correlation = (synthetic.rows @ training.rows.T).astype(np.float64)
    each = min(each, correlation.shape[1])
    nearest = np.argsort(-correlation, axis=1, kind="stable")[:, :each]
    chosen = np.argsort(-np.take_along_axis(correlation, nearest, 1)[:, 0], kind="stable")[:shown]
    entries = tuple(
        NearestReal(
            synthetic=synthetic.cases[i],
            nearest=tuple(
                Neighbour(case=training.cases[j], subject=training.subjects[j], distance=distance_of(correlation[i, j]))
                for j in nearest[i]
            ),
            threshold=distance_of(COPY_CORRELATION),
        )
        for i in chosen
    )
    grid = "x".join(str(size) for size in synthetic.patterns.shape[2:])
    return NeighbourList(
        of=evidence.of,
        distance=f"sqrt(2 - 2 r), with r the correlation of the images averaged to a grid of {grid}",
        unit="1",
        among="training",
        searched=(len(synthetic), len(training)),
        entries=entries,
    )
