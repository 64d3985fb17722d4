"""Orders that are fair: exactly balanced positions, Williams squares, strata spread over blocks, repeats far apart."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def balanced_positions(trials: int, positions: int, rng: np.random.Generator) -> list[int]:
    """Return a position for each trial: each occurs equally often, or once more where the division has a remainder.

    Shuffling a list that is balanced already is exact. Inserting a target at a random place among the others is fair
    on average only, and a common off-by-one (``randint(0, n)``) puts it last in two trials of three.

    >>> sorted(balanced_positions(6, 2, np.random.default_rng(0)))
    [0, 0, 0, 1, 1, 1]
    """
    extra = rng.permutation(positions)[: trials % positions]
    whole = np.concatenate([np.tile(np.arange(positions), trials // positions), extra])
    return [int(position) for position in rng.permutation(whole)]


def williams_square(n: int) -> list[list[int]]:
    """Return orders of ``n`` arms in which each stands equally often at each place and after each other.

    Args:
        n: Arms; an odd number needs twice as many rows.

    Source: E. J. Williams, Aust J Sci Res A 1949;2:149.

    >>> williams_square(4)
    [[0, 1, 3, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]]
    """
    first = [0]
    for step in range(1, n):
        first.append((first[-1] + (step if step % 2 else -step)) % n)
    rows = [[(place + shift) % n for place in first] for shift in range(n)]
    return rows if n % 2 == 0 else rows + [row[::-1] for row in rows]


def spread(units: Sequence[T], strata: Sequence[Hashable], blocks: int, rng: np.random.Generator) -> list[list[T]]:
    """Deal units to blocks so that every block holds as many of each stratum as any other, give or take one.

    Args:
        units: What is dealt.
        strata: The stratum of each, such as its arm and truth.
        blocks: How many blocks.
        rng: Order within strata, where a remainder goes, and the order within blocks.
    """
    dealt: list[list[T]] = [[] for _ in range(blocks)]
    for stratum in sorted(set(strata), key=str):
        members = [unit for unit, own in zip(units, strata, strict=True) if own == stratum]
        order = rng.permutation(len(members))
        # the shortest blocks take the remainder, so that blocks stay of equal length over all strata
        turns = sorted(range(blocks), key=lambda b: (len(dealt[b]), rng.random()))
        for turn, index in enumerate(order):
            dealt[turns[turn % blocks]].append(members[index])
    return [[block[i] for i in rng.permutation(len(block))] for block in dealt]


def choose_repeats(units: int, share: float, least_gap: int, rng: np.random.Generator) -> list[int]:
    """Return which of a session's units are shown twice; only those that leave room for the gap after them.

    Returns:
        Indices in ascending order: ``ceil(share * units)``, or fewer where the session is too short.
    """
    room = max(0, units - least_gap)
    wanted = min(room, int(np.ceil(share * units - 1e-9)))
    return sorted(int(i) for i in rng.permutation(room)[:wanted])


def insert_repeats(
    length: int, repeated: Sequence[int], least_gap: int, rng: np.random.Generator
) -> list[tuple[int, bool]]:
    """Return the order of a session with its repeats: (index, whether it is the repeat).

    Args:
        length: Units of the session, shown in the order 0, 1, 2 ...
        repeated: Those shown twice, ascending.
        least_gap: Units at least between the two; the place after that is drawn evenly.
        rng: Draws the places.
    """
    after: dict[int, list[int]] = {}
    for index in repeated:
        place = int(rng.integers(index + least_gap, length))
        after.setdefault(place, []).append(index)
    order: list[tuple[int, bool]] = []
    for index in range(length):
        order.append((index, False))
        order += [(again, True) for again in after.get(index, [])]
    return order


def spread_places(count: int, length: int, rng: np.random.Generator) -> list[int]:
    """Return ``count`` places among ``length``, one in each of as many equal stretches, never the first.

    >>> spread_places(0, 10, np.random.default_rng(0))
    []
    """
    edges = np.linspace(1, max(length, 2), count + 1)
    places = (int(rng.uniform(low, high)) for low, high in pairwise(edges))
    return [min(place, length) for place in places]
