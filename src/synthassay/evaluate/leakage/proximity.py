"""Whether synthetic images lie nearer to training patients than chance puts them: distances and relabelled patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.prints import Prints

RELABELLINGS = 499
ROWS_AT_ONCE = 512

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Neighbourhood:
    """For each judged image its nearest real images, nearest first, among training and holdout together.

    Attributes:
        order: ``cases kept``: positions in the pool.
        distance: ``cases kept``, ascending.
        owner: Subject number per pooled image.
        trained: Per subject number: whether the generator was trained on the subject.
    """

    order: NDArray[np.intp]
    distance: Floats
    owner: NDArray[np.intp]
    trained: NDArray[np.bool_]

    def nearest(self, trained: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Return the distance to the nearest training and nearest holdout image, per case.

        Where all the kept neighbours are of one kind, the last one's distance stands for the other: a lower bound.
        """
        kind = trained[self.owner[self.order]]
        rows = np.arange(len(kind))
        return tuple(
            self.distance[rows, np.where(which.any(axis=1), which.argmax(axis=1), -1)] for which in (kind, ~kind)
        )  # type: ignore[return-value]

    def nearest_is_training(self, trained: NDArray[np.bool_]) -> Floats:
        """Return 1 for each case whose nearest real image is a training image, else 0."""
        return trained[self.owner[self.order[:, 0]]].astype(np.float64)

    def relabelled(self, rng: np.random.Generator) -> Iterator[NDArray[np.bool_]]:
        """Yield random labellings that call as many subjects training as there are, ``RELABELLINGS`` times."""
        for _ in range(RELABELLINGS):
            yield rng.permutation(self.trained)


def neighbourhood(judged: Prints, training: Prints, holdout: Prints) -> Neighbourhood:
    """Find the nearest real images of each judged one.

    A judged image's own subject is left out of the holdout (a translated image resembles its own patient), never out
    of the training set.

    Raises:
        NotMeasured: The sets' images differ in size, or there are fewer than three subjects on a side.
    """
    if judged.patterns.shape[1:] != training.patterns.shape[1:] or training.rows.shape[1] != holdout.rows.shape[1]:
        raise NotMeasured("synthetic, training and holdout images differ in size")
    pool = np.concatenate([training.rows, holdout.rows])
    names, owner = np.unique([*training.subjects, *holdout.subjects], return_inverse=True)
    trained = np.isin(names, np.unique(training.subjects))
    if min(trained.sum(), (~trained).sum()) < 3:
        raise NotMeasured("the nearest training and holdout images cannot be compared with fewer than three subjects")
    smaller = min(len(training), len(holdout)) / len(pool)
    keep = min(len(pool), max(64, int(np.ceil(30 / smaller))))
    orders, distances = [], []
    for start in range(0, len(judged), ROWS_AT_ONCE):
        rows = judged.rows[start : start + ROWS_AT_ONCE]
        squared = np.clip(2 - 2 * (rows @ pool.T).astype(np.float64), 0, None)
        own = np.asarray(judged.subjects[start : start + ROWS_AT_ONCE])[:, None] == np.asarray(holdout.subjects)[None]
        squared[:, len(training) :][own] = np.inf
        near = np.argpartition(squared, keep - 1, axis=1)[:, :keep]
        near = np.take_along_axis(near, np.argsort(np.take_along_axis(squared, near, 1), axis=1, kind="stable"), 1)
        orders.append(near)
        distances.append(np.sqrt(np.take_along_axis(squared, near, 1)))
    distance = np.concatenate(distances)
    finite = np.where(np.isfinite(distance), distance, 2.0)  # 2 is the largest distance there is
    return Neighbourhood(np.concatenate(orders), finite, owner, trained)


def sides(training: Prints, test: Prints, holdout: Prints | None) -> tuple[Prints, Prints | None]:
    """Return the real images to compare training images with, and those that show what a real set would give."""
    return (test, None) if holdout is None else (holdout, test)


def one_sided(observed: float, chance: Floats, *, low: bool) -> float:
    """Return the permutation p value for ``observed`` being as small (or large) as it is; never 0."""
    beyond = (chance <= observed) if low else (chance >= observed)
    return float((1 + beyond.sum()) / (1 + len(chance)))


def settings_of(training: Prints, holdout: Prints, judged: Prints) -> dict[str, Any]:
    """What a comparison rests on, for the record."""
    return {
        "training_images": len(training),
        "holdout_images": len(holdout),
        "grid": "x".join(str(size) for size in judged.patterns.shape[2:]),
        "relabellings": RELABELLINGS,
    }
