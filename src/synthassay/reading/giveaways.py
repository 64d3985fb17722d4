"""Arms that can be told apart without looking: each attribute compared between every two arms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from synthassay.errors import DataError
from synthassay.randomness import stream
from synthassay.reading.portraits import FILE_ATTRIBUTES, Portrait
from synthassay.records.reading import GiveAway

DRAWS = 999
SEPARATION, LEVEL = 0.35, 0.01
NAMES_SHOWN = 5


def find_giveaways(portraits: Sequence[Portrait], seed: int) -> tuple[GiveAway, ...]:
    """Return what tells arms apart, the strongest first.

    A fact (format, size) separates two arms by the total variation distance of its frequencies, a number by the
    Kolmogorov-Smirnov distance: both are the largest gain over guessing that a reader could draw from it. It is a
    give-away where the distance is at least 0.35 and larger than in 99 % of draws in which images change arms, or where
    every image of one arm has one value and no image of the other has it.
    """
    found: list[GiveAway] = []
    arms = sorted({one.arm for one in portraits})
    facts = sorted({key for one in portraits for key in one.facts})
    numbers = sorted({key for one in portraits for key in one.numbers})
    for a, b in combinations(arms, 2):
        of_a, of_b = ([one for one in portraits if one.arm == arm] for arm in (a, b))
        for attribute in facts:
            one = _compared(attribute, of_a, of_b, seed, words=True)
            found += [one] if one else []
        for attribute in numbers:
            one = _compared(attribute, of_a, of_b, seed, words=False)
            found += [one] if one else []
    return tuple(sorted(found, key=lambda one: (one.of_the_file, -one.separation, one.attribute)))


def _compared(
    attribute: str, a: Sequence[Portrait], b: Sequence[Portrait], seed: int, *, words: bool
) -> GiveAway | None:
    left, right = ([_value(one, attribute, words=words) for one in side] for side in (a, b))
    codes = {value: code for code, value in enumerate(sorted({*left, *right}))}
    values = np.array([codes[value] for value in (*left, *right)])
    first = np.arange(len(values)) < len(left)
    distance = _variation if words else _kolmogorov
    seen = distance(values, first)
    constant = len(set(left)) == 1 and len(set(right)) == 1 and left[0] != right[0]
    if seen < SEPARATION and not constant:
        return None
    rng = stream(seed, "give-away", attribute, a[0].arm, b[0].arm)
    larger = sum(distance(values, rng.permutation(first)) >= seen - 1e-12 for _ in range(DRAWS))
    p = (1 + larger) / (1 + DRAWS)
    if p > LEVEL and not constant:
        return None
    shown = [f"{one.arm}/{one.name}" for one in _odd(attribute, a, b, words=words)]
    return GiveAway(
        attribute=attribute, separation=seen, p=p, arms=(a[0].arm, b[0].arm), images=tuple(shown[:NAMES_SHOWN]),
        of_the_file=attribute in FILE_ATTRIBUTES,
        words=f"{attribute}: {a[0].arm} {_summary(left)}; {b[0].arm} {_summary(right)}",
    )  # fmt: skip


def _value(one: Portrait, attribute: str, *, words: bool) -> str | float:
    return one.facts.get(attribute, "none") if words else one.numbers.get(attribute, 0.0)


def _odd(attribute: str, a: Sequence[Portrait], b: Sequence[Portrait], *, words: bool) -> list[Portrait]:
    """Images whose value no image of the other arm has; without such, those farthest from the other arm's median."""
    left, right = ({_value(one, attribute, words=words) for one in side} for side in (a, b))
    only = [one for one in b if _value(one, attribute, words=words) not in left]
    only += [one for one in a if _value(one, attribute, words=words) not in right]
    return only or list(b)


def _summary(values: Sequence[str | float]) -> str:
    if isinstance(values[0], str):
        kinds = sorted(set(map(str, values)), key=lambda kind: -values.count(kind))
        return ", ".join(f"{kind} ({values.count(kind)})" for kind in kinds[:3]) + (" ..." if len(kinds) > 3 else "")
    low, middle, high = np.quantile(np.array(values, dtype=np.float64), [0, 0.5, 1])
    return f"{middle:.4g} ({low:.4g} to {high:.4g})"


def _variation(values: np.ndarray, first: np.ndarray) -> float:
    size = int(values.max()) + 1
    a, b = np.bincount(values[first], minlength=size), np.bincount(values[~first], minlength=size)
    return float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)


def _kolmogorov(values: np.ndarray, first: np.ndarray) -> float:
    size = int(values.max()) + 1
    a, b = np.bincount(values[first], minlength=size), np.bincount(values[~first], minlength=size)
    return float(np.abs(np.cumsum(a / a.sum()) - np.cumsum(b / b.sum())).max())


def refuse_giveaways(found: Sequence[GiveAway], *, reencoded: bool) -> None:
    """Stop a study whose arms give themselves away.

    Raises:
        DataError: Names every give-away, the images that show it, and what to do.
    """
    if not found:
        return
    lines = [f"  - {one.words} (told apart {one.separation:.0%}; e.g. {', '.join(one.images)})" for one in found]
    remedy = (
        "Name in `accept` of [reencode] what is part of the question, or re-encode further."
        if reencoded
        else "Make the arms alike, or add [reencode] with a reason, such as size = [256, 256] and levels = 256."
    )
    where = "the arms after re-encoding" if reencoded else "the arms"
    raise DataError(where, "give themselves away without a look at the picture:\n" + "\n".join(lines), remedy=remedy)
