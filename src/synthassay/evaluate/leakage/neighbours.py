"""The synthetic images nearest to training patients, for a reader to look at side by side; copies come first."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.evidence import Evidence
from synthassay.evaluate.leakage.prints import Prints, distance_of
from synthassay.evaluate.leakage.training_copies import TrainingCopies
from synthassay.records.evaluation import NearestReal, Neighbour, NeighbourList

ROWS_AT_ONCE = 512


def nearest_training(evidence: Evidence, *, shown: int = 8, each: int = 3) -> NeighbourList | None:
    """Return copies of training images, mirrored and moved ones too, and then the images nearest to training images.

    Copies come by falling correlation, the first of each copied patient before the second of any; the others nearest
    first.

    Args:
        evidence: What is judged.
        shown: Synthetic images returned.
        each: Training images per synthetic image; the first is the one that was copied, where one was.

    Returns:
        The list; None where training images were not given or cannot be compared with.
    """
    try:
        synthetic, training = (
            evidence.set_fixture(f"{side}_prints", "neighbours") for side in ("synthetic", "training")
        )
        copies: TrainingCopies = evidence.set_fixture("training_copies", "neighbours")
    except NotMeasured:
        return None
    closest = np.concatenate(
        [
            (synthetic.rows[start : start + ROWS_AT_ONCE] @ training.rows.T).max(axis=1)
            for start in range(0, len(synthetic), ROWS_AT_ONCE)
        ]
    )
    order = [*_copies_first(copies), *(i for i in np.argsort(-closest, kind="stable") if not copies.copied[i])]
    grid = "x".join(str(size) for size in synthetic.patterns.shape[2:])
    return NeighbourList(
        of=evidence.of,
        distance=f"sqrt(2 - 2 r), with r the correlation of the images averaged to a grid of {grid}",
        unit="1",
        among="training",
        searched=(len(synthetic), len(training)),
        copies=int(copies.copied.sum()),
        entries=tuple(_entry(i, synthetic, training, copies, each) for i in order[:shown]),
    )


def _copies_first(copies: TrainingCopies) -> list[int]:
    """Return copies by falling correlation, the first of each patient before the second of any."""
    seen: dict[str, int] = {}
    ranked: list[tuple[int, int, int]] = []
    for i in np.argsort(-copies.correlation, kind="stable"):
        if copies.copied[i]:
            patient = copies.training_subjects[copies.position[i]]
            seen[patient] = seen.get(patient, 0) + 1
            ranked.append((seen[patient], len(ranked), int(i)))
    return [i for _, _, i in sorted(ranked)]


def _entry(i: int, synthetic: Prints, training: Prints, copies: TrainingCopies, each: int) -> NearestReal:
    correlation = (training.rows @ synthetic.rows[i]).astype(np.float64)
    nearest = np.argsort(-correlation, kind="stable").tolist()
    copied = int(copies.position[i]) if copies.copied[i] else None
    shown = nearest if copied is None else [copied, *(j for j in nearest if j != copied)]
    return NearestReal(
        synthetic=synthetic.cases[i],
        nearest=tuple(
            Neighbour(case=training.cases[j], subject=training.subjects[j], distance=distance_of(correlation[j]))
            for j in shown[:each]
        ),
        threshold=distance_of(copies.bound),
        copy_correlation=None if copied is None else float(copies.correlation[i]),
    )
