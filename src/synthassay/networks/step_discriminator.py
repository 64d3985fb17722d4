"""A discriminator of one step of denoising: could this less noisy image have come before that noisier one?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.networks.axes import convolution, fold
from synthassay.networks.unet import TimeFeatures

POOL: dict[int, Any] = {2: F.avg_pool2d, 3: F.avg_pool3d}
SLOPE = 0.2


class StepDiscriminator(nn.Module):
    """Map ``batch channels *space`` (both images of a step, and a source), a time and a class to ``batch`` raw logits.

    Residual blocks without normalisation, halved between them; the time and the class are added inside each block, and
    weigh the last features once more. How much a batch varies is one more channel before the end, so that images which
    are all alike give themselves away.

    Args:
        channels: Channels of all that is judged together.
        widths: Channels per level, finest first.
        unshuffle: Side of the squares of pixels folded into channels.
        classes: Classes; 0 where none is told.
        axes: Spatial axes, 2 or 3.

    Source:
        Xiao et al. 2021, arXiv:2112.07804, appendix C (time added in each block, standard deviation of the batch; its
        sum over places is divided by the root of their number here); Miyato and Koyama 2018, arXiv:1802.05637 (the
        weight of the last features).

    >>> judge = StepDiscriminator(2, (8, 16), unshuffle=2)
    >>> judge(torch.zeros(3, 2, 16, 16), torch.ones(3)).shape
    torch.Size([3])
    """

    def __init__(
        self, channels: int, widths: Sequence[int], *, unshuffle: int = 2, classes: int = 0, axes: int = 2
    ) -> None:
        super().__init__()
        self.unshuffle, self.pool = unshuffle, POOL[axes]
        told = 2 * widths[0]
        self.time = nn.Sequential(TimeFeatures(64), nn.Linear(64, told), nn.LeakyReLU(SLOPE), nn.Linear(told, told))
        self.label = nn.Embedding(classes, told) if classes else None
        self.enter = convolution(axes, channels * unshuffle**axes, widths[0], 3, padding=1)
        pairs = zip([widths[0], *widths], widths, strict=False)
        self.blocks = nn.ModuleList(JudgingBlock(a, b, told, axes) for a, b in pairs)
        self.gather = convolution(axes, widths[-1] + 1, widths[-1], 3, padding=1)
        self.leave, self.match = nn.Linear(widths[-1], 1), nn.Linear(told, widths[-1])
        self.apply(keep_variance)

    def forward(self, images: Tensor, time: Tensor, label: Tensor | None = None) -> Tensor:
        """Return raw logits; ``time`` is ``batch`` in [0, 1], ``label`` ``batch`` class indices where there are."""
        told = self.time(time)
        if self.label is not None and label is not None:
            told = told + self.label(label)
        now = self.enter(fold(images, self.unshuffle))
        for at, block in enumerate(self.blocks):
            now = block(self.pool(now, 2) if at else now, told)
        now = F.leaky_relu(self.gather(torch.cat([now, variety(now)], 1)), SLOPE).flatten(2)
        now = now.sum(2) / now.shape[2] ** 0.5  # the logits of all places are too large at first, their mean too small
        logits: Tensor = self.leave(now)[:, 0] + (self.match(told) * now).sum(1) / now.shape[1] ** 0.5
        return logits


class JudgingBlock(nn.Module):
    """Two convolutions with a shortcut; what is told is added between them."""

    def __init__(self, channels_in: int, channels_out: int, told: int, axes: int) -> None:
        super().__init__()
        self.conv1 = convolution(axes, channels_in, channels_out, 3, padding=1)
        self.conv2 = convolution(axes, channels_out, channels_out, 3, padding=1)
        self.told = nn.Linear(told, channels_out)
        self.shortcut = convolution(axes, channels_in, channels_out, 1, bias=False)

    def forward(self, now: Tensor, told: Tensor) -> Tensor:
        """Return ``batch channels_out *space``."""
        inner = self.conv1(F.leaky_relu(now, SLOPE))
        shift = self.told(told)
        inner = inner + shift.reshape(*shift.shape, *[1] * (now.ndim - 2))
        return (self.shortcut(now) + self.conv2(F.leaky_relu(inner, SLOPE))) / 2**0.5


def keep_variance(layer: nn.Module) -> None:
    """Start a convolution so that it keeps the variance of what comes in; without norms nothing else does.

    Torch's own start divides the deviation by 1.7 in each: after ten layers all images look alike, and nothing is
    learnt.

    Source:
        He et al. 2015, arXiv:1502.01852, equation 15.
    """
    if isinstance(layer, nn.Conv2d | nn.Conv3d):
        nn.init.kaiming_normal_(layer.weight, SLOPE)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def variety(features: Tensor) -> Tensor:
    """Return one channel that holds the mean standard deviation of ``features`` over their batch, at every place.

    Source:
        Karras et al. 2017, arXiv:1710.10196, section 3.

    >>> pair = torch.stack([torch.zeros(1, 2, 2), torch.full((1, 2, 2), 6.0)])
    >>> round(float(variety(pair)[0, 0, 0, 0]), 3)
    3.0
    """
    deviation = (features.var(0, correction=0) + 1e-8).sqrt().mean()
    return deviation.expand(len(features), 1, *features.shape[2:])
