"""What adversarial families that start from noise share: a generator, a discriminator, and signs of collapse."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings
from synthassay.generators.paired_gan import adam
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.noise import normal_each
from synthassay.networks.noise_to_image import NoiseToImage, require_halvings
from synthassay.networks.watch import Watch


class NoiseGanSettings(GeneratorSettings):
    """Settings that all of them have; the papers' values stand in the descriptions."""

    images_seen: int = Field(60_000, ge=1, description="Training length, in images shown (with repetition).")
    batch: int = Field(32, ge=4, description="Images per optimiser step (papers: 64).")
    latent: int = Field(64, ge=1, description="Numbers of noise (papers: 100 to 128).")
    widths: tuple[int, ...] = Field(
        (16, 32, 64, 128), min_length=1, description="Channels per size, finest first (papers: 64 to 512 or 1024)."
    )
    discriminator_rate: float = Field(
        1.0, gt=0, description="The discriminator's learning rate relative to the generator's (two time scales)."
    )
    ema_decay: float = Field(0.999, ge=0, lt=1, description="Decay of the generator's moving average (papers: none).")


class NoiseGan(Generator):
    """A generator from noise (and a class) to images of two or three dimensions, and a discriminator.

    The discriminator steps first, on images made without gradient. Noise is normal; image i is made from ``rngs[i]``
    alone, by the moving average of the weights and of the statistics of batch normalisation.
    """

    settings: NoiseGanSettings
    network: nn.Module
    discriminator: nn.Module

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        require_halvings(facts.space, len(self.settings.widths), self.family)
        self.watch = Watch()

    def noise_to_image(self, classes: int) -> NoiseToImage:
        """Return a generator network for so many classes."""
        s = self.settings
        return NoiseToImage(self.facts.channels, s.latent, self.facts.space, s.widths[::-1], classes=classes)

    def averaged(self, network: nn.Module) -> None:
        """Take ``network`` as the generator and begin its moving average; called at the end of construction."""
        self.network = network
        self.ema = Ema(network, self.settings.ema_decay)

    def phases(self) -> dict[str, nn.Module]:
        """The discriminator steps first."""
        return {"discriminator": self.discriminator, "generator": self.network}

    def make(self, network: nn.Module, noise: Tensor, label: Tensor | None) -> Tensor:
        """Return the images of noise and classes."""
        images: Tensor = network(noise, label if self.facts.classes else None)
        return images

    def noise(self, count: int, rng: torch.Generator, device: torch.device) -> Tensor:
        """Return training noise."""
        return torch.randn((count, self.settings.latent), generator=rng).to(device)

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam with beta (0.5, 0.999)."""
        return adam(self, phase, (0.5, 0.999))

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights."""
        self.ema.update(self.network)

    def alarms(self) -> tuple[str, ...]:
        """What the last steps showed to be wrong."""
        return self.watch.alarms()

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the signs of collapse: an adversarial loss on real images would say nothing about synthetic ones."""
        return {"diversity": self.watch.diversity.clone(), "discriminator_won": self.watch.won.clone()}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return ``batch channels *space`` in [-1, 1]; noise i is drawn from ``rngs[i]`` alone."""
        device = self.watch.won.device
        network = self.ema.average.eval()
        noise = normal_each((self.settings.latent,), rngs, device)
        return self.make(network, noise, condition.to(device).label).clamp(-1, 1)


def real_of(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return real images and their classes, 0 where there are none.

    Raises:
        ValueError: The batch has no target.
    """
    if batch.target is None:
        raise ValueError("this family learns from targets, and this batch has none")
    zeros = torch.zeros(len(batch.target), dtype=torch.int64, device=batch.target.device)
    return batch.target, zeros if batch.label is None else batch.label
