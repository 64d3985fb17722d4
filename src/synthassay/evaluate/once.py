"""What is computed of one image once, however many sets the image is judged in."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from synthassay.images.specimen import Specimen

P = ParamSpec("P")
T = TypeVar("T")


def once_per_specimen(function: Callable[Concatenate[Specimen, P], T]) -> Callable[Concatenate[Specimen, P], T]:
    """Keep what a function found of a specimen for as long as the specimen lives.

    Specimens are read anew from their files each time, so nothing piles up in an ordinary evaluation; whoever holds
    images in memory and draws many sets from them does not pay again. What is returned must not be changed.

    Args:
        function: Takes a specimen and further hashable arguments, and depends on nothing else.

    Example:
        >>> import numpy as np
        >>> calls = []
        >>> mean = once_per_specimen(lambda specimen: calls.append(1) or float(specimen.pixels.mean()))
        >>> image = Specimen(np.ones((1, 2, 2)))
        >>> mean(image), mean(image), len(calls)
        (1.0, 1.0, 1)
    """
    kept: weakref.WeakKeyDictionary[Specimen, dict[object, T]] = weakref.WeakKeyDictionary()

    def remembered(specimen: Specimen, /, *args: P.args, **kwargs: P.kwargs) -> T:
        found = kept.setdefault(specimen, {})
        key = (args, tuple(sorted(kwargs.items())))
        if key not in found:
            found[key] = function(specimen, *args, **kwargs)
        return found[key]

    update_wrapper(remembered, function)
    return remembered
