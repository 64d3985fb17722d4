"""The networks of DCGAN and its descendants: from a noise vector to an image, and from an image to a score."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from synthassay.errors import Fault, SpecError
from synthassay.networks.axes import CONVOLUTION
from synthassay.networks.dimensions import BATCH_NORM, EVERY_CONVOLUTION, INSTANCE_NORM, TRANSPOSED

Norm = Literal["batch", "instance", "spectral", "none"]


class NoiseToImage(nn.Module):
    """Map ``batch latent`` noise, and a class, to ``batch channels *space`` in (-1, 1).

    A linear layer to the coarsest size, then transposed convolutions 4x4 of stride 2 with batch normalisation and ReLU;
    tanh at the end. A class is a learnt vector that the noise is multiplied by.

    Args:
        channels: Channels of the image.
        latent: Numbers of noise.
        space: Sides, each a multiple of ``2^len(widths)``.
        widths: Channels per size, coarsest first.
        classes: Classes told; 0 for none.

    Source: Radford et al. 2015, arXiv:1511.06434, section 3; the class as in Odena et al. 2017's published code,
    arXiv:1610.09585.

    >>> NoiseToImage(1, 8, (16, 24), (16, 8), classes=2)(torch.randn(3, 8), torch.tensor([0, 1, 1])).shape
    torch.Size([3, 1, 16, 24])
    """

    def __init__(
        self, channels: int, latent: int, space: Sequence[int], widths: Sequence[int], *, classes: int = 0
    ) -> None:
        super().__init__()
        dims = len(space)
        self.coarsest, self.first = tuple(side // 2 ** len(widths) for side in space), widths[0]
        self.told = nn.Embedding(classes, latent) if classes else None
        self.enter = nn.Linear(latent, widths[0] * prod(self.coarsest))
        self.enter_norm = BATCH_NORM[dims](widths[0])
        self.grow = nn.ModuleList(
            nn.Sequential(TRANSPOSED[dims](a, b, 4, stride=2, padding=1), BATCH_NORM[dims](b), nn.ReLU())
            for a, b in pairwise(widths)
        )
        self.leave = TRANSPOSED[dims](widths[-1], channels, 4, stride=2, padding=1)
        start(self)
        if self.told is not None:
            nn.init.normal_(self.told.weight, mean=1.0, std=0.5)

    def forward(self, noise: Tensor, label: Tensor | None = None) -> Tensor:
        """Return the images."""
        if self.told is not None and label is not None:
            noise = noise * self.told(label)
        now = self.enter(noise).reshape(len(noise), self.first, *self.coarsest)
        now = F.relu(self.enter_norm(now))
        for grow in self.grow:
            now = grow(now)
        return torch.tanh(self.leave(now))


class ImageToScore(nn.Module):
    """Map ``batch channels *space`` to one raw score each and, where it has classes, to their logits.

    Convolutions 4x4 of stride 2 with LeakyReLU 0.2; the first is not normalised.

    Args:
        channels: Channels of the image.
        space: Sides, each a multiple of ``2^len(widths)``.
        widths: Channels per size, finest first.
        norm: ``batch`` (DCGAN), ``instance``, ``spectral`` (on the weights) or ``none`` (WGAN-GP, whose penalty is of
            each image alone).
        classes: Classes that it names; 0 for none.
        projects: Whether the class asked about enters the score as an inner product (projection) rather than being
            named.

    Source: Radford et al. 2015, arXiv:1511.06434; Miyato et al. 2018, arXiv:1802.05957 (spectral) and Miyato and Koyama
    2018, arXiv:1802.05637 (projection); Odena et al. 2017, arXiv:1610.09585 (naming).
    """

    def __init__(
        self,
        channels: int,
        space: Sequence[int],
        widths: Sequence[int],
        *,
        norm: Norm,
        classes: int = 0,
        projects: bool = False,
    ) -> None:
        super().__init__()
        dims = len(space)
        self.stages = nn.ModuleList()
        for level, (a, b) in enumerate(pairwise([channels, *widths])):
            parts: list[nn.Module] = [CONVOLUTION[dims](a, b, 4, stride=2, padding=1)]
            if norm in ("batch", "instance") and level > 0:
                parts.append(BATCH_NORM[dims](b) if norm == "batch" else INSTANCE_NORM[dims](b, affine=True))
            self.stages.append(nn.Sequential(*parts, nn.LeakyReLU(0.2)))
        self.features = widths[-1] * prod(side // 2 ** len(widths) for side in space)
        self.score = nn.Linear(self.features, 1)
        self.names = nn.Linear(self.features, classes) if classes and not projects else None
        self.projection = nn.Embedding(classes, self.features) if classes and projects else None
        start(self)
        if norm == "spectral":
            for module in list(self.modules()):
                if isinstance(module, (*EVERY_CONVOLUTION, nn.Linear)):
                    spectral_norm(module)

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Return ``batch`` raw scores."""
        return self.judge(images, label)[0]

    def judge(self, images: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Return the scores, and the logits of the classes where it names them."""
        features = self.maps(images).flatten(1)
        score = self.score(features).squeeze(1)
        if self.projection is not None and label is not None:
            score = score + (self.projection(label) * features).mean(1)
        return score, None if self.names is None else self.names(features)

    def maps(self, images: Tensor) -> Tensor:
        """Return the maps before the score: what similarity may be measured by."""
        for stage in self.stages:
            images = stage(images)
        return images


def start(network: nn.Module) -> None:
    """Draw weights from N(0, 0.02^2), those of normalisation from N(1, 0.02^2); biases are 0 (arXiv:1511.06434)."""
    for module in network.modules():
        if isinstance(module, (*EVERY_CONVOLUTION, nn.Linear)):
            nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            nn.init.normal_(module.weight, mean=1.0, std=0.02)


def require_halvings(space: Sequence[int], halvings: int, where: str) -> None:
    """Refuse sides that cannot be halved as often as the network asks.

    Raises:
        SpecError: A side is not divisible, or there are not two or three axes.
    """
    if len(space) not in (2, 3) or any(side % 2**halvings for side in space):
        remedy = f"Set [data] size to multiples of {2**halvings}, or use fewer widths."
        what = f"must be two or three multiples of {2**halvings} here"
        raise SpecError(where, [Fault("size", what, tuple(space), remedy)])
