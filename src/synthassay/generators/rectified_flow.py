"""Rectified flow: straight paths from noise to images, learnt as a velocity and walked by a few Euler or Heun steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.generators.base import Generator, generator
from synthassay.generators.neighbours import SliceSettings
from synthassay.networks.axes import spread
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.noise import normal_each, normal_like
from synthassay.networks.patches import blended
from synthassay.networks.schedule import rise_and_fall
from synthassay.networks.unet import UNet, check_size

Velocity = Callable[[Tensor, float], Tensor]


class RectifiedFlowSettings(SliceSettings):
    """Settings of the flow; those without a paper's default say where theirs comes from."""

    images_seen: int = Field(240_000, ge=1, description="Training length, in images shown (with repetition).")
    learning_rate: float = Field(
        5e-4, gt=0, description="Peak learning rate, after a linear rise, before a cosine fall."
    )
    warm_up: float = Field(0.02, ge=0, lt=1, description="Share of training in which the learning rate rises.")
    widths: tuple[int, ...] = Field((32, 64, 128, 192), min_length=1, description="Channels per U-Net level.")
    blocks: int = Field(1, ge=1, description="Residual blocks per level, down and up.")
    attention: bool = Field(True, description="Self-attention at the coarsest level.")
    unshuffle: int = Field(2, ge=1, description="Side of the squares of pixels folded into channels; 1 folds none.")
    times: Literal["logit-normal", "uniform"] = Field("logit-normal", description="Law of training times.")
    drop_class: float = Field(0.1, ge=0, lt=1, description="Share of examples whose class is hidden, for guidance.")
    ema_decay: float = Field(0.999, ge=0, lt=1, description="Decay of the weights' moving average, after its warm-up.")
    sampler: Literal["euler", "heun"] = Field("heun", description="How the flow is walked when sampling.")
    steps: int = Field(
        12, ge=1, le=1000, description="Sampling steps; Heun asks the network twice per step but the last."
    )
    guidance: float = Field(
        1.0, ge=0, description="Classifier-free guidance; 1 is none, above trades diversity for class."
    )


TASKS_SERVED = {"augment", "generate", "translate", "denoise", "mask_to_image", "super_resolve", "inpaint"}


