"""Random numbers drawn on the CPU and then moved, so that a seed means the same image on every device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def normal_like(like: Tensor, rng: torch.Generator) -> Tensor:
    """Return standard normal noise with the shape, type and device of ``like``.

    >>> normal_like(torch.zeros(2, 1, 4, 4), torch.Generator().manual_seed(1)).shape
    torch.Size([2, 1, 4, 4])
    """
    return torch.randn(like.shape, generator=rng, dtype=like.dtype).to(like.device)


def normal_each(shape: Sequence[int], rngs: Sequence[torch.Generator], device: torch.device) -> Tensor:
    """Return ``batch *shape`` of standard normal noise; image i is drawn from ``rngs[i]`` alone.

    >>> one, two = (torch.Generator().manual_seed(s) for s in (1, 2))
    >>> pair = normal_each((3,), [one, two], torch.device("cpu"))
    >>> bool((normal_each((3,), [torch.Generator().manual_seed(2)], pair.device)[0] == pair[1]).all())
    True
    """
    return torch.stack([torch.randn(tuple(shape), generator=rng) for rng in rngs]).to(device)
