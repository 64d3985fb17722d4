"""One root seed -> named, independent streams, so that image 42 is image 42 whatever the batch or the worker."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def derive(seed: int, *names: str | int) -> int:
    """Return a 63-bit seed for the stream that ``names`` describe below the root ``seed``.

    The map is SHA-256 of the written-out path, so it is the same on every machine and Python version.

    >>> derive(7, "synthesise", "img-0042") == derive(7, "synthesise", "img-0042")
    True
    >>> derive(7, "a", "b") == derive(7, "ab")
    False
    """
    path = "\x1f".join([str(int(seed)), *(f"{type(name).__name__}:{name}" for name in names)])
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "big") >> 1


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return a numpy generator for the stream that ``names`` describe below the root ``seed``."""
    import numpy as np

    return np.random.Generator(np.random.PCG64(derive(seed, *names)))
