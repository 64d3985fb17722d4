"""Denoising where ``alpha^2 + sigma^2 = 1``: discrete schedules, three predictions, and weights of their losses."""

from __future__ import annotations

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from synthassay.generators.base import GeneratorSettings
from synthassay.generators.denoising import Denoising, DenoisingSettings, WalkSettings, per_example
from synthassay.generators.schedules import (
    CLEAN,
    Level,
    Prediction,
    ScheduleName,
    alpha_bars,
    asked,
    clean_of,
    kept_steps,
    min_snr_weight,
)
from synthassay.networks.axes import spread
from synthassay.networks.batch import Batch, Facts


class VariancePreservingSettings(WalkSettings, DenoisingSettings):
    """Settings of a discrete schedule and of what the network predicts."""

    schedule: ScheduleName = Field("cosine", description="How noise grows with time.")
    timesteps: int = Field(1000, ge=2, description="Steps of the schedule (paper: 1000).")
    prediction: Prediction = Field("v", description="What the network answers; epsilon is the DDPM paper's.")
    min_snr: float = Field(5.0, ge=0, description="Least-SNR weight's gamma (paper: 5); 0 is the plain squared error.")
    zero_terminal: bool = Field(False, description="Leave nothing of the image at the last step; not with epsilon.")
    clip: bool = Field(True, description="Keep each expected image of a walk within [-1, 1].")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.zero_terminal and self.prediction == "epsilon":
            raise ValueError(
                "zero_terminal needs prediction v or x0: from noise alone epsilon says nothing of an image"
            )
        if self.zero_terminal and self.sampler not in ("ddim", "ddpm"):
            raise ValueError(f"zero_terminal needs sampler ddim or ddpm: {self.sampler} divides by the image's share")
        if self.steps > self.timesteps:
            raise ValueError(f"steps must be at most timesteps ({self.timesteps})")
        return self


class VariancePreserving(Denoising):
    """``x_t = sqrt(abar_t) x0 + sqrt(1 - abar_t) n``; the loss is the prediction's mean squared error, weighted.

    The schedule is a pair of buffers, saved with the weights.
    """

    settings: VariancePreservingSettings
    alphas: Tensor
    sigmas: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        s = self.settings
        kept = alpha_bars(s.schedule, s.timesteps, zero_terminal=s.zero_terminal)
        self.register_buffer("alphas", kept.sqrt().float())
        self.register_buffer("sigmas", (1 - kept).sqrt().float())

    def noise_at(self, share: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return alpha, sigma and what the network is told, for shares of training times: t / T in discrete steps."""
        t = (share * self.settings.timesteps).long().clamp(max=self.settings.timesteps - 1)
        return self.alphas[t], self.sigmas[t], t / self.settings.timesteps

    def told(self, t: int) -> float:
        """Return what the network is told at step ``t`` of the schedule when sampling."""
        return t / self.settings.timesteps

    def example_losses(
        self, network: nn.Module, clean: Tensor, condition: Batch, share: Tensor, noise: Tensor
    ) -> Tensor:
        """Return the weighted squared error of the prediction, per pixel."""
        alphas, sigmas, told = self.noise_at(share)
        alpha, sigma = spread(alphas, clean), spread(sigmas, clean)
        answer = self.answer(network, alpha * clean + sigma * noise, told, condition)
        error = per_example((answer - asked(self.settings.prediction, clean, noise, alpha, sigma)).square())
        return min_snr_weight(self.settings.prediction, (alphas / sigmas).square(), self.settings.min_snr) * error

    def denoised(self, now: Tensor, level: Level, condition: Batch) -> Tensor:
        """Return the expected image, kept within [-1, 1] where the settings ask for that."""
        answer = self.answer(self.ema, now, now.new_full((len(now),), level.time), condition)
        alpha, sigma = (now.new_tensor(value) for value in (level.alpha, level.sigma))
        clean = clean_of(self.settings.prediction, answer, now, alpha, sigma)
        return clean.clamp(-1, 1) if self.settings.clip else clean

    def levels(self, steps: int) -> list[Level]:
        """Return evenly spaced steps of the schedule, the noisiest among them, and the clean image."""
        kept = kept_steps(steps, self.settings.timesteps)
        alphas, sigmas = (values.cpu().double().tolist() for values in (self.alphas, self.sigmas))
        return [*(Level(alphas[t], sigmas[t], self.told(t)) for t in kept), CLEAN]


def uniform_between(values: Tensor, share: Tensor) -> Tensor:
    """Return ``values`` read between their steps: linear from ``values[t-1]`` to ``values[t]``, 1 before the first.

    >>> [round(float(v), 2) for v in uniform_between(torch.tensor([0.9, 0.5]), torch.tensor([0.0, 0.5, 0.75]))]
    [1.0, 0.9, 0.7]
    """
    edges = torch.cat([values.new_ones(1), values])
    place = share * len(values)
    t = place.long().clamp(max=len(values) - 1)
    return torch.lerp(edges[t], edges[t + 1], place - t)
