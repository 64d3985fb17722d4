"""WGAN-GP: images from noise, judged by a critic whose gradient is held at length 1."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.noise_gan import NoiseGan, NoiseGanSettings, real_of
from synthassay.generators.paired_gan import adam
from synthassay.networks.adversarial import gradient_penalty
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.noise_to_image import ImageToScore


class WganGpSettings(NoiseGanSettings):
    """Settings of WGAN-GP."""

    learning_rate: float = Field(4e-4, gt=0, description="Learning rate (paper: 1e-4 over 200,000 steps).")
    critic_steps: int = Field(3, ge=1, description="Steps of the critic per step of the generator (paper: 5).")
    penalty_weight: float = Field(10.0, ge=0, description="Weight of the gradient penalty (paper: 10).")


@generator("wgan_gp", serves={"augment", "generate"}, source="arXiv:1704.00028")
class WganGp(NoiseGan):
    """Wasserstein GAN with gradient penalty (Gulrajani et al. 2017).

    With u between real and synthetic images of one class::

        L_D = -mean D(x) + mean D(G(z)) + w_gp mean (|grad D(u)| - 1)^2
        L_G = -mean D(G(z))

    The critic steps ``critic_steps`` times, each on a batch of its own, for each step of the generator, and is not
    normalised across a batch. Adam with beta (0, 0.9). Classes enter the critic as a projection (arXiv:1802.05637).

    Source: arXiv:1704.00028, algorithm 1. Departures: widths for two cores, fewer critic steps, a higher rate, a moving
    average of the generator.
    """

    Settings: type[GeneratorSettings] = WganGpSettings
    settings: WganGpSettings
    discriminator: ImageToScore

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        s, classes = self.settings, len(facts.classes)
        self.discriminator = ImageToScore(
            facts.channels, facts.space, s.widths, norm="none", classes=classes, projects=True
        )
        self.averaged(self.noise_to_image(classes))

    def due(self, phase: str, step: int) -> bool:
        """The generator takes every third step, or as set."""
        return phase == "discriminator" or step % self.settings.critic_steps == self.settings.critic_steps - 1

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms of one phase."""
        self.phases()[phase]
        real, label = real_of(batch)
        noise = self.noise(len(real), rng, real.device)
        if phase == "generator":
            return {"adversarial": -self.discriminator(self.make(self.network, noise, label), label).mean()}
        with torch.no_grad():
            made = self.make(self.network, noise, label)
        return self.critic_loss(real, made, label, rng)

    def critic_loss(self, real: Tensor, made: Tensor, label: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the three terms of L_D."""
        real_scores, scores = self.discriminator(real, label), self.discriminator(made, label)
        if self.training:
            self.watch.see(real, made, real_scores, scores)
        penalty = gradient_penalty(lambda images: self.discriminator(images, label), real, made, rng)
        return {
            "real": -real_scores.mean(),
            "synthetic": scores.mean(),
            "penalty": self.settings.penalty_weight * penalty,
        }

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam with beta (0, 0.9)."""
        return adam(self, phase, (0.0, 0.9))
