"""pGAN: paired translation by an adversarial, a pixel-wise and a perceptual loss on neighbouring slices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.paired_gan import central, pair_of, residual_deviation
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.networks.patch_discriminator import PatchDiscriminator, require_patches
from synthassay.networks.perceptual import VGG16_WIDTHS, FeatureEncoder, learn_features, read_vgg16
from synthassay.networks.resnet_generator import ResnetGenerator, initialise
from synthassay.networks.schedule import constant_then_fall

ENCODER_WIDTHS = (16, 16, 32, 32)


class PganSettings(GeneratorSettings):
    """Settings of pGAN. Defaults are lean for a CPU; the paper's values stand in each description."""

    images_seen: int = Field(8_000, ge=1, description="Training length, in slices shown (paper: 100 epochs).")
    batch: int = Field(4, ge=1, description="Slices per optimiser step (paper: 1).")
    neighbours: int = Field(3, ge=1, description="Neighbouring source slices seen, an odd number (paper: 3).")
    width: int = Field(24, ge=1, description="Channels of the generator's first layer (paper: 64).")
    blocks: int = Field(5, ge=1, description="Residual blocks (paper: 9).")
    halvings: int = Field(2, ge=0, le=4, description="Halvings before the blocks (paper: 2); fewer keep fine detail.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout inside residual blocks (paper: 0.5).")
    patch_width: int = Field(24, ge=1, description="Channels of the discriminator's first layer (paper: 64).")
    patch_layers: int = Field(3, ge=1, le=5, description="Discriminator halvings; 3 judges 70x70 patches (paper: 3).")
    adversarial_weight: float = Field(1.0, ge=0, description="Weight of the adversarial loss (paper: 1).")
    pixel_weight: float = Field(100.0, ge=0, description="Weight of the L1 distance (paper: 100).")
    perceptual_weight: float = Field(100.0, ge=0, description="Weight of the feature distance (paper: 100).")
    perceptual: Literal["in-domain", "vgg16"] = Field(
        "in-domain", description="Features: an encoder learnt from the training targets, or a local VGG16 (paper)."
    )
    perceptual_file: str = Field("", description="Safetensors file of VGG16, for perceptual = 'vgg16'.")
    perceptual_sha256: str = Field("", description="SHA-256 of that file.")
    perceptual_steps: int = Field(300, ge=1, description="Training steps of the in-domain encoder.")
    predict: Literal["image", "residual"] = Field(
        "image", description="image: the whole target (paper); residual: what to add to the central source slice."
    )
    mirror: bool = Field(False, description="Mirror pairs left-right with probability 1/2 (paper: no).")
    constant_share: float = Field(0.5, ge=0, le=1, description="Share of training before the linear decay (paper).")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.neighbours % 2 == 0:
            raise ValueError("neighbours must be odd: the central slice and as many on either side")
        if self.perceptual == "vgg16" and not (self.perceptual_file and self.perceptual_sha256):
            raise ValueError("perceptual = 'vgg16' needs perceptual_file and perceptual_sha256; nothing is downloaded")
        return self


