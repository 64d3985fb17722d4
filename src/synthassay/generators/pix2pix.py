"""pix2pix: paired translation by a conditional GAN on patches and an L1 distance."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.paired_gan import (
    PairedGan,
    PairedGanSettings,
    central,
    require_like_images,
    residual_deviation,
)
from synthassay.networks.adversarial import cross_entropy
from synthassay.networks.batch import Examples, Facts
from synthassay.networks.patch_discriminator import PatchDiscriminator, require_patches
from synthassay.networks.resnet_generator import initialise
from synthassay.networks.unet_translator import UnetTranslator


class Pix2pixSettings(PairedGanSettings):
    """Settings of pix2pix."""

    batch: int = Field(4, ge=1, description="Slices per optimiser step (paper: 1).")
    width: int = Field(24, ge=1, description="Channels of the generator's first layer (paper: 64).")
    levels: int = Field(4, ge=1, le=8, description="Halvings of the U-Net (paper: 8, down to one pixel).")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout in the innermost decoder levels (paper: 0.5).")
    patch_width: int = Field(24, ge=1, description="Channels of the discriminator's first layer (paper: 64).")
    patch_layers: int = Field(2, ge=1, le=5, description="Discriminator halvings (paper: 3, patches of 70x70).")
    adversarial_weight: float = Field(1.0, ge=0, description="Weight of the adversarial loss (paper: 1).")
    pixel_weight: float = Field(100.0, ge=0, description="Weight of the L1 distance (paper: 100).")
    predict: Literal["image", "residual"] = Field(
        "image", description="image: the whole target (paper); residual: what to add to the central source slice."
    )


@generator(
    "pix2pix", serves={"translate", "denoise", "super_resolve", "inpaint", "mask_to_image"}, source="arXiv:1611.07004"
)
class Pix2pix(PairedGan):
    """Image-to-image translation with a conditional GAN (Isola et al. 2017).

    With source x, target y, generator G, discriminator D on patches of both, and H the cross-entropy of a logit::

        L_D = 1/2 [ mean H(D(x, y), 1) + mean H(D(x, G(x)), 0) ]
        L_G = w_adv mean H(D(x, G(x)), 1) + w_pix mean |G(x) - y|

    Departures: normalisation per image, which the paper's batch normalisation is at its batch of 1; fewer levels, so
    that small pictures keep detail; dropout off by default and never when sampling; the discriminator steps first, on
    images of the same step; moving averages of the weights sample. ``predict = "residual"`` gives ``x + s G(x)``
    without the tanh, x the central source slice and s the deviation of target - source over training examples; it
    starts at the source (residual learning of noise: arXiv:1608.03981).

    Source: arXiv:1611.07004, equations 1 to 4 and section 6.
    """

    Settings: type[GeneratorSettings] = Pix2pixSettings
    settings: Pix2pixSettings
    residual_scale: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        s, dims = self.settings, len(facts.space)
        require_patches(facts.space, s.patch_layers)
        self.discriminator = PatchDiscriminator(
            facts.source_channels + facts.channels, width=s.patch_width, layers=s.patch_layers, dimensions=dims
        )
        network = UnetTranslator(
            facts.source_channels, facts.channels, width=s.width, levels=s.levels, dropout=s.dropout, dimensions=dims
        )
        initialise(network)
        initialise(self.discriminator)
        self.register_buffer("residual_scale", torch.ones(()), persistent=s.predict == "residual")
        if s.predict == "residual":
            require_like_images(self)
            for weights in network.last.parameters():
                nn.init.zeros_(weights)
        self.averaged(network)

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Measure the deviation of what is to be added, where that is what the network predicts."""
        if self.settings.predict == "residual":
            self.residual_scale.fill_(residual_deviation(examples, self.facts, self.settings.neighbours, rng))

    def translate(self, network: nn.Module, source: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return the target slice for stacked source slices."""
        if self.settings.predict == "image":
            return super().translate(network, source, rng)
        return central(source, self.facts, self.settings.neighbours) + self.residual_scale * network(source, rng)

    def discriminator_loss(
        self, source: Tensor, target: Tensor, made: Tensor, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Return both halves of L_D."""
        real = self.discriminator(torch.cat([source, target], dim=1))
        synthetic = self.discriminator(torch.cat([source, made], dim=1))
        return {"real": cross_entropy(real, 1.0) / 2, "synthetic": cross_entropy(synthetic, 0.0) / 2}

    def generator_loss(self, source: Tensor, target: Tensor, made: Tensor) -> dict[str, Tensor]:
        """Return both terms of L_G."""
        logits = self.discriminator(torch.cat([source, made], dim=1))
        return {
            "adversarial": self.settings.adversarial_weight * cross_entropy(logits, 1.0),
            "pixel": self.settings.pixel_weight * F.l1_loss(made, target),
        }
