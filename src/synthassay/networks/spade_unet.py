"""A U-Net whose norms are scaled and shifted, place by place, by a drawing: it cannot wash the drawing away."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.networks.axes import convolution, fold, unfold
from synthassay.networks.unet import Enlarge, SelfAttention, TimeFeatures


class SpadeUNet(nn.Module):
    """Map ``batch channels *space``, a time and a drawing ``batch drawn *space`` to ``batch channels *space``.

    On the way down blocks are told the time alone; on the way up each norm is also scaled and shifted at each place by
    what is drawn there, read at that size. The last layer starts at zero.

    Source:
        Park et al. 2019, arXiv:1903.07291, section 3; Wang et al. 2022, arXiv:2207.00050, section 3.2 (in the decoder
        of a denoiser).

    Args:
        channels: Channels of the image.
        drawn: Channels of the drawing.
        widths: Channels per level, finest first.
        attention: Self-attention at the coarsest level.
        unshuffle: Side of the folded squares.
        hidden: Features between the drawing and the scales of a norm (paper: 128).
        axes: Spatial axes.
    """

    def __init__(
        self,
        channels: int,
        drawn: int,
        *,
        widths: Sequence[int],
        attention: bool,
        unshuffle: int,
        hidden: int,
        axes: int,
    ) -> None:
        super().__init__()
        self.unshuffle, told = unshuffle, 4 * widths[0]
        more = drawn * unshuffle**axes
        self.time = nn.Sequential(TimeFeatures(64), nn.Linear(64, told), nn.SiLU(), nn.Linear(told, told))
        self.enter = convolution(axes, channels * unshuffle**axes, widths[0], 3, padding=1)
        pairs = list(pairwise([widths[0], *widths]))
        self.down = nn.ModuleList(SpadeBlock(a, b, told, 0, hidden, axes) for a, b in pairs)
        self.shrink = nn.ModuleList(convolution(axes, w, w, 3, stride=2, padding=1) for w in widths[:-1])
        self.middle = SpadeBlock(widths[-1], widths[-1], told, more, hidden, axes)
        self.attend = SelfAttention(widths[-1], axes) if attention else nn.Identity()
        self.up = nn.ModuleList(SpadeBlock(2 * w, w, told, more, hidden, axes) for w in reversed(widths))
        self.enlarge = nn.ModuleList(Enlarge(a, b, axes) for a, b in pairwise(reversed(widths)))
        self.norm = nn.GroupNorm(1, widths[0])
        self.leave = convolution(axes, widths[0], channels * unshuffle**axes, 3, padding=1)
        for weights in self.leave.parameters():
            nn.init.zeros_(weights)

    def forward(self, image: Tensor, time: Tensor, drawing: Tensor) -> Tensor:
        """Return the answer for each image at its ``time`` (``batch``), shown its drawing."""
        told, now = F.silu(self.time(time)), self.enter(fold(image, self.unshuffle))
        drawings, kept = [fold(drawing, self.unshuffle)], []
        for i, block in enumerate(self.down):
            now = block(now, told, None)
            kept.append(now)
            if i < len(self.shrink):
                now = self.shrink[i](now)
                drawings.append(F.avg_pool2d(drawings[-1], 2) if now.ndim == 4 else F.avg_pool3d(drawings[-1], 2))
        now = self.attend(self.middle(now, told, drawings[-1]))
        for i, block in enumerate(self.up):
            now = block(torch.cat([now, kept.pop()], 1), told, drawings.pop())
            now = self.enlarge[i](now) if i < len(self.enlarge) else now
        return unfold(self.leave(F.silu(self.norm(now))), self.unshuffle)


class SpadeBlock(nn.Module):
    """Two convolutions with a shortcut; the norms before them are told the time, and the drawing where there is one."""

    def __init__(self, channels_in: int, channels_out: int, told: int, drawn: int, hidden: int, axes: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = (SpadeNorm(c, told, drawn, hidden, axes) for c in (channels_in, channels_out))
        self.conv1 = convolution(axes, channels_in, channels_out, 3, padding=1)
        self.conv2 = convolution(axes, channels_out, channels_out, 3, padding=1)
        same = channels_in == channels_out
        self.shortcut = nn.Identity() if same else convolution(axes, channels_in, channels_out, 1)
        for weights in self.conv2.parameters():
            nn.init.zeros_(weights)

    def forward(self, now: Tensor, told: Tensor, drawing: Tensor | None) -> Tensor:
        """Return ``batch channels_out *space``."""
        inner = self.conv1(F.silu(self.norm1(now, told, drawing)))
        return self.shortcut(now) + self.conv2(F.silu(self.norm2(inner, told, drawing)))


class SpadeNorm(nn.Module):
    """Group norm, scaled and shifted by the time for all places, and by the drawing for each."""

    def __init__(self, channels: int, told: int, drawn: int, hidden: int, axes: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8 if channels % 8 == 0 else 1, channels, affine=False)
        self.film = nn.Linear(told, 2 * channels)
        self.places: nn.Module | None = None
        if drawn:
            self.places = nn.Sequential(
                convolution(axes, drawn, hidden, 3, padding=1),
                nn.ReLU(),
                convolution(axes, hidden, 2 * channels, 1),
            )

    def forward(self, now: Tensor, told: Tensor, drawing: Tensor | None) -> Tensor:
        """Return a tensor of the same shape."""
        both = self.film(told).reshape(len(now), -1, *[1] * (now.ndim - 2))
        if self.places is not None and drawing is not None:
            both = both + self.places(drawing)
        scale, shift = both.chunk(2, 1)
        return self.norm(now) * (1 + scale) + shift
