"""The ResNet image-to-image network of Johnson et al., as CycleGAN and pGAN use it."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synthassay.networks.axes import CONVOLUTION
from synthassay.networks.dimensions import EVERY_CONVOLUTION, INSTANCE_NORM, TRANSPOSED, cut_out


class ResnetGenerator(nn.Module):
    """Map ``batch channels rows columns`` to as many, through residual blocks at a part of the size.

    7x7 convolution, strided convolutions that halve each side, residual blocks, as many transposed convolutions, 7x7
    convolution; instance normalisation without learnt scale; reflection padding. Sides that the halvings do not divide
    are padded with their edge values and the result is cropped: nothing is resampled.

    Args:
        channels_in: Input channels.
        channels_out: Output channels.
        width: Channels after the first convolution (64 in the papers), doubled by each halving.
        blocks: Residual blocks (9 in pGAN).
        halvings: Strided convolutions before the blocks (2 in the papers).
        dropout: Probability with which a value inside a block is dropped while training.
        dimensions: 2 or 3.

    Source: doi:10.1007/978-3-319-46475-6_43 (architecture), arXiv:1703.10593 (appendix 7.2).

    >>> ResnetGenerator(3, 1, width=4, blocks=1)(torch.zeros(2, 3, 30, 42)).shape
    torch.Size([2, 1, 30, 42])
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        width: int,
        blocks: int,
        halvings: int = 2,
        dropout: float = 0.0,
        dimensions: int = 2,
    ) -> None:
        super().__init__()
        widths = [width * 2**i for i in range(halvings + 1)]
        convolution, transposed = CONVOLUTION[dimensions], TRANSPOSED[dimensions]
        encoder = [*_normalised(convolution(channels_in, width, 7, padding=3, padding_mode="reflect"))]
        decoder: list[nn.Module] = []
        for narrow, wide in pairwise(widths):
            encoder += _normalised(convolution(narrow, wide, 3, stride=2, padding=1))
        for narrow, wide in reversed(list(pairwise(widths))):
            decoder += _normalised(transposed(wide, narrow, 3, stride=2, padding=1, output_padding=1))
        self.encoder, self.decoder = nn.Sequential(*encoder), nn.Sequential(*decoder)
        self.blocks = nn.ModuleList(_ResidualBlock(widths[-1], dropout, dimensions) for _ in range(blocks))
        self.multiple = 2**halvings
        self.last = convolution(width, channels_out, 7, padding=3, padding_mode="reflect")

    def forward(self, images: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return unbounded values; ``rng`` draws the dropout masks of training, without it nothing is dropped."""
        features = self.encoder(self._padded(images))
        for block in self.blocks:
            features = block(features, rng)
        made: Tensor = self.last(self.decoder(features))
        return cut_out(made, [0] * (images.ndim - 2), images.shape[2:])

    def stages(self, images: Tensor, rng: torch.Generator | None = None) -> list[Tensor]:
        """Return what the encoder sees at each stage: the images, each convolution's maps, and each second block's."""
        features = self._padded(images)
        found = [features]
        for layer in self.encoder:
            features = layer(features)
            if isinstance(layer, nn.ReLU):
                found.append(features.clone())
        for number, block in enumerate(self.blocks):
            features = block(features, rng)
            if number % 2 == 1 or number == len(self.blocks) - 1:
                found.append(features)
        return found

    def _padded(self, images: Tensor) -> Tensor:
        padding = [p for side in reversed(images.shape[2:]) for p in (0, -side % self.multiple)]
        return F.pad(images, padding, mode="replicate") if any(padding) else images


class _ResidualBlock(nn.Module):
    def __init__(self, channels: int, dropout: float, dimensions: int) -> None:
        super().__init__()
        self.dropout, convolution = dropout, CONVOLUTION[dimensions]
        self.first = nn.Sequential(*_normalised(convolution(channels, channels, 3, padding=1, padding_mode="reflect")))
        self.second = nn.Sequential(
            convolution(channels, channels, 3, padding=1, padding_mode="reflect"), INSTANCE_NORM[dimensions](channels)
        )

    def forward(self, features: Tensor, rng: torch.Generator | None) -> Tensor:
        inner = self.first(features)
        if rng is not None and self.training and self.dropout > 0:
            # torch's own dropout draws from a global stream, which a resumed run could not repeat
            kept = torch.rand(inner.shape, generator=rng, device=rng.device).to(inner.device) >= self.dropout
            inner = inner * kept / (1 - self.dropout)
        return features + self.second(inner)


def _normalised(convolution: nn.Module) -> tuple[nn.Module, ...]:
    dimensions = 3 if isinstance(convolution, nn.Conv3d | nn.ConvTranspose3d) else 2
    return convolution, INSTANCE_NORM[dimensions](convolution.out_channels), nn.ReLU(inplace=True)


def initialise(network: nn.Module, deviation: float = 0.02) -> None:
    """Draw convolution weights from N(0, deviation^2) and set biases to 0.

    Source: arXiv:1611.07004, section 6.2.
    """
    for module in network.modules():
        if isinstance(module, EVERY_CONVOLUTION):
            nn.init.normal_(module.weight, std=deviation)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
