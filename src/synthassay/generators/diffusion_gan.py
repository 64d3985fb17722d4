"""Denoising diffusion GAN: four large steps from noise to an image, each learnt against a discriminator."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.denoising import UNetSettings, padded, target_of
from synthassay.generators.paired_gan import adam
from synthassay.generators.samplers import Ddpm
from synthassay.generators.schedules import CLEAN, Level, posterior, preserving_alpha_bar
from synthassay.networks.adversarial import cross_entropy, r1_penalty
from synthassay.networks.axes import spread
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.dimensions import cut_out
from synthassay.networks.ema import Ema
from synthassay.networks.noise import normal_each, normal_like
from synthassay.networks.schedule import rise_and_fall
from synthassay.networks.step_discriminator import StepDiscriminator
from synthassay.networks.unet import UNet
from synthassay.networks.watch import Watch

WATCHED_EVERY = 8  # discriminator steps between passes of a small batch for the watch alone


class DiffusionGanSettings(UNetSettings):
    """Settings of the denoising diffusion GAN; the paper's values stand in the descriptions."""

    images_seen: int = Field(60_000, ge=1, description="Training length, in images shown (with repetition).")
    batch: int = Field(8, ge=2, description="Images per optimiser step (paper: 32 to 256).")
    learning_rate: float = Field(3e-4, gt=0, description="The generator's peak learning rate (paper: 1.6e-4).")
    discriminator_rate: float = Field(
        0.8, gt=0, description="The discriminator's learning rate relative to the generator's (paper: 0.8)."
    )
    warm_up: float = Field(0.02, ge=0, lt=1, description="Share of training in which the learning rate rises.")
    steps: int = Field(4, ge=1, le=32, description="Steps from noise to an image, learnt and walked (paper: 4).")
    beta_low: float = Field(0.1, gt=0, description="Rate at which noise comes in at first (paper: 0.1).")
    beta_high: float = Field(20.0, gt=0, description="Rate at which noise comes in at last (paper: 20).")
    latent: int = Field(64, ge=1, description="Numbers of the latent vector of each step (paper: 100).")
    judge_widths: tuple[int, ...] = Field(
        (32, 64, 128, 192), min_length=1, description="Channels per level of the discriminator, at most as many levels."
    )
    r1_weight: float = Field(0.5, ge=0, description="Weight of the R1 penalty (paper: 0.02 to 2, by data set).")
    r1_every: int = Field(8, ge=1, description="R1 is taken once in so many steps, by chance, so many times as heavy.")
    pixel_weight: float = Field(
        10.0, ge=0, description="Weight of the L1 distance to the target where there is a source (SynDiff: 0.5)."
    )
    neighbours: int = Field(1, ge=1, description="Neighbouring source slices seen, an odd number; 1 for pictures.")
    ema_decay: float = Field(0.999, ge=0, lt=1, description="Decay of the weights' moving average, after its warm-up.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.neighbours % 2 == 0:
            raise ValueError("neighbours must be odd: the central slice and as many on either side")
        if self.beta_low >= self.beta_high:
            raise ValueError("beta_low must be below beta_high")
        if len(self.judge_widths) > len(self.widths):
            raise ValueError(f"judge_widths must have at most as many levels as widths ({len(self.widths)})")
        return self


@generator(
    "diffusion_gan", serves={"augment", "generate", "translate", "denoise", "super_resolve"}, source="arXiv:2112.07804"
)
class DiffusionGan(Generator):
    """A diffusion model of few steps, each of which a conditional GAN learns to undo.

    A large step back has no Gaussian law, so it is drawn: the generator answers an image from the noisy one and a
    latent vector z, and the less noisy image is drawn from the posterior of the two. With H the cross-entropy of a
    logit, t uniform on 1 to T, ``x' ~ q(x' | x_t, G(x_t, z, t))`` and both x of q from one image::

        L_D = mean H(D(x_{t-1}, x_t, t), 1) + mean H(D(x', x_t, t), 0) + w_r1 R1
        L_G = mean H(D(x', x_t, t), 1) [ + w_pix mean |G(x_t, z, t, source) - x_0| ]

    R1 is taken with respect to ``x_{t-1}`` alone. A source is shown to both networks as further channels.

    Source:
        Xiao et al. 2021, arXiv:2112.07804, equations 4 to 6 and appendix C; with a source, the conditional steps of
        Ozbey et al. 2022, arXiv:2207.08208 (SynDiff), equations 8 to 11. Departures: the lean U-Net and a
        discriminator on folded pixels; times spread evenly within a batch; R1 on steps drawn by chance; a class is told
        to both; SynDiff learns without pairs, through a second generator and cycles, whereas here pairs are given, so
        that its L1 term compares with the target itself.
    """

    Settings: type[GeneratorSettings] = DiffusionGanSettings
    settings: DiffusionGanSettings
    alphas: Tensor
    sigmas: Tensor
    of_noisy: Tensor
    of_clean: Tensor
    deviation: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        s, axes = self.settings, len(facts.space)
        divisor = s.unshuffle * 2 ** (len(s.widths) - 1)
        self.space = tuple(-(-side // divisor) * divisor for side in facts.space)
        self.discriminator = StepDiscriminator(
            2 * facts.channels + facts.source_channels,
            s.judge_widths,
            unshuffle=s.unshuffle,
            classes=len(facts.classes),
            axes=axes,
        )
        self.network = UNet(
            facts.channels + facts.source_channels,
            facts.channels,
            widths=s.widths,
            blocks=s.blocks,
            attention=s.attention,
            unshuffle=s.unshuffle,
            classes=len(facts.classes),
            axes=axes,
            latent=s.latent,
        )
        self.ema = Ema(self.network, s.ema_decay)
        self.watch = Watch()
        self._keep_steps()

    def levels(self) -> list[Level]:
        """Return the levels of a walk, ``steps + 1`` of them, from noise to the clean image."""
        s, found = self.settings, [CLEAN]
        for t in range(1, s.steps + 1):
            kept = preserving_alpha_bar(t / s.steps, s.beta_low, s.beta_high)
            found.append(Level(kept**0.5, (1 - kept) ** 0.5, t / s.steps))
        return found[::-1]

    def phases(self) -> dict[str, nn.Module]:
        """The discriminator steps first."""
        return {"discriminator": self.discriminator, "generator": self.network}

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam with beta (0.5, 0.9)."""
        return adam(self, phase, (0.5, 0.9))

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """A linear rise, then a cosine fall to a hundredth."""
        return rise_and_fall(progress, self.settings.warm_up)

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms of one phase; see the class for the equations."""
        self.phases()[phase]
        clean = padded(target_of(batch), self.space)
        at = self.times(len(clean), rng).to(clean.device)
        before, now = self.noised(clean, at, rng)
        latent = torch.randn((len(clean), self.settings.latent), generator=rng).to(clean.device)
        with torch.set_grad_enabled(phase == "generator" and torch.is_grad_enabled()):
            answer = self.expected(self.network, now, at / self.settings.steps, batch, latent)
            made = self.step_back(answer, now, at, rng)
        if phase == "generator":
            return self.generator_loss(clean, answer, made, now, at, batch)
        terms, logits = self.discriminator_loss(before, made, now, at, batch, rng)
        if self.training:
            self._watch(clean, answer, at, batch, logits)
        return terms

    @torch.no_grad()
    def _watch(self, clean: Tensor, answer: Tensor, at: Tensor, batch: Batch, logits: tuple[Tensor, Tensor]) -> None:
        """Compare images answered from pure noise; a batch too small to hold two gets a pass of its own at times."""
        last = at == self.settings.steps  # elsewhere the noisy image still shows the real one
        real, synthetic = clean[last], answer[last]
        if len(real) < 2 and int(self.watch.steps) % WATCHED_EVERY == 0:
            rng = torch.Generator().manual_seed(int(self.watch.steps))  # the training's own stream stays as it is
            at = torch.full_like(at, self.settings.steps)
            latent = torch.randn((len(clean), self.settings.latent), generator=rng).to(clean.device)
            now = self.noised(clean, at, rng)[1]
            real, synthetic = clean, self.expected(self.network, now, at / self.settings.steps, batch, latent)
        self.watch.see(real, synthetic, *logits)

    def discriminator_loss(
        self, before: Tensor, made: Tensor, now: Tensor, at: Tensor, batch: Batch, rng: torch.Generator
    ) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
        """Return the terms that the discriminator descends, and its logits of real and of synthetic steps."""
        s = self.settings
        real, synthetic = self.judged(before, now, at, batch), self.judged(made, now, at, batch)
        terms = {"real": cross_entropy(real, 1.0), "synthetic": cross_entropy(synthetic, 0.0)}
        if s.r1_weight and int(torch.randint(s.r1_every, (), generator=rng)) == 0:
            slope = r1_penalty(lambda images: self.judged(images, now, at, batch), before)
            terms["r1"] = s.r1_weight * s.r1_every * slope
        return terms, (real.detach(), synthetic.detach())

    def generator_loss(
        self, clean: Tensor, answer: Tensor, made: Tensor, now: Tensor, at: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return the terms that the generator descends."""
        terms = {"adversarial": cross_entropy(self.judged(made, now, at, batch), 1.0)}
        if batch.source is not None:
            terms["pixel"] = self.settings.pixel_weight * F.l1_loss(answer, clean)
        return terms

    def times(self, count: int, rng: torch.Generator) -> Tensor:
        """Return ``count`` steps from 1 to T, spread evenly from one random start."""
        share = (torch.rand((), generator=rng) + torch.arange(count) / count) % 1
        return (share * self.settings.steps).long().clamp(max=self.settings.steps - 1) + 1

    def noised(self, clean: Tensor, at: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return ``x_{t-1}`` and ``x_t`` of images: both of one path, the second noised from the first."""
        before = spread(self.alphas[at - 1], clean) * clean
        before = before + spread(self.sigmas[at - 1], clean) * normal_like(clean, rng)
        kept = spread(self.alphas[at] / self.alphas[at - 1], clean)
        return before, kept * before + (1 - kept.square()).sqrt() * normal_like(clean, rng)

    def step_back(self, answer: Tensor, now: Tensor, at: Tensor, rng: torch.Generator) -> Tensor:
        """Draw ``x_{t-1}`` from its posterior, given ``x_t`` and the answered image."""
        mean = spread(self.of_noisy[at], now) * now + spread(self.of_clean[at], now) * answer
        return mean + spread(self.deviation[at], now) * normal_like(now, rng)

    def expected(self, network: nn.Module, now: Tensor, time: Tensor, batch: Batch, latent: Tensor) -> Tensor:
        """Return an image that a noisy one may show; which, the latent vector decides."""
        label = batch.label if self.facts.classes else None
        answer: Tensor = torch.tanh(network(self._with_source(now, batch), time, label, latent))
        return answer

    def judged(self, before: Tensor, now: Tensor, at: Tensor, batch: Batch) -> Tensor:
        """Return the discriminator's logits of steps from ``now`` back to ``before``."""
        shown = self._with_source(torch.cat([before, now], 1), batch)
        label = batch.label if self.facts.classes else None
        logits: Tensor = self.discriminator(shown, at / self.settings.steps, label)
        return logits

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights."""
        self.ema.update(self.network)

    def alarms(self) -> tuple[str, ...]:
        """What the last steps showed to be wrong."""
        return self.watch.alarms()

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the signs of collapse; with a source also the mean absolute error of the averaged weights' images."""
        found = {"diversity": self.watch.diversity.clone(), "discriminator_won": self.watch.won.clone()}
        if batch.source is not None:
            target = target_of(batch)
            rngs = [torch.Generator().manual_seed(i) for i in range(len(target))]
            found["generator/pixel"] = F.l1_loss(self.sample(batch, rngs), target)
        return found

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return ``batch channels *space`` in [-1, 1]; image i is drawn from ``rngs[i]`` alone."""
        device = self.alphas.device
        told = condition.to(device)

        def fresh() -> Tensor:
            return normal_each((self.facts.channels, *self.space), rngs, device)

        def drawn(now: Tensor, level: Level) -> Tensor:
            latent = normal_each((self.settings.latent,), rngs, device)
            return self.expected(self.ema, now, now.new_full((len(now),), level.time), told, latent)

        made = Ddpm()(drawn, fresh(), self.levels(), fresh)
        return cut_out(made, [0] * len(self.space), self.facts.space).clamp(-1, 1)

    def _with_source(self, images: Tensor, batch: Batch) -> Tensor:
        return images if batch.source is None else torch.cat([images, padded(batch.source, self.space)], 1)

    def _keep_steps(self) -> None:
        """Keep factors by step, from 0, the clean image, to T; and the posterior of each step back."""
        levels = self.levels()
        laws = [(0.0, 1.0, 0.0), *[posterior(here, there) for here, there in pairwise(levels)][::-1]]
        columns = {
            "alphas": [level.alpha for level in levels[::-1]],
            "sigmas": [level.sigma for level in levels[::-1]],
            **{name: [law[i] for law in laws] for i, name in enumerate(("of_noisy", "of_clean", "deviation"))},
        }
        for name, values in columns.items():
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))
