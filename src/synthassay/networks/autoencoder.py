"""An encoder from images to a vector and a decoder back, both told the class; lean, on folded pixels, in 2D and 3D."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.networks.axes import convolution, fold, unfold
from synthassay.networks.unet import Enlarge, Level


class Autoencoder(nn.Module):
    """An encoder and a decoder of the same shape.

    Args:
        channels: Channels of the picture.
        latent: Numbers in the latent vector; the encoder gives a mean and a log variance for each.
        space: Size per spatial axis, two or three; divisible by ``unshuffle * 2^(levels - 1)``.
        widths: Channels per level, finest first.
        unshuffle: Side of the squares of pixels folded into channels; 1 folds none.
        classes: Classes told; 0 for none.
    """

    def __init__(
        self, channels: int, latent: int, *, space: Sequence[int], widths: Sequence[int], unshuffle: int, classes: int
    ) -> None:
        super().__init__()
        coarsest = tuple(side // (unshuffle * 2 ** (len(widths) - 1)) for side in space)
        self.encoder = Encoder(channels, 2 * latent, coarsest, widths, unshuffle, classes)
        self.decoder = Decoder(channels, latent, coarsest, widths, unshuffle, classes)
        if len(coarsest) == 2:  # Measured on a CPU: a training step takes 12% less than with channels first.
            self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def encode(self, picture: Tensor, label: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return mean and log variance, each ``batch latent``."""
        mean, log_variance = self.encoder(picture, label).chunk(2, 1)
        return mean, log_variance

    def decode(self, latent: Tensor, label: Tensor | None) -> Tensor:
        """Return the mean picture of each latent vector."""
        return self.decoder(latent, label)


class Encoder(nn.Module):
    """Map ``batch channels *space`` and a class to ``batch features``."""

    def __init__(
        self,
        channels: int,
        features: int,
        coarsest: tuple[int, ...],
        widths: Sequence[int],
        unshuffle: int,
        classes: int,
    ) -> None:
        super().__init__()
        self.unshuffle, told, axes = unshuffle, 2 * widths[0], len(coarsest)
        self.told = Told(classes, told)
        self.enter = convolution(axes, channels * unshuffle**axes, widths[0], 3, padding=1)
        self.levels = nn.ModuleList(Level(a, b, 1, told, axes) for a, b in pairwise([widths[0], *widths]))
        self.shrink = nn.ModuleList(convolution(axes, w, w, 3, stride=2, padding=1) for w in widths[:-1])
        self.leave = nn.Linear(widths[-1] * prod(coarsest), features)

    def forward(self, picture: Tensor, label: Tensor | None) -> Tensor:
        """Return the features."""
        told = self.told(len(picture), label)
        now = self.enter(fold(picture, self.unshuffle))
        for i, level in enumerate(self.levels):
            now = level(now, told)
            now = self.shrink[i](now) if i < len(self.shrink) else now
        return self.leave(F.silu(now).flatten(1))


class Decoder(nn.Module):
    """Map ``batch features`` and a class to ``batch channels *space``."""

    def __init__(
        self,
        channels: int,
        features: int,
        coarsest: tuple[int, ...],
        widths: Sequence[int],
        unshuffle: int,
        classes: int,
    ) -> None:
        super().__init__()
        self.unshuffle, told, axes = unshuffle, 2 * widths[0], len(coarsest)
        self.coarsest = coarsest
        self.told = Told(classes, told)
        self.enter = nn.Linear(features, widths[-1] * prod(coarsest))
        self.levels = nn.ModuleList(Level(width, width, 1, told, axes) for width in reversed(widths))
        self.enlarge = nn.ModuleList(Enlarge(a, b, axes) for a, b in pairwise(reversed(widths)))
        self.leave = convolution(axes, widths[0], channels * unshuffle**axes, 3, padding=1)

    def forward(self, features: Tensor, label: Tensor | None) -> Tensor:
        """Return the picture."""
        told = self.told(len(features), label)
        now = self.enter(features).unflatten(1, (-1, *self.coarsest))
        for i, level in enumerate(self.levels):
            now = level(now, told)
            now = self.enlarge[i](now) if i < len(self.enlarge) else now
        return unfold(self.leave(F.silu(now)), self.unshuffle)


class Told(nn.Module):
    """What the residual blocks are told: a learnt vector per class, or one for all where there are no classes."""

    def __init__(self, classes: int, features: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(max(1, classes), features)

    def forward(self, count: int, label: Tensor | None) -> Tensor:
        """Return ``batch features``."""
        if label is None:
            label = torch.zeros(count, dtype=torch.int64, device=self.vectors.weight.device)
        return self.vectors(label)
