"""Whether synthetic images lie nearer to training patients than chance puts them: distances and relabelled patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.prints import Prints
from synthassay.records.measurement import Interval

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

    def nearest(self, trained: NDArray[np.bool_], held: NDArray[np.bool_] | None = None) -> tuple[Floats, Floats]:
        """Return the distance to the nearest image of ``trained`` and of ``held`` subjects (all others where None).

        Where none of the kept neighbours is of a kind, the last one's distance stands for it: a lower bound.
        """
        rows = np.arange(len(self.order))

        def first(kind: NDArray[np.bool_]) -> Floats:
            which = kind[self.owner[self.order]]
            return self.distance[rows, np.where(which.any(axis=1), which.argmax(axis=1), -1)]

        return first(trained), first(~trained if held is None else held)

    def relabelled(self, rng: np.random.Generator) -> Iterator[NDArray[np.bool_]]:
        """Yield random labellings that call as many subjects training as there are, ``RELABELLINGS`` times."""
        for _ in range(RELABELLINGS):
            yield rng.permutation(self.trained)

    def thinned(self, trained: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], ...]:
        """Return labels with equally many random subjects on both sides; the larger side loses the rest."""
        count = int(min(trained.sum(), (~trained).sum()))
        return tuple(_some(side, count, rng) for side in (trained, ~trained))


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


def _some(side: NDArray[np.bool_], count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    kept = np.zeros_like(side)
    kept[rng.permutation(np.flatnonzero(side))[:count]] = True
    return kept


def widened(interval: Interval | None, value: float, chance: Floats) -> Interval | None:
    """Return the interval with the spread of relabelling added in squares: which patients were held out is chance too.

    Args:
        interval: From resampling synthetic images, the real sets held fixed.
        value: The estimate.
        chance: The measure under random relabelling of the subjects, on the scale of ``value``.
    """
    if interval is None:
        return None
    below, above = np.quantile(chance, [(1 - interval.level) / 2, (1 + interval.level) / 2]) - chance.mean()
    return interval.model_copy(
        update={
            "low": value - float(np.hypot(value - interval.low, above)),
            "high": value + float(np.hypot(interval.high - value, below)),
            "method": f"{interval.method}, widened by the spread of relabelled subjects",
        }
    )


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
