"""Context-aware GAN: paired translation whose edges are asked for, refined by stages that see the stage before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.paired_gan import (
    PairedGanSettings,
    PairedTranslator,
    central,
    pair_of,
    require_like_images,
    residual_deviation,
)
from synthassay.networks.adversarial import cross_entropy
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.patch_discriminator import PatchDiscriminator, require_patches
from synthassay.networks.resnet_generator import ResnetGenerator, initialise


class ContextAwareSettings(PairedGanSettings):
    """Settings of the context-aware GAN."""

    stages: int = Field(2, ge=1, le=4, description="Auto-context stages, trained one after the other (paper: 2 to 4).")
    width: int = Field(16, ge=1, description="Channels of each generator's first layer (paper: 32).")
    blocks: int = Field(2, ge=1, description="Residual blocks per stage (paper: plain convolutions, no blocks).")
    halvings: int = Field(1, ge=0, le=4, description="Halvings before the blocks (paper: none).")
    patch_width: int = Field(16, ge=1, description="Channels of the discriminator's first layer (paper: 32).")
    patch_layers: int = Field(2, ge=1, le=5, description="Discriminator halvings (paper: one judgement per patch).")
    adversarial_weight: float = Field(0.05, ge=0, description="Weight of the adversarial loss (authors' code: 0.05).")
    pixel_weight: float = Field(10.0, ge=0, description="Weight of the squared distance (authors' code: 1).")
    gradient_weight: float = Field(10.0, ge=0, description="Weight of the gradient difference (authors' code: 0.05).")
    predict: Literal["image", "residual"] = Field(
        "image",
        description="image: the whole target (paper); residual: what to add to the central slice or stage before.",
    )


@generator("context_aware", serves={"translate", "denoise", "super_resolve"}, source="arXiv:1612.05362")
class ContextAware(PairedTranslator):
    """Squared error, gradient-difference loss and a discriminator, in auto-context stages (Nie et al. 2017).

    With H the cross-entropy of a logit and a sum over the spatial axes::

        L_D = 1/2 [ mean H(D(y), 1) + mean H(D(G(x)), 0) ]
        L_G = w_adv mean H(D(G(x)), 1) + w_pix mean (G(x) - y)^2 + w_grad sum_axes mean (|d y| - |d G(x)|)^2

    Stage 1 sees the source. Each later stage sees the source and what the stages before made of it, and is trained in
    its own share of the training while they are held still.

    Departures: stages are told in-sample predictions (the paper re-uses its training set too), the networks are
    residual, work on whole slices in place of 32^3 patches, and predict in tanh; means in place of sums, hence other
    weights. ``predict = "residual"`` gives ``before + s G(x)`` without the tanh, before being the central source slice
    or what the stage before made, and s the deviation of target - source over training examples; each stage starts at
    what it is given (residual learning of noise: arXiv:1608.03981).

    Source: arXiv:1612.05362, equations 1 to 6 and section 2.4.
    """

    Settings: type[GeneratorSettings] = ContextAwareSettings
    settings: ContextAwareSettings
    residual_scale: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        s, dims = self.settings, len(facts.space)
        require_patches(facts.space, s.patch_layers)
        self.networks = nn.ModuleList(
            ResnetGenerator(
                facts.source_channels + (facts.channels if stage else 0),
                facts.channels,
                width=s.width,
                blocks=s.blocks,
                halvings=s.halvings,
                dimensions=dims,
            )
            for stage in range(s.stages)
        )
        self.discriminators = nn.ModuleList(
            PatchDiscriminator(facts.channels, width=s.patch_width, layers=s.patch_layers, dimensions=dims)
            for _ in range(s.stages)
        )
        initialise(self.networks)
        initialise(self.discriminators)
        self.register_buffer("residual_scale", torch.ones(()), persistent=s.predict == "residual")
        if s.predict == "residual":
            require_like_images(self)
            for network in self.networks:
                nn.init.zeros_(network.last.weight)  # type: ignore[union-attr, arg-type]
        self.averages = nn.ModuleList(Ema(network, s.ema_decay) for network in self.networks)

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Measure the deviation of what is to be added, where that is what the networks predict."""
        if self.settings.predict == "residual":
            self.residual_scale.fill_(residual_deviation(examples, self.facts, self.settings.neighbours, rng))

    def phases(self) -> dict[str, nn.Module]:
        """A discriminator and a generator per stage."""
        pairs = enumerate(zip(self.discriminators, self.networks, strict=True), start=1)
        return {f"{kind} {n}": m for n, pair in pairs for kind, m in zip(("discriminator", "generator"), pair)}  # noqa: B905

    def due(self, phase: str, step: int) -> bool:
        """A stage trains in its own share of the steps."""
        return int(phase.split()[1]) == self.stage_at(step)

    def stage_at(self, step: int) -> int:
        """Return the stage that trains at a step, from 1."""
        s = self.settings
        total = math.ceil(s.images_seen / s.batch)
        return min(s.stages, 1 + step * s.stages // total)

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """Constant, then linear to 0, within each stage."""
        within = progress * self.settings.stages - (int(phase.split()[1]) - 1)
        return super().learning_rate_factor(phase, min(max(within, 0.0), 1.0))

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms of one phase of one stage."""
        if phase not in self.phases():
            raise KeyError(phase)
        source, target = pair_of(batch)
        kind, number = phase.split()
        stage = int(number) - 1
        with torch.no_grad():
            before = self.until(stage, source)
        if kind == "discriminator":
            with torch.no_grad():
                made = self._stage(self.networks[stage], source, before)
            real, synthetic = self.discriminators[stage](target), self.discriminators[stage](made)
            return {"real": cross_entropy(real, 1.0) / 2, "synthetic": cross_entropy(synthetic, 0.0) / 2}
        return self.stage_loss(stage, target, self._stage(self.networks[stage], source, before))

    def stage_loss(self, stage: int, target: Tensor, made: Tensor) -> dict[str, Tensor]:
        """Return the three terms of L_G of a stage, counted from 0."""
        s = self.settings
        return {
            "adversarial": s.adversarial_weight * cross_entropy(self.discriminators[stage](made), 1.0),
            "pixel": s.pixel_weight * F.mse_loss(made, target),
            "gradient": s.gradient_weight * gradient_difference(made, target),
        }

    def until(self, stage: int, source: Tensor) -> Tensor | None:
        """Return what the averaged stages before ``stage`` make of the source; None before the first."""
        made = None
        for average in self.averages[:stage]:
            made = self._stage(average.average, source, made)  # type: ignore[arg-type]
        return made

    def after_step(self, images_seen: int) -> None:
        """Move the average of the stage that has just trained."""
        stage = self.stage_at(images_seen // self.settings.batch - 1) - 1
        self.averages[stage].update(self.networks[stage])  # type: ignore[operator]

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the mean absolute error after each stage in model units."""
        source, target = pair_of(batch)
        found = {}
        for stage in range(1, self.settings.stages + 1):
            made = self.until(stage, source)
            assert made is not None
            found[f"generator {stage}/pixel_l1"] = F.l1_loss(made, target)
        return found

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return what the last stage makes; it depends on the source alone."""
        if condition.source is None:
            raise ValueError("context_aware translates images: the condition has no source")
        made = self.until(self.settings.stages, condition.source)
        assert made is not None
        return made.clamp(-1, 1)

    def _stage(self, network: nn.Module, source: Tensor, before: Tensor | None) -> Tensor:
        answer: Tensor = network(source if before is None else torch.cat([source, before], dim=1))
        if self.settings.predict == "image":
            return torch.tanh(answer)
        start = central(source, self.facts, self.settings.neighbours) if before is None else before
        return start + self.residual_scale * answer


def gradient_difference(made: Tensor, target: Tensor) -> Tensor:
    """Return the sum over spatial axes of the mean squared difference of absolute gradients.

    Source: Nie et al. 2017, arXiv:1612.05362, equation 5.

    >>> step = torch.tensor([[[[0.0, 0.0, 2.0]]]])
    >>> float(gradient_difference(torch.zeros(1, 1, 1, 3), step))  # (0 + 4) / 2 along columns
    2.0
    """
    total = made.new_zeros(())
    for axis in range(2, made.ndim):
        if made.shape[axis] > 1:
            total = total + (target.diff(dim=axis).abs() - made.diff(dim=axis).abs()).square().mean()
    return total
