"""How a learning rate rises and falls over a training."""

from __future__ import annotations

import math


def rise_and_fall(progress: float, warm_up: float) -> float:
    """Return a learning-rate factor: linear up to 1 at ``warm_up``, then a cosine down to 0.01 at 1.

    >>> [round(rise_and_fall(p, 0.1), 3) for p in (0.0, 0.05, 0.1, 0.55, 1.0)]
    [0.01, 0.505, 1.0, 0.505, 0.01]
    """
    share = progress / warm_up if progress < warm_up else 1 - (progress - warm_up) / (1 - warm_up)
    rise = share if progress < warm_up else (1 - math.cos(share * math.pi)) / 2
    return 0.01 + 0.99 * rise


def constant_then_fall(progress: float, constant: float) -> float:
    """Return a learning-rate factor: 1 up to a share ``constant`` of training, then linear down to 0 at its end.

    >>> [constant_then_fall(p, 0.5) for p in (0.0, 0.5, 0.75, 1.0)]
    [1.0, 1.0, 0.5, 0.0]
    """
    return 1.0 if progress <= constant else (1.0 - progress) / (1.0 - constant)