@generator("rectified_flow", serves=TASKS_SERVED, source="arXiv:2209.03003")
class RectifiedFlow(Generator):
    """A velocity field between noise and images, told the class, or shown the source image.

    With noise n and an image x, the path is ``x_t = (1 - t) n + t x`` and the network learns its velocity ``x - n`` by
    mean squared error. A sample starts at n (t = 0) and follows the velocity to t = 1. Pictures and volumes alike.

    Source:
        Liu et al. 2022, arXiv:2209.03003, equation 1 (the loss); times by Esser et al. 2024, arXiv:2403.03206, section
        3.1 (logit-normal); guidance by Ho and Salimans 2022, arXiv:2207.12598, equation 6; the source image as
        further input channels as in Palette, arXiv:2111.05826. Departures: none in the equations; the network is a lean
        U-Net on folded pixels, and nothing is reflowed.
    """

    Settings = RectifiedFlowSettings
    sampling = frozenset({"sampler", "steps", "guidance"})
    case_loss = "velocity_mse"
    settings: RectifiedFlowSettings

    def __init__(self, settings: RectifiedFlowSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        check_size(
            facts.space, levels=len(settings.widths), unshuffle=settings.unshuffle, where="rectified_flow", axes=(2, 3)
        )
        self.network = UNet(
            facts.channels + facts.source_channels,
            facts.channels,
            widths=settings.widths,
            blocks=settings.blocks,
            attention=settings.attention,
            unshuffle=settings.unshuffle,
            classes=len(facts.classes),
            axes=len(facts.space),
        )
        self.ema = Ema(self.network, settings.ema_decay)

    def phases(self) -> dict[str, nn.Module]:
        """One phase: the velocity."""
        return {"velocity": self.network}

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """AdamW without weight decay, fused."""
        return torch.optim.AdamW(
            self.phases()[phase].parameters(), lr=self.settings.learning_rate, weight_decay=0.0, fused=True
        )

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """A linear rise, then a cosine fall to a hundredth."""
        return rise_and_fall(progress, self.settings.warm_up)

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the mean squared error of the velocity, per pixel (1 + the image variance for an answer of 0)."""
        self.phases()[phase]
        return {"velocity_mse": self._velocity_error(self.network, batch, rng, self.settings.drop_class)}

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights."""
        self.ema.update(self.network)

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the error of the averaged weights, which are those that sample; no class is hidden."""
        return {"velocity_mse": self._velocity_error(self.ema, batch, rng, 0.0)}

    @torch.no_grad()
    def case_losses(self, batch: Batch, seeds: Sequence[int]) -> Tensor:
        """Return each example's velocity error of the averaged weights, over times spread evenly over their law."""
        if batch.target is None:
            raise ValueError("the loss is of targets, and this batch has none")
        total = batch.target.new_zeros(len(batch))
        for time, seed in zip(spread_times(len(seeds), self.settings.times), seeds, strict=True):
            noise = normal_like(batch.target[:1], torch.Generator().manual_seed(seed)).expand_as(batch.target)
            now = torch.lerp(noise, batch.target, time)
            label = batch.label if self.facts.classes else None
            answer = self.ema(*self._input(now, batch), now.new_full((len(batch),), time), label)
            total += (answer - (batch.target - noise)).square().flatten(1).mean(1)
        return total / len(seeds)

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return ``batch channels *space`` in [-1, 1]; noise i is drawn from ``rngs[i]`` alone."""
        device = next(self.ema.parameters()).device
        noise = normal_each((self.facts.channels, *self.facts.space), rngs, device)
        walk = WALKS[self.settings.sampler]
        return walk(self._guided(condition.to(device)), noise, self.settings.steps).clamp(-1, 1)

    @torch.no_grad()
    def sample_over(self, condition: Batch, rngs: Sequence[torch.Generator], overlap: float) -> Tensor:
        """Return samples of a source larger than was learnt; each velocity of the walk is blended of patches."""
        source = condition.to(next(self.ema.parameters()).device).source
        if source is None:
            raise ValueError("patches are taken of a source, and this condition has none")
        noise = normal_each((self.facts.channels, *source.shape[2:]), rngs, source.device)

        def velocity(now: Tensor, time: float) -> Tensor:
            of_patch = lambda seen, shown: self._guided(Batch(source=shown))(seen, time)  # noqa: E731
            return blended(of_patch, [now, source], self.facts.space, overlap)

        return WALKS[self.settings.sampler](velocity, noise, self.settings.steps).clamp(-1, 1)

    def _velocity_error(self, network: nn.Module, batch: Batch, rng: torch.Generator, drop: float) -> Tensor:
        if batch.target is None:
            raise ValueError("the flow learns from targets, and this batch has none")
        noise = normal_like(batch.target, rng)
        time = draw_times(len(batch), self.settings.times, rng).to(noise.device)
        at = spread(time, noise)
        answer = network(*self._input((1 - at) * noise + at * batch.target, batch), time, self._told(batch, drop, rng))
        return F.mse_loss(answer, batch.target - noise)

    def _input(self, now: Tensor, batch: Batch) -> tuple[Tensor]:
        return (now if batch.source is None else torch.cat([now, batch.source], 1),)

    def _told(self, batch: Batch, drop: float, rng: torch.Generator) -> Tensor | None:
        """Return the labels, some hidden behind the null class."""
        if batch.label is None or not self.facts.classes:
            return None
        hidden = (torch.rand(len(batch), generator=rng) < drop).to(batch.label.device)
        return torch.where(hidden, self.network.null_class, batch.label)

    def _guided(self, condition: Batch) -> Velocity:
        """Return the velocity to follow: v(null) + guidance (v(class) - v(null)), in one call of the network."""
        weight = self.settings.guidance

        def velocity(now: Tensor, time: float) -> Tensor:
            times = now.new_full((len(now),), time)
            (shown,) = self._input(now, condition)
            if condition.label is None or not self.facts.classes or weight == 1:
                return self.ema(shown, times, condition.label if self.facts.classes else None)
            label = torch.cat([condition.label, torch.full_like(condition.label, self.network.null_class)])
            told, untold = self.ema(torch.cat([shown, shown]), times.repeat(2), label).chunk(2)
            return torch.lerp(untold, told, weight)

        return velocity


def draw_times(count: int, law: str, rng: torch.Generator) -> Tensor:
    """Return ``count`` training times in (0, 1): uniform, or the logistic of a standard normal.

    >>> t = draw_times(10_000, "logit-normal", torch.Generator().manual_seed(0))
    >>> round(float(t.mean()), 2), round(float(t.std()), 2)  # 0.5 and 0.2083 by quadrature
    (0.5, 0.21)
    """
    if law == "uniform":
        return torch.rand(count, generator=rng)
    return torch.randn(count, generator=rng).sigmoid()


def spread_times(count: int, law: str) -> list[float]:
    """Return ``count`` times at the middle of equal shares of the law of training times.

    >>> spread_times(2, "uniform"), [round(t, 3) for t in spread_times(2, "logit-normal")]
    ([0.25, 0.75], [0.337, 0.663])
    """
    shares = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return (shares if law == "uniform" else torch.special.ndtri(shares).sigmoid()).tolist()


def euler(velocity: Velocity, noise: Tensor, steps: int) -> Tensor:
    """Follow a velocity from t = 0 to 1 in equal steps; the error of a step is of second order in its length.

    >>> float(euler(lambda x, t: x, torch.ones(1), 2))  # (1 + 1/2)^2
    2.25
    """
    now = noise
    for step in range(steps):
        now = now + velocity(now, step / steps) / steps
    return now


def heun(velocity: Velocity, noise: Tensor, steps: int) -> Tensor:
    """Follow a velocity by the mean of its values at both ends of each step; errors are of third order.

    The last step is Euler's, because the velocity at t = 1, where no noise is left, is the one least well learnt.

    >>> float(heun(lambda x, t: x, torch.ones(1), 2))  # (1 + 1/2 + 1/8) (1 + 1/2)
    2.4375
    """
    now = noise
    for step in range(steps):
        here = velocity(now, step / steps)
        ahead = now + here / steps
        last = step + 1 == steps
        now = ahead if last else now + (here + velocity(ahead, (step + 1) / steps)) / (2 * steps)
    return now


WALKS = {"euler": euler, "heun": heun}
