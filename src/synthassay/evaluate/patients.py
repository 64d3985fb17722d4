"""On how many patients a comparison of sets rests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def patients(*sides: Iterable[Any]) -> int:
    """Return the number of distinct subjects on the smallest side.

    An unconditional synthetic image is nobody's and counts as a subject of its own, so a thousand of them beside twenty
    patients are a comparison with twenty patients.

    >>> patients(["a", "b", "c"], ["p", "p", "q"])
    2
    """
    return min(len(set(side)) for side in sides)
