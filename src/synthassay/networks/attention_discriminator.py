"""A patch discriminator with an attention gate and a variational bottleneck."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synthassay.networks.axes import CONVOLUTION
from synthassay.networks.dimensions import INSTANCE_NORM


class AttentionDiscriminator(nn.Module):
    """Judge patches through an attention gate and noisy features whose information is counted.

    Two convolutions 4x4 of stride 2 give fine maps, two more coarse ones. The coarse maps gate the fine ones: at each
    place the fine features are multiplied by a number from 0 to 1. What comes through is described by a mean and a log
    variance per patch; a draw from that normal law is judged.

    Args:
        channels: Channels of what is judged.
        width: Channels after the first convolution.
        dimensions: 2 or 3.

    Source: Kearney et al. 2020, doi:10.1148/ryai.2020190027 (attention and variational discriminators); the gate as by
    Oktay et al. 2018, arXiv:1804.03999, equations 1 and 2; the bottleneck as by Peng et al. 2018, arXiv:1810.00821.

    >>> judge = AttentionDiscriminator(1, width=4)
    >>> logits, information, attention = judge.judge(torch.zeros(2, 1, 32, 32), torch.Generator())
    >>> logits.shape, attention.shape
    (torch.Size([2, 1, 8, 8]), torch.Size([2, 1, 8, 8]))
    """

    def __init__(self, channels: int, *, width: int, dimensions: int = 2) -> None:
        super().__init__()
        convolution, norm = CONVOLUTION[dimensions], INSTANCE_NORM[dimensions]
        self.mode = {2: "bilinear", 3: "trilinear"}[dimensions]
        self.fine = nn.Sequential(
            convolution(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            convolution(width, 2 * width, 4, stride=2, padding=1),
            norm(2 * width),
            nn.LeakyReLU(0.2),
        )
        self.coarse = nn.Sequential(
            convolution(2 * width, 4 * width, 4, stride=2, padding=1), norm(4 * width), nn.LeakyReLU(0.2)
        )
        self.of_fine = convolution(2 * width, 2 * width, 1)
        self.of_coarse = convolution(4 * width, 2 * width, 1)
        self.gate = convolution(2 * width, 1, 1)
        self.describe = convolution(2 * width, 2 * 2 * width, 3, padding=1)
        self.score = convolution(2 * width, 1, 3, padding=1)

    def judge(self, images: Tensor, rng: torch.Generator | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return raw logits per patch, the information in nats per feature, and the attention in (0, 1).

        Args:
            images: ``batch channels *space``.
            rng: Draws the noise of the bottleneck; None judges the mean.
        """
        fine = self.fine(images)
        coarse = F.interpolate(self.of_coarse(self.coarse(fine)), size=fine.shape[2:], mode=self.mode)
        attention = torch.sigmoid(self.gate(F.relu(self.of_fine(fine) + coarse)))
        mean, log_variance = self.describe(fine * attention).chunk(2, dim=1)
        log_variance = log_variance.clamp(-10, 5)
        information = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
        told = mean
        if rng is not None:
            told = mean + (log_variance / 2).exp() * torch.randn(mean.shape, generator=rng).to(mean)
        return self.score(told), information, attention
