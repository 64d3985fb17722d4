"""Two or three spatial axes from the same code: convolutions by their number, and pixels folded into channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.errors import Fault, SpecError

NAMES = {2: "y x", 3: "z y x"}
CONVOLUTION: dict[int, type[nn.Conv2d] | type[nn.Conv3d]] = {2: nn.Conv2d, 3: nn.Conv3d}


def convolution(axes: int, channels_in: int, channels_out: int, kernel: int, **more: Any) -> nn.Module:
    """Return a convolution over ``axes`` spatial axes."""
    return CONVOLUTION[axes](channels_in, channels_out, kernel, **more)


def fold(image: Tensor, side: int) -> Tensor:
    """Fold each square (cube) of pixels of ``batch channels *space`` into channels, ``side^n`` times as many.

    >>> import torch
    >>> fold(torch.zeros(1, 2, 4, 6, 8), 2).shape
    torch.Size([1, 16, 2, 3, 4])
    """
    if image.ndim == 4:
        return F.pixel_unshuffle(image, side)
    return rearrange(image, "b c (z i) (y j) (x k) -> b (c i j k) z y x", i=side, j=side, k=side)


def unfold(folded: Tensor, side: int) -> Tensor:
    """Undo ``fold``.

    >>> import torch
    >>> volume = torch.randn(1, 2, 4, 6, 8)
    >>> bool((unfold(fold(volume, 2), 2) == volume).all())
    True
    """
    if folded.ndim == 4:
        return F.pixel_shuffle(folded, side)
    return rearrange(folded, "b (c i j k) z y x -> b c (z i) (y j) (x k)", i=side, j=side, k=side)


def spread(values: Tensor, like: Tensor) -> Tensor:
    """Return ``batch`` values with as many axes as ``like``, so that each applies to its own image."""
    return values.reshape(-1, *[1] * (like.ndim - 1))


def require_multiples(space: Sequence[int], divisor: int, where: str, axes: Sequence[int] = (2, 3)) -> None:
    """Refuse images whose sides a network cannot fold and halve evenly.

    Raises:
        SpecError: Another number of axes, or a side that is no multiple.
    """
    if len(space) not in axes or any(side % divisor for side in space):
        count = " or ".join({2: "two", 3: "three"}[n] for n in axes)
        remedy = f"Set [data] size to {count} multiples of {divisor}, or choose settings that halve less often."
        raise SpecError(where, [Fault("size", f"must be {count} multiples of {divisor} here", tuple(space), remedy)])
