"""The U-Net of pix2pix: an image in, an image out, with a skip connection at each size."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synthassay.networks.axes import CONVOLUTION
from synthassay.networks.dimensions import INSTANCE_NORM, TRANSPOSED, cut_out


class UnetTranslator(nn.Module):
    """Map ``batch channels *space`` to as many places, in 2D or 3D.

    Convolutions 4x4 of stride 2 with LeakyReLU 0.2 on the way down, transposed ones with ReLU on the way up, each
    normalised per image but the first and the innermost; each level of the decoder is shown the encoder's. Sides that
    the halvings do not divide are padded with their edge values and the result is cropped.

    Args:
        channels_in: Input channels.
        channels_out: Output channels.
        width: Channels after the first convolution (64 in the paper), doubled per halving up to eight times.
        levels: Halvings (8 in the paper, down to one pixel).
        dropout: Probability with which a value of the three innermost decoder levels is dropped (0.5 in the paper).
        dimensions: 2 or 3.

    Source: Isola et al. 2017, arXiv:1611.07004, section 6.1.1.

    >>> UnetTranslator(2, 1, width=4, levels=3)(torch.zeros(1, 2, 20, 30)).shape
    torch.Size([1, 1, 20, 30])
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        width: int,
        levels: int,
        dropout: float = 0.0,
        dimensions: int = 2,
    ) -> None:
        super().__init__()
        self.multiple, self.dropout = 2**levels, dropout
        widths = [width * min(2**i, 8) for i in range(levels)]
        convolution, transposed = CONVOLUTION[dimensions], TRANSPOSED[dimensions]
        norm = INSTANCE_NORM[dimensions]
        self.down = nn.ModuleList([convolution(channels_in, width, 4, stride=2, padding=1)])
        for level, (narrow, wide) in enumerate(pairwise(widths), start=1):
            parts: list[nn.Module] = [nn.LeakyReLU(0.2), convolution(narrow, wide, 4, stride=2, padding=1)]
            self.down.append(nn.Sequential(*parts, *([norm(wide, affine=True)] if level < levels - 1 else [])))
        self.up = nn.ModuleList()
        for level in reversed(range(1, levels)):
            inputs = widths[level] * (1 if level == levels - 1 else 2)
            self.up.append(
                nn.Sequential(
                    nn.ReLU(),
                    transposed(inputs, widths[level - 1], 4, stride=2, padding=1),
                    norm(widths[level - 1], affine=True),
                )
            )
        inputs = width * (2 if levels > 1 else 1)
        self.last = nn.Sequential(nn.ReLU(), transposed(inputs, channels_out, 4, stride=2, padding=1))

    def forward(self, images: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return unbounded values; ``rng`` draws the dropout masks of training, without it nothing is dropped."""
        size = images.shape[2:]
        padding = [p for side in reversed(size) for p in (0, -side % self.multiple)]
        now = F.pad(images, padding, mode="replicate") if any(padding) else images
        kept = []
        for down in self.down:
            now = down(now)
            kept.append(now)
        now = kept.pop()
        for level, up in enumerate(self.up):
            now = self._dropped(up(now), rng) if level < 3 else up(now)
            now = torch.cat([now, kept.pop()], dim=1)
        made: Tensor = self.last(now)
        return cut_out(made, [0] * len(size), size)

    def _dropped(self, values: Tensor, rng: torch.Generator | None) -> Tensor:
        if rng is None or not self.training or self.dropout == 0:
            return values
        # torch's own dropout draws from a global stream, which a resumed run could not repeat
        kept = torch.rand(values.shape, generator=rng, device=rng.device).to(values.device) >= self.dropout
        return values * kept / (1 - self.dropout)
