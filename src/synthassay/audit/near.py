"""Pairs of images that are nearly the same though their pixels differ."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from synthassay.audit.portraits import Portrait
from synthassay.evaluate.leakage.likeness import Likeness, likeness
from synthassay.evaluate.leakage.natural import NaturalLikeness, natural_likeness
from synthassay.evaluate.leakage.sketches import sketches_of
from synthassay.records.audit import NaturalBound, NearPair


def near_duplicates(
    images: Sequence[Portrait], album: NDArray[np.uint8], splits: Sequence[str]
) -> tuple[list[NearPair], NaturalBound]:
    """Return the near-duplicates among images of one role, and the bound that they lie above.

    Of images with equal pixels one is compared for all; images of one value, and images of one case, are not compared.

    Args:
        images: Of one role and as many dimensions.
        album: Small pictures, by ``place``.
        splits: Names in order.
    """
    alike: dict[str, list[Portrait]] = defaultdict(list)
    for image in images:
        if image.pixels:
            alike[image.pixels].append(image)
    groups = list(alike.values())
    first = [group[0] for group in groups]
    role, dimensions = images[0].role, images[0].dimensions
    if len(first) < 2:
        fixed = NaturalLikeness.uncalibrated()
        return [], NaturalBound(role=role, dimensions=dimensions, images=len(first), bound=fixed.bound)
    sketches = sketches_of(album, np.array([image.place for image in first]))
    names = [image.subject or f"\x1f{image.case}" for image in first]
    _, owner = np.unique(names, return_inverse=True)
    found = likeness(sketches, sketches, owner=owner, owner_among=owner)
    natural = natural_likeness(found, owner, np.arange(len(first)))
    order = {split: i for i, split in enumerate([*splits, ""])}
    pairs = []
    for (i, j), correlation in _above(found, natural.bound).items():
        for members in product(groups[i], groups[j]):
            one, other = sorted(members, key=lambda image: order[image.split])
            if one.case != other.case:
                pairs.append(_pair(one, other, correlation))
    return pairs, NaturalBound(
        role=role,
        dimensions=dimensions,
        images=len(first),
        bound=round(natural.bound, 4),
        calibrated_on=natural.images,
        median=None if math.isnan(natural.median) else round(natural.median, 4),
        highest=None if math.isnan(natural.highest) else round(natural.highest, 4),
    )


def in_order(pairs: Sequence[NearPair]) -> tuple[NearPair, ...]:
    """Return pairs on two sides of the split first, then by likeness, then by name."""
    return tuple(sorted(pairs, key=lambda p: (len(set(p.splits.split("|"))) == 1, -p.correlation, p.a, p.b)))


def _above(found: Likeness, bound: float) -> dict[tuple[int, int], float]:
    best: dict[tuple[int, int], float] = {}
    rows, columns = np.nonzero((found.position >= 0) & (found.correlation > bound))
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        other = int(found.position[row, column])
        pair = (min(row, other), max(row, other))
        best[pair] = max(best.get(pair, -1.0), float(found.correlation[row, column]))
    return best


def _pair(one: Portrait, other: Portrait, correlation: float) -> NearPair:
    known = bool(one.subject and other.subject)
    return NearPair(
        a=one.name,
        b=other.name,
        correlation=round(min(correlation, 1.0), 4),
        splits=f"{one.split}|{other.split}",
        same_subject=one.subject == other.subject if known else None,
    )
