"""Vision transformers with timm's parameter names, as feature encoders."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZES = {"vit_small": (384, 12, 6), "vit_base": (768, 12, 12), "vit_large": (1024, 24, 16)}
"""Width, blocks and heads."""


class VisionTransformer(nn.Module):
    """A ViT up to its normed class token: ``batch channels rows columns`` to ``batch features``.

    Names and shapes of parameters are those of timm (``patch_embed.proj``, ``blocks.0.attn.qkv``, ``norm`` ...), which
    DINO, DINOv2 and pathology encoders such as UNI share. Positions are resampled to another grid than the trained one.

    Args:
        width: Features per token.
        depth: Blocks.
        heads: Attention heads per block.
        patch: Size of a patch in pixels.
        channels: Input channels.
        trained_grid: Patches per side that the positions were trained for.
        layer_scale: Whether each branch has a learnt scale per feature (``ls1.gamma``), as in DINOv2 and UNI.

    Source: Dosovitskiy et al. 2021, arXiv 2010.11929, eqs. 1 to 4; Caron et al. 2021, arXiv 2104.14294.

    >>> VisionTransformer(32, 2, 4, patch=8, channels=1, trained_grid=4)(torch.zeros(2, 1, 40, 32)).shape
    torch.Size([2, 32])
    """

    def __init__(
        self,
        width: int,
        depth: int,
        heads: int,
        *,
        patch: int,
        channels: int,
        trained_grid: int,
        layer_scale: bool = False,
    ) -> None:
        super().__init__()
        self.patch, self.trained_grid, self.features = patch, trained_grid, width
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, trained_grid**2 + 1, width))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(channels, width, patch, stride=patch)})
        self.blocks = nn.ModuleList(_Block(width, heads, layer_scale) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, images: Tensor) -> Tensor:
        """Return the class token after the last norm; rows and columns are multiples of the patch."""
        patches = self.patch_embed["proj"](images)
        tokens = patches.flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), tokens], dim=1)
        tokens = tokens + self._positions(patches.shape[2], patches.shape[3])
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)[:, 0]

    def _positions(self, rows: int, columns: int) -> Tensor:
        side = self.trained_grid
        if (rows, columns) == (side, side):
            return self.pos_embed
        first, grid = self.pos_embed[:, :1], self.pos_embed[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
        grid = functional.interpolate(grid, (rows, columns), mode="bicubic", align_corners=False, antialias=True)
        return torch.cat([first, grid.flatten(2).transpose(1, 2)], dim=1)


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, layer_scale: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = _Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})
        self.ls1: nn.Module = _Scale(width) if layer_scale else nn.Identity()
        self.ls2: nn.Module = _Scale(width) if layer_scale else nn.Identity()

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.ls1(self.attn(self.norm1(tokens)))
        inner = functional.gelu(self.mlp["fc1"](self.norm2(tokens)))
        return tokens + self.ls2(self.mlp["fc2"](inner))


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        batch, count, width = tokens.shape
        parts = self.qkv(tokens).reshape(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        return self.proj(mixed.transpose(1, 2).reshape(batch, count, width))


class _Scale(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens * self.gamma
