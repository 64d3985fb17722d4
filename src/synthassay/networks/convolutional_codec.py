"""An encoder from images to a small grid of numbers and a decoder back, in 2D and 3D."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.networks.autoencoder import Told
from synthassay.networks.axes import convolution, fold, unfold
from synthassay.networks.unet import Enlarge, Level

TOLD = 8


class GridEncoder(nn.Module):
    """Map ``batch channels *space`` to ``batch features *space/shrinkage``.

    Args:
        channels: Channels of the image.
        features: Channels of the grid.
        widths: Channels per level, finest first; the image is folded and then halved between levels.
        axes: Spatial axes.
        folded: Side of the squares (cubes) of pixels folded into channels before the first level.
    """

    def __init__(self, channels: int, features: int, widths: Sequence[int], axes: int, folded: int = 2) -> None:
        super().__init__()
        self.told, self.folded = Told(0, TOLD), folded
        self.enter = convolution(axes, channels * folded**axes, widths[0], 3, padding=1)
        self.levels = nn.ModuleList(Level(a, b, 1, TOLD, axes) for a, b in pairwise([widths[0], *widths]))
        self.shrink = nn.ModuleList(convolution(axes, w, w, 3, stride=2, padding=1) for w in widths[:-1])
        self.leave = convolution(axes, widths[-1], features, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the grid."""
        told, now = self.told(len(image), None), self.enter(fold(image, self.folded))
        for i, level in enumerate(self.levels):
            now = level(now, told)
            now = self.shrink[i](now) if i < len(self.shrink) else now
        return self.leave(F.silu(now))


class GridDecoder(nn.Module):
    """Map ``batch features *space/shrinkage`` back to ``batch channels *space``.

    Args:
        channels: Channels of the image.
        features: Channels of the grid.
        widths: As for the encoder.
        axes: Spatial axes.
        folded: As for the encoder.
    """

    def __init__(self, channels: int, features: int, widths: Sequence[int], axes: int, folded: int = 2) -> None:
        super().__init__()
        self.told, self.folded = Told(0, TOLD), folded
        self.enter = convolution(axes, features, widths[-1], 3, padding=1)
        self.levels = nn.ModuleList(Level(width, width, 1, TOLD, axes) for width in reversed(widths))
        self.enlarge = nn.ModuleList(Enlarge(a, b, axes) for a, b in pairwise(reversed(widths)))
        self.leave = convolution(axes, widths[0], channels * folded**axes, 3, padding=1)

    def forward(self, grid: Tensor) -> Tensor:
        """Return the image."""
        told, now = self.told(len(grid), None), self.enter(grid)
        for i, level in enumerate(self.levels):
            now = level(now, told)
            now = self.enlarge[i](now) if i < len(self.enlarge) else now
        return unfold(self.leave(F.silu(now)), self.folded)


def shrinkage(widths: Sequence[int], folded: int = 2) -> int:
    """Return how many pixels per side one place of the grid stands for.

    >>> shrinkage((16, 32)), shrinkage((64,), folded=4)
    (4, 4)
    """
    return int(folded * 2 ** (len(widths) - 1))
