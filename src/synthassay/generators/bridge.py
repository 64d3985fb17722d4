"""A Schroedinger bridge between two images: sampling starts from the source image, not from noise."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.denoising import (
    Denoising,
    DenoisingSettings,
    UNetSettings,
    lean_unet,
    padded,
    per_example,
)
from synthassay.generators.neighbours import SliceSettings
from synthassay.generators.samplers import Ddpm, Fresh
from synthassay.generators.schedules import CLEAN, Denoise, Level, kept_steps
from synthassay.networks.axes import spread
from synthassay.networks.batch import Batch, Facts


class BridgeSettings(UNetSettings, SliceSettings, DenoisingSettings):
    """Settings of the bridge; the schedule is that of the authors' code."""

    steps: int = Field(10, ge=1, le=1000, description="Sampling steps (paper: 10 to 1000).")
    timesteps: int = Field(1000, ge=2, description="Steps of the schedule (code: 1000).")
    beta_max: float = Field(0.3, gt=0, description="Largest beta, in the middle, times timesteps (code: 0.3).")
    beta_min: float = Field(0.1, gt=0, description="Least beta, at both ends, times timesteps (code: 0.1).")
    noise: bool = Field(True, description="Draw noise between source and target; false is the paper's OT-ODE variant.")


@generator("bridge", serves={"translate", "denoise", "super_resolve"}, source="arXiv:2302.05872")
class Bridge(Denoising):
    """I2SB: ``x_t = (b^2 x0 + f^2 x1) / (b^2 + f^2) + f b / sqrt(f^2 + b^2) n`` between target x0 and source x1.

    f and b are the standard deviations that have gathered from the target's and from the source's end. The network
    learns ``(x_t - x0) / f``, shown all source slices beside x_t; a walk begins at the central source slice and draws
    each next place from the bridge to the expected target. Images of any size are padded and cropped again.

    Source:
        Liu et al. 2023, arXiv:2302.05872, equations 11 and 12 and algorithms 1 and 2; schedule and defaults from its
        code. Departures: a lean U-Net on folded pixels that always sees the source (an option there).
    """

    Settings = BridgeSettings
    sampling = frozenset({"steps"})
    settings: BridgeSettings
    pads = True
    forward_spread: Tensor
    backward_spread: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        _require_images(facts, settings)
        super().__init__(settings, facts)
        s = self.settings
        forward, backward = bridge_spreads(s.timesteps, s.beta_min, s.beta_max)
        self.register_buffer("forward_spread", forward.float())
        self.register_buffer("backward_spread", backward.float())

    def divisor(self) -> int:
        """The side of folded squares, doubled per halving."""
        return int(self.settings.unshuffle * 2 ** (len(self.settings.widths) - 1))

    def new_network(self) -> nn.Module:
        """The lean U-Net."""
        return lean_unet(self.settings, self.facts, "bridge", space=self.space)

    def example_losses(
        self, network: nn.Module, clean: Tensor, condition: Batch, share: Tensor, noise: Tensor
    ) -> Tensor:
        """Return the mean squared error of ``(x_t - x0) / f``, per pixel."""
        source = self.central(condition)
        t = (share * self.settings.timesteps).long().clamp(max=self.settings.timesteps - 1)
        f, b = (spread(values[t], clean) for values in (self.forward_spread, self.backward_spread))
        total = f.square() + b.square()
        now = (b.square() * clean + f.square() * source) / total
        if self.settings.noise:
            now = now + f * b / total.sqrt() * noise
        answer = self.answer(network, now, t / self.settings.timesteps, condition)
        return per_example((answer - (now - clean) / f).square())

    def denoised(self, now: Tensor, level: Level, condition: Batch) -> Tensor:
        """Return the expected target."""
        answer = self.answer(self.ema, now, now.new_full((len(now),), level.time), condition)
        return now - level.sigma * answer

    def levels(self, steps: int) -> list[Level]:
        """Return the spread gathered from the target's end: all of it, ..., none."""
        kept = kept_steps(steps, self.settings.timesteps)
        spreads = self.forward_spread.cpu().double().tolist()
        return [*(Level(1.0, spreads[t], t / self.settings.timesteps) for t in kept), CLEAN]

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return ``batch channels *space`` in [-1, 1]; the noise of image i is drawn from ``rngs[i]`` alone."""
        condition, fresh = condition.to(self.device), self.fresh(rngs)
        start, levels = self.central(condition), self.levels(self.settings.steps)
        drawn = fresh if self.settings.noise else lambda: torch.zeros_like(start)
        made = cross(lambda now, level: self.denoised(now, level, condition), start, levels, drawn)
        return self.as_image(made).clamp(-1, 1)

    def sample_over(self, condition: Batch, rngs: Sequence[torch.Generator], overlap: float) -> Tensor:
        """Return samples of a source larger than was learnt; whole walks of patches are blended.

        Raises:
            SpecError: Noise is drawn on the way, which blending would average away.
        """
        if self.settings.noise:
            what, remedy = "need a bridge without noise", "Set noise = false for the bridge, or use palette."
            raise SpecError("study", [Fault("sampling.patch", what, self.facts.space, remedy)])
        return Generator.sample_over(self, condition, rngs, overlap)

    def require_pixels(self) -> None:
        """Refuse: there is no noise to fill a hole from.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("a bridge begins at a whole source image; use palette to fill in")

    def central(self, batch: Batch) -> Tensor:
        """Return the central source slice, padded.

        Raises:
            ValueError: The batch has no source.
        """
        if batch.source is None:
            raise ValueError("a bridge begins at a source image, and this batch has none")
        first = self.settings.neighbours // 2 * self.facts.channels
        return padded(batch.source[:, first : first + self.facts.channels], self.space)


def cross(denoise: Denoise, source: Tensor, levels: Sequence[Level], fresh: Fresh) -> Tensor:
    """Walk from a source image over a bridge to the target: ancestral steps whose image has factor 1.

    Source:
        Liu et al. 2023, arXiv:2302.05872, algorithm 2: its posterior is DDPM's, with ``alpha = 1`` and sigma the spread
        gathered from the target's end.
    """
    return Ddpm()(denoise, source / levels[0].sigma, levels, fresh)


def bridge_spreads(steps: int, least: float, most: float) -> tuple[Tensor, Tensor]:
    """Return the standard deviations gathered from the target's end and from the source's, ``steps`` each, float64.

    Betas are the squares of evenly spaced roots up to the middle, and the same backwards.

    Source:
        The code of arXiv:2302.05872 (``make_beta_schedule``, ``compute_gaussian_product_coef``).

    >>> f, b = bridge_spreads(1000, 0.1, 0.3)
    >>> bool(torch.allclose(f, b.flip(0))), round(float(f[-1] ** 2), 3)
    (True, 0.141)
    """
    half = torch.linspace((least / steps) ** 0.5, (most / steps) ** 0.5, steps, dtype=torch.float64).square()
    half = half[: -(-steps // 2)]
    betas = torch.cat([half, half.flip(0)[steps % 2 :]])
    return betas.cumsum(0).sqrt(), betas.flip(0).cumsum(0).flip(0).sqrt()


def _require_images(facts: Facts, settings: GeneratorSettings) -> None:
    slices = max(getattr(settings, "neighbours", 1), 1)
    if facts.drawn or facts.source_channels != slices * facts.channels:
        what = f"a bridge begins at an image like the target, and {facts.source_channels} source channels are not that"
        remedy = "Use it to translate or denoise images; set neighbours to the number of source slices."
        raise SpecError("bridge", [Fault("generators.neighbours", what, slices, remedy)])
