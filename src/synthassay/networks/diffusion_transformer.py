"""A transformer on patches, told a time and a class by adaptive norms; attention over all patches or within windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import prod

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.networks.axes import fold, require_multiples, unfold
from synthassay.networks.unet import TimeFeatures


class DiffusionTransformer(nn.Module):
    """Map ``batch in_channels *space``, a time and a class to ``batch out_channels *space``.

    The image is cut into patches, one token each, with the sines and cosines of its place added. Every block's norms
    are shifted and scaled, and its branches gated, by what is told; all of these start at zero, so that an untrained
    network answers 0 and each block begins by changing nothing.

    Source:
        Peebles and Xie 2023, arXiv:2212.09748, section 3.2 (adaLN-Zero); Liu et al. 2021, arXiv:2103.14030, section 3.2
        (windows, moved by half in every other block).

    Args:
        in_channels: Channels of the input, sources included.
        out_channels: Channels of the answer.
        space: Sides of the image, multiples of ``patch`` times ``window``.
        width: Features per token, a multiple of ``2 * axes`` and of ``heads``.
        depth: Blocks.
        heads: Attention heads.
        patch: Side of a patch.
        window: Side, in patches, of the windows in which tokens see each other; 0: all see all.
        classes: Classes; one more, the null class, is learnt. 0: no class is told.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        space: Sequence[int],
        width: int,
        depth: int,
        heads: int,
        patch: int,
        window: int = 0,
        classes: int = 0,
    ) -> None:
        super().__init__()
        axes = len(space)
        require_multiples(space, patch * max(1, window), "transformer")
        self.patch, self.classes = patch, classes
        self.grid = tuple(side // patch for side in space)
        self.enter = nn.Linear(in_channels * patch**axes, width)
        self.register_buffer("places", place_features(self.grid, width), persistent=False)
        self.time = nn.Sequential(TimeFeatures(64), nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(classes + 1, width) if classes else None
        self.blocks = nn.ModuleList(
            _Block(width, heads, Windows(self.grid, window, moved=i % 2 == 1)) for i in range(depth)
        )
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.tell = _zero(nn.Linear(width, 2 * width))
        self.leave = _zero(nn.Linear(width, out_channels * patch**axes))

    @property
    def null_class(self) -> int:
        """The index that stands for "no class told"."""
        return self.classes

    def forward(self, image: Tensor, time: Tensor, label: Tensor | None = None) -> Tensor:
        """Return the answer for each image at its ``time`` (``batch``) and class (``batch``, int64)."""
        told = self.time(time)
        if self.label is not None:
            none = torch.full_like(time, self.null_class, dtype=torch.int64)
            told = told + self.label(none if label is None else label)
        told = F.silu(told)
        tokens = self.enter(fold(image, self.patch).flatten(2).transpose(1, 2)) + self.places
        for block in self.blocks:
            tokens = block(tokens, told)
        shift, scale = self.tell(told)[:, None].chunk(2, -1)
        patches = self.leave(self.norm(tokens) * (1 + scale) + shift)
        return unfold(patches.transpose(1, 2).unflatten(2, self.grid), self.patch)


class Windows:
    """How tokens of a grid stand in windows; ``moved`` shifts all windows by half their side, around the edge.

    Tokens that only meet because the grid was moved around its edge do not see each other.

    >>> len(Windows((4, 4), 2, moved=False).order), Windows((4, 4), 0, moved=True).size
    (16, 16)
    """

    def __init__(self, grid: Sequence[int], window: int, *, moved: bool) -> None:
        side = window or max(grid)
        sides = [min(side, n) for n in grid]
        moved = moved and 0 < window < max(grid)
        numbers = torch.arange(prod(grid)).reshape(*grid)
        shifts = [-(s // 2) if moved and s < n else 0 for s, n in zip(sides, grid, strict=True)]
        rolled = numbers.roll(shifts, tuple(range(len(grid))))
        self.size = prod(sides)
        self.order = _cut(rolled, sides).reshape(-1)
        self.back = self.order.argsort()
        self.mask: Tensor | None = None
        if moved:
            apart = [_sides_of_edge(n, s, shift) for n, s, shift in zip(grid, sides, shifts, strict=True)]
            region = torch.zeros(tuple(grid), dtype=torch.int64)
            for axis, part in enumerate(apart):
                region = region * 2 + part.reshape([-1 if a == axis else 1 for a in range(len(grid))])
            cut = _cut(region, sides)
            self.mask = cut[:, :, None] == cut[:, None, :]


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, windows: Windows) -> None:
        super().__init__()
        self.heads, self.windows = heads, windows
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.ask, self.answer = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.inner = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
        )
        self.tell = _zero(nn.Linear(width, 6 * width))

    def forward(self, tokens: Tensor, told: Tensor) -> Tensor:
        shift1, scale1, gate1, shift2, scale2, gate2 = self.tell(told)[:, None].chunk(6, -1)
        tokens = tokens + gate1 * self._attend(self.norm1(tokens) * (1 + scale1) + shift1)
        return tokens + gate2 * self.inner(self.norm2(tokens) * (1 + scale2) + shift2)

    def _attend(self, tokens: Tensor) -> Tensor:
        w, batch = self.windows, len(tokens)
        asked = self.ask(tokens)[:, w.order.to(tokens.device)]
        q, k, v = rearrange(asked, "b (w n) (three h c) -> three (b w) h n c", three=3, h=self.heads, n=w.size)
        mask = None if w.mask is None else w.mask.to(tokens.device)[:, None].repeat(batch, 1, 1, 1)
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.answer(rearrange(seen, "(b w) h n c -> b (w n) (h c)", b=batch)[:, w.back.to(tokens.device)])


def place_features(grid: Sequence[int], width: int) -> Tensor:
    """Return ``places width``: sines and cosines of each place's coordinate along every axis, ``width / axes`` each.

    Source:
        Peebles and Xie 2023, arXiv:2212.09748 (its code; frequencies from 1 to 1e-4).

    >>> place_features((2, 3), 8).shape
    torch.Size([6, 8])
    """
    half = width // (2 * len(grid))
    frequencies = torch.exp(-math.log(1e4) * torch.arange(half) / half)
    coordinates = torch.stack(torch.meshgrid(*(torch.arange(n) for n in grid), indexing="ij"), -1).reshape(
        -1, len(grid)
    )
    angles = coordinates[..., None] * frequencies
    features = torch.cat([angles.sin(), angles.cos()], -1).flatten(1)
    return F.pad(features, (0, width - features.shape[1]))


def _cut(grid: Tensor, sides: Sequence[int]) -> Tensor:
    """Return ``windows places`` of a grid of numbers."""
    if grid.ndim == 2:
        return rearrange(grid, "(a y) (b x) -> (a b) (y x)", y=sides[0], x=sides[1])
    z, y, x = sides
    return rearrange(grid, "(a z) (b y) (c x) -> (a b c) (z y x)", z=z, y=y, x=x)


def _sides_of_edge(count: int, side: int, shift: int) -> Tensor:
    """Return 1 for the places that came around the edge, 0 for all others."""
    return (torch.arange(count) >= count + shift).long() if side < count and shift else torch.zeros(count).long()


def _zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
