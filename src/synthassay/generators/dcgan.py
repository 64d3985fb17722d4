"""DCGAN: images from noise, a generator and a discriminator of its own for each class."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.noise_gan import NoiseGan, NoiseGanSettings, real_of
from synthassay.networks.adversarial import cross_entropy, r1_penalty
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.noise_to_image import ImageToScore

LEAST = 2  # images that batch normalisation needs


class DcganSettings(NoiseGanSettings):
    """Settings of DCGAN."""

    norm: Literal["batch", "spectral", "instance"] = Field(
        "batch", description="What holds the discriminator: batch normalisation (paper), or spectral norms."
    )
    r1_weight: float = Field(0.0, ge=0, description="Weight of the R1 penalty at real images (paper: none).")


@generator("dcgan", serves={"augment", "generate"}, source="arXiv:1511.06434")
class Dcgan(NoiseGan):
    """Deep convolutional GAN (Radford et al. 2015); with classes, one for each (Frid-Adar et al. 2018).

    With H the cross-entropy of a logit::

        L_D = mean H(D(x), 1) + mean H(D(G(z)), 0) + w_r1 R1
        L_G = mean H(D(G(z)), 1)

    Every class sees its own images alone, so the rarest learns from the fewest. A class with one image in a batch waits
    for another batch.

    Source: arXiv:1511.06434 (architecture, Adam 2e-4 with beta 0.5); doi:10.1016/j.neucom.2018.09.013 (one per class).
    Departures: widths for two cores, normal noise, and a moving average of the generator.
    """

    Settings: type[GeneratorSettings] = DcganSettings
    settings: DcganSettings
    discriminator: nn.ModuleList
    network: nn.ModuleList

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        s, count = self.settings, max(1, len(facts.classes))
        self.discriminator = nn.ModuleList(
            ImageToScore(facts.channels, facts.space, s.widths, norm=s.norm) for _ in range(count)
        )
        self.averaged(nn.ModuleList(self.noise_to_image(0) for _ in range(count)))

    def make(self, network: nn.Module, noise: Tensor, label: Tensor | None) -> Tensor:
        """Return the images of noise, each by the generator of its class."""
        assert isinstance(network, nn.ModuleList)
        if label is None or not self.facts.classes:
            whole: Tensor = network[0](noise)
            return whole
        made = noise.new_empty(len(noise), self.facts.channels, *self.facts.space)
        for kind in label.unique().tolist():
            made[label == kind] = network[kind](noise[label == kind])
        return made

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the terms of one phase, each class weighted by its share of the batch."""
        self.phases()[phase]
        real, label = real_of(batch)
        terms: dict[str, Tensor] = {}
        for kind, (judge, maker) in enumerate(zip(self.discriminator, self.network, strict=True)):
            own = real[label == kind]
            noise = self.noise(len(own), rng, real.device)
            share = len(own) / len(real)
            if len(own) < LEAST:
                weights = [p.sum() for p in self.phases()[phase].parameters()]
                found = {"waiting": torch.stack(weights).sum() * 0}
            elif phase == "discriminator":
                found = self._judge(judge, own, maker, noise)
            else:
                found = {"adversarial": cross_entropy(judge(maker(noise)), 1.0)}
            for name, value in found.items():
                terms[name] = terms.get(name, real.new_zeros(())) + share * value
        return terms

    def _judge(self, judge: nn.Module, real: Tensor, maker: nn.Module, noise: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            made = maker(noise)
        real_logits, logits = judge(real), judge(made)
        if self.training:
            self.watch.see(real, made, real_logits, logits)
        terms = {"real": cross_entropy(real_logits, 1.0), "synthetic": cross_entropy(logits, 0.0)}
        if self.settings.r1_weight:
            terms["r1"] = self.settings.r1_weight * r1_penalty(judge, real)
        return terms
