"""The modality-independent neighbourhood descriptor as a loss: Yang's wide window, differentiable, in 2D or 3D."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor

from synthassay.networks.dimensions import cut_out

LEAST_VARIANCE = 1e-5


def descriptor(images: Tensor, *, window: int = 9, patch: int = 7, sigma: float = 2.0) -> Tensor:
    """Return ``batch offsets *space``: how much each pixel's patch resembles those around it, between 0 and 1.

    ``F_a(x) = exp(-D(x, x + a) / V(x)) / Z`` with D the Gaussian-weighted squared difference of two patches, V the
    mean of D to the next neighbours, floored, and Z such that the largest entry is 1. The image itself (a = 0) is left
    out of the offsets: its entry would be the largest always. Channels are averaged; borders are repeated outwards.

    Args:
        images: ``batch channels *space``.
        window: Side of the window of offsets, odd (paper: 9).
        patch: Side of the patches, odd (paper: 7).
        sigma: Of the patch's Gaussian, in pixels (paper: 2).

    Source: Yang et al. 2018, arXiv:1809.04536, equations 4 and 5; Heinrich et al. 2012,
    doi:10.1016/j.media.2012.05.008.

    >>> descriptor(torch.rand(2, 1, 16, 16), window=3, patch=3).shape
    torch.Size([2, 8, 16, 16])
    """
    dims, reach = images.ndim - 2, window // 2
    values = images.mean(dim=1, keepdim=True)
    padded = F.pad(values, (reach,) * 2 * dims, mode="replicate")
    offsets = [a for a in itertools.product(range(-reach, reach + 1), repeat=dims) if any(a)]
    size = values.shape[2:]
    moved = torch.cat([cut_out(padded, [reach + step for step in a], size) for a in offsets], dim=1)
    distances = _patch_means((moved - values).square(), patch, sigma)
    near = [i for i, a in enumerate(offsets) if sum(map(abs, a)) == 1]
    variance = distances[:, near].mean(dim=1, keepdim=True).clamp(min=LEAST_VARIANCE)
    # exp(-d / v) / max exp(-d / v), without dividing by a number that may have become 0
    return torch.exp((distances.amin(dim=1, keepdim=True) - distances) / variance)


def structure_loss(one: Tensor, other: Tensor, **settings: float) -> Tensor:
    """Return the mean absolute difference of both images' descriptors.

    Source: Yang et al. 2018, arXiv:1809.04536, equation 6.
    """
    return F.l1_loss(descriptor(one, **settings), descriptor(other, **settings))  # type: ignore[arg-type]


def _patch_means(squares: Tensor, patch: int, sigma: float) -> Tensor:
    """Smooth each channel with a Gaussian patch, axis by axis."""
    dims, channels = squares.ndim - 2, squares.shape[1]
    at = torch.arange(patch, dtype=squares.dtype, device=squares.device) - patch // 2
    weights = torch.exp(-at.square() / (2 * sigma**2))
    weights = weights / weights.sum()
    convolve = {2: F.conv2d, 3: F.conv3d}[dims]
    for axis in range(dims):
        shape = [1, 1] + [1] * dims
        shape[2 + axis] = patch
        pad = [0] * (2 * dims)
        pad[2 * (dims - 1 - axis)] = pad[2 * (dims - 1 - axis) + 1] = patch // 2
        kernel = weights.reshape(shape).expand(channels, 1, *shape[2:])
        squares = convolve(F.pad(squares, pad, mode="replicate"), kernel, groups=channels)
    return squares