@generator(
    "pgan",
    serves={"translate", "denoise", "mask_to_image", "super_resolve", "inpaint"},
    source="doi:10.1109/TMI.2019.2901750",
)
class Pgan(Generator):
    """Pixel-wise and perceptual conditional GAN (Dar et al. 2019).

    With source slices x, target slice y, generator G, discriminator D (least-squares, on raw logits) and features V::

        L_D = 1/2 [ mean (D(x, y) - 1)^2 + mean D(x, G(x))^2 ]
        L_G = w_adv mean (D(x, G(x)) - 1)^2 + w_pix mean |G(x) - y| + w_perc mean |V(G(x)) - V(y)|

    The discriminator steps first. Adam with beta (0.5, 0.999); the rate is constant, then falls linearly to 0.

    Departures from the authors' code: V is by default learnt in the study's own domain (no download, no natural
    images); all images of a batch enter the perceptual loss (the code indexes the batch and keeps its first image,
    which is right for its batch of 1 only); widths are smaller and dropout is off by default; sampling never drops.
    ``predict = "residual"`` gives ``source + s G(x)`` without the tanh, with s the deviation of target - source
    over training examples, and starts at the identity: noise of a few percent of the scale is then of order 1 to G.

    Source: doi:10.1109/TMI.2019.2901750, equations 4 to 8; arXiv:1611.04076 (least squares).
    """

    Settings: ClassVar[type[GeneratorSettings]] = PganSettings
    settings: PganSettings
    residual_scale: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        _require_paired(facts, self.settings)
        require_patches(facts.space, self.settings.patch_layers)
        s = self.settings
        self.network = ResnetGenerator(
            facts.source_channels,
            facts.channels,
            width=s.width,
            blocks=s.blocks,
            halvings=s.halvings,
            dropout=s.dropout,
        )
        self.discriminator = PatchDiscriminator(
            facts.source_channels + facts.channels, width=s.patch_width, layers=s.patch_layers
        )
        initialise(self.network)
        initialise(self.discriminator)
        self.register_buffer("residual_scale", torch.ones(()))
        if s.predict == "residual":
            nn.init.zeros_(self.network.last.weight)
        published = s.perceptual == "vgg16"
        self.features = FeatureEncoder(
            3 if published else facts.channels, VGG16_WIDTHS if published else ENCODER_WIDTHS
        ).requires_grad_(False)

    def phases(self) -> dict[str, nn.Module]:
        """The discriminator steps first, as in the authors' code."""
        return {"discriminator": self.discriminator, "generator": self.network}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Learn the in-domain encoder from the training targets, or read the weight file; measure the residual."""
        if self.settings.perceptual == "vgg16":
            read_vgg16(self.features, Path(self.settings.perceptual_file), self.settings.perceptual_sha256)
        else:
            learn_features(self.features, examples, rng, steps=self.settings.perceptual_steps)

        if self.settings.predict == "residual":
            self.residual_scale.fill_(residual_deviation(examples, self.facts, self.settings.neighbours, rng))

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms of one phase; see the class for the equations."""
        source, target = self._mirrored(*pair_of(batch), rng)
        if phase == "discriminator":
            with torch.no_grad():
                made = self.translate(source, rng)
            return self.discriminator_loss(source, target, made)
        if phase == "generator":
            return self.generator_loss(source, target, self.translate(source, rng))
        raise KeyError(phase)

    def translate(self, source: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return the target slice, ``batch channels rows columns``, for stacked source slices."""
        output = self.network(source, rng)
        if self.settings.predict == "image":
            return torch.tanh(output)
        return central(source, self.facts, self.settings.neighbours) + self.residual_scale * output

    def discriminator_loss(self, source: Tensor, target: Tensor, made: Tensor) -> dict[str, Tensor]:
        """Return both halves of L_D."""
        weight = 0.5 * self.settings.adversarial_weight
        real = self.discriminator(torch.cat([source, target], dim=1))
        synthetic = self.discriminator(torch.cat([source, made], dim=1))
        return {"real": weight * _squares(real, 1.0), "synthetic": weight * _squares(synthetic, 0.0)}

    def generator_loss(self, source: Tensor, target: Tensor, made: Tensor) -> dict[str, Tensor]:
        """Return the three terms of L_G."""
        s = self.settings
        logits = self.discriminator(torch.cat([source, made], dim=1))
        with torch.no_grad():
            wanted = self.features(target)
        return {
            "adversarial": s.adversarial_weight * _squares(logits, 1.0),
            "pixel": s.pixel_weight * F.l1_loss(made, target),
            "perceptual": s.perceptual_weight * F.l1_loss(self.features(made), wanted),
        }

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam with beta (0.5, 0.999)."""
        parameters = self.phases()[phase].parameters()
        return torch.optim.Adam(parameters, lr=self.settings.learning_rate, betas=(0.5, 0.999))

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """Constant, then linear to 0 (paper: 50 epochs each)."""
        return constant_then_fall(progress, self.settings.constant_share)

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the mean absolute and the feature error in model units; an adversarial value would say nothing."""
        source, target = pair_of(batch)
        made = self.translate(source)
        perceptual = F.l1_loss(self.features(made), self.features(target))
        return {"generator/pixel": F.l1_loss(made, target), "generator/perceptual": perceptual}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the translated slices; they depend on their source alone."""
        if condition.source is None:
            raise ValueError("pgan translates images: the condition has no source")
        return self.translate(condition.source).clamp(-1, 1)

    def _mirrored(self, source: Tensor, target: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        if not self.settings.mirror:
            return source, target
        turn = (torch.rand((len(source), 1, 1, 1), generator=rng, device=rng.device) < 0.5).to(source.device)
        # the first spatial axis runs from the patient's left to right (RAS+)
        return torch.where(turn, source.flip(2), source), torch.where(turn, target.flip(2), target)


def _squares(logits: Tensor, wanted: float) -> Tensor:
    return (logits - wanted).square().mean()


def _require_paired(facts: Facts, settings: PganSettings) -> None:
    if facts.source_channels == 0 or len(facts.space) != 2:
        remedy = "Use it with a translate or denoise study of pictures or of volumes taken slice by slice."
        raise SpecError("pgan", [Fault("generators.family", "pgan translates pictures from a source", "pgan", remedy)])
    if facts.source_channels % settings.neighbours or (
        settings.predict == "residual" and facts.source_channels != settings.neighbours * facts.channels
    ):
        what = f"{facts.source_channels} source channels do not fit this number of slices"
        raise SpecError("pgan", [Fault("generators.neighbours", what, settings.neighbours, "Change neighbours.")])
