"""Examples cut from volumes as blocks, for networks that cannot see such volumes whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.images.intensity import IntensityScale
from synthassay.networks.batch import Batch
from synthassay.randomness import stream
from synthassay.shapes import SpatialMask
from synthassay.tasks.slices import Pair, to_model

ROUNDS = 4  # random patches of a volume, relative to the number that would cover it once


class PatchExamples:
    """Blocks of volumes about random places that show something, on the model's scale.

    Args:
        pairs: Reads the pair of a key.
        shown: Each key with where its volume shows anything; read once, here.
        subjects: Key to subject.
        side: Size of a block.
        scales: The source's and the target's values to [-1, 1].
        seed: Root of the random places; the same position always gives the same block.

    Raises:
        ImageError: A volume is smaller than a block.
    """

    def __init__(
        self,
        pairs: Callable[[str], Pair],
        shown: Iterable[tuple[str, SpatialMask]],
        subjects: dict[str, str],
        side: Sequence[int],
        scales: tuple[IntensityScale, IntensityScale],
        seed: int,
    ) -> None:
        self._pairs, self._subjects, self._side, self._scales = pairs, subjects, tuple(side), scales
        self._places: list[tuple[str, tuple[int, ...]]] = []
        for key, mask in shown:
            require_room(mask.shape, self._side, key)
            self._places += [(key, start) for start in random_starts(mask, self._side, seed, key)]

    def __len__(self) -> int:
        return len(self._places)

    def batch(self, positions: Sequence[int]) -> Batch:
        """Return the blocks at ``positions`` as one batch."""
        sources, targets = [], []
        for position in positions:
            key, start = self._places[position]
            pair = self._pairs(key)
            sources.append(self._block(pair.source, start))
            targets.append(self._block(pair.reference, start))
        return Batch(target=to_model(targets, self._scales[1]), source=to_model(sources, self._scales[0]))

    def subject(self, position: int) -> str:
        """Return whose block it is."""
        return self._subjects[self._places[position][0]]

    def _block(self, image: Image, start: Sequence[int]) -> np.ndarray:
        within = tuple(slice(first, first + side) for first, side in zip(start, self._side, strict=True))
        return image.pixels[(slice(None), *within)][None]


def require_room(space: Sequence[int], side: Sequence[int], case: str) -> None:
    """Refuse a volume that a patch does not fit into.

    Raises:
        ImageError: It has another number of axes, or is shorter than a patch along one.
    """
    if len(space) != len(side) or any(has < needs for has, needs in zip(space, side, strict=True)):
        what = f"has size {tuple(space)}, and a patch of {tuple(side)} does not fit into it"
        raise ImageError(case, what, remedy="Make [sampling] patch smaller, or leave it out to take volumes whole.")


def random_starts(mask: SpatialMask, side: Sequence[int], seed: int, key: str) -> list[tuple[int, ...]]:
    """Return where the random blocks of a volume begin, each about a place of the mask as far as the border lets it.

    >>> random_starts(np.eye(4, dtype=bool)[None] * np.ones((4, 1, 1), bool), (4, 4, 4), 0, "a")[:1]
    [(0, 0, 0)]
    """
    inside = np.flatnonzero(mask)
    if inside.size == 0:
        return []
    count = ROUNDS * math.prod(-(-has // needs) for has, needs in zip(mask.shape, side, strict=True))
    chosen = np.stack(np.unravel_index(stream(seed, "patch", key).choice(inside, count), mask.shape), axis=1)
    last = np.array(mask.shape) - side
    starts = np.clip(chosen - np.array(side) // 2, 0, last)
    return [tuple(int(first) for first in start) for start in starts]
