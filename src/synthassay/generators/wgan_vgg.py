"""WGAN-VGG: low-dose denoising by a Wasserstein critic and a distance of features in place of one of pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.paired_gan import PairedGan, PairedGanSettings, adam, central, residual_deviation
from synthassay.generators.pgan import ENCODER_WIDTHS
from synthassay.networks.adversarial import gradient_penalty
from synthassay.networks.axes import CONVOLUTION
from synthassay.networks.batch import Examples, Facts
from synthassay.networks.perceptual import VGG16_WIDTHS, FeatureEncoder, learn_features, read_vgg16


class WganVggSettings(PairedGanSettings):
    """Settings of WGAN-VGG."""

    learning_rate: float = Field(2e-4, gt=0, description="Learning rate (paper: 1e-5 over 100 epochs of 64x64).")
    batch: int = Field(8, ge=1, description="Slices per optimiser step (paper: 128 patches of 64x64).")
    width: int = Field(24, ge=1, description="Channels of the generator's eight convolutions (paper: 32).")
    critic_width: int = Field(16, ge=1, description="Channels of the critic's first layer (paper: 64).")
    critic_steps: int = Field(4, ge=1, description="Steps of the critic per step of the generator (paper: 4).")
    penalty_weight: float = Field(10.0, ge=0, description="Weight of the gradient penalty (paper: 10).")
    perceptual_weight: float = Field(1.0, ge=0, description="Weight of the feature distance (paper: 0.1, of VGG19).")
    perceptual: Literal["in-domain", "vgg16"] = Field(
        "in-domain", description="Features: an encoder learnt from the training targets, or a local VGG16."
    )
    perceptual_file: str = Field("", description="Safetensors file of VGG16, for perceptual = 'vgg16'.")
    perceptual_sha256: str = Field("", description="SHA-256 of that file.")
    perceptual_steps: int = Field(150, ge=1, description="Training steps of the in-domain encoder.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.perceptual == "vgg16" and not (self.perceptual_file and self.perceptual_sha256):
            raise ValueError("perceptual = 'vgg16' needs perceptual_file and perceptual_sha256; nothing is downloaded")
        return self


@generator("wgan_vgg", serves={"denoise", "super_resolve"}, source="doi:10.1109/TMI.2018.2827462")
class WganVgg(PairedGan):
    """Denoising that keeps texture: no pixel distance at all (Yang et al. 2018).

    With noisy z, clean y, critic D, features V and u between y and G(z)::

        L_D = -mean D(y) + mean D(G(z)) + w_gp mean (|grad D(u)| - 1)^2
        L_G = -mean D(G(z)) + w_perc mean (V(G(z)) - V(y))^2

    The critic steps ``critic_steps`` times, each on a batch of its own, for each step of the generator. Adam with beta
    (0.5, 0.9).

    Departures: V is learnt in the study's own domain by default, its features divided by one number for all, or a local
    VGG16 (the paper: VGG19 of photographs); the generator adds to the noisy slice, in units of the deviation of
    target - source over training examples, starting at the identity, because minutes of training are no 100 epochs; the
    critic averages over space in place of fully connected layers, so that any size of slice may be judged.

    Source: doi:10.1109/TMI.2018.2827462 (arXiv:1708.00961), equations 2, 3 and 6.
    """

    Settings: type[GeneratorSettings] = WganVggSettings
    settings: WganVggSettings
    residual_scale: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        s, dims = self.settings, len(facts.space)
        if dims != 2:
            fault = Fault("generators.family", "has features of pictures alone", "wgan_vgg", "Choose another family.")
            raise SpecError("wgan_vgg", [fault])
        self.discriminator = _critic(facts.channels, s.critic_width)
        published = s.perceptual == "vgg16"
        self.features = FeatureEncoder(
            3 if published else facts.channels, VGG16_WIDTHS if published else ENCODER_WIDTHS
        ).requires_grad_(False)
        self.register_buffer("residual_scale", torch.ones(()))
        self.averaged(_Convolutions(facts.source_channels, facts.channels, s.width))

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Learn the in-domain encoder from the training targets, or read the weight file; measure what is added."""
        if self.settings.perceptual == "vgg16":
            read_vgg16(self.features, Path(self.settings.perceptual_file), self.settings.perceptual_sha256)
        else:
            learn_features(self.features, examples, rng, steps=self.settings.perceptual_steps, apart=False)
        self.residual_scale.fill_(residual_deviation(examples, self.facts, self.settings.neighbours, rng))

    def due(self, phase: str, step: int) -> bool:
        """The generator takes every fourth step, or as set."""
        return phase == "discriminator" or step % self.settings.critic_steps == self.settings.critic_steps - 1

    def translate(self, network: nn.Module, source: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return the central source slice and what the network adds."""
        return central(source, self.facts, self.settings.neighbours) + self.residual_scale * network(source)

    def discriminator_loss(
        self, source: Tensor, target: Tensor, made: Tensor, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the critic's terms."""
        return {
            "real": -self.discriminator(target).mean(),
            "synthetic": self.discriminator(made).mean(),
            "penalty": self.settings.penalty_weight * gradient_penalty(self.discriminator, target, made, rng),
        }

    def generator_loss(self, source: Tensor, target: Tensor, made: Tensor) -> dict[str, Tensor]:
        """Return the generator's terms."""
        with torch.no_grad():
            wanted = self.features(target)
        return {
            "adversarial": -self.discriminator(made).mean(),
            "perceptual": self.settings.perceptual_weight * F.mse_loss(self.features(made), wanted),
        }

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam with beta (0.5, 0.9)."""
        return adam(self, phase, (0.5, 0.9))


class _Convolutions(nn.Module):
    """Eight convolutions 3x3 with ReLU between; the last starts at zero, so that it adds nothing at first."""

    def __init__(self, channels_in: int, channels_out: int, width: int) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for a, b in zip([channels_in, *[width] * 6], [width] * 7, strict=True):
            parts += [CONVOLUTION[2](a, b, 3, padding=1, padding_mode="replicate"), nn.ReLU()]
        self.body = nn.Sequential(*parts)
        for part in self.body:
            if isinstance(part, CONVOLUTION[2]):  # arXiv:1502.01852; torch's own scale fades out over eight layers
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
                nn.init.zeros_(part.bias)  # type: ignore[arg-type]
        self.last = nn.Conv2d(width, channels_out, 3, padding=1, padding_mode="replicate")
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Tensor:
        added: Tensor = self.last(self.body(images))
        return added


def _critic(channels: int, width: int) -> nn.Module:
    widths = [channels, width, width, 2 * width, 2 * width, 4 * width, 4 * width]
    parts: list[nn.Module] = []
    for level in range(6):
        parts += [nn.Conv2d(widths[level], widths[level + 1], 3, stride=1 + level % 2, padding=1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], 1), nn.Flatten(0))
