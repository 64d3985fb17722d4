"""EDM: denoising with input, output and target kept at variance 1 for every noise level."""

from __future__ import annotations

from typing import ClassVar, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.denoising import (
    DenoisingSettings,
    GuidanceSettings,
    UNetSettings,
    WalkSettings,
    lean_unet,
    per_example,
)
from synthassay.generators.filling import FillingSettings, FillsHoles
from synthassay.generators.samplers import SamplerName
from synthassay.generators.schedules import CLEAN, Level, edm_sigmas, precondition
from synthassay.networks.axes import spread
from synthassay.networks.batch import Batch


class EdmNoiseSettings(WalkSettings, DenoisingSettings):
    """Settings of EDM's noise levels and preconditioning; defaults are the paper's but for the sampler."""

    sampler: SamplerName = Field("dpm_solver", description="How noise is walked to an image (paper: heun).")
    steps: int = Field(20, ge=1, le=1000, description="Sampling steps (paper: 18 of heun, which are 35 calls).")
    sigma_data: float = Field(0.5, gt=0, description="Standard deviation of the images on [-1, 1] (paper: 0.5).")
    sigma_low: float = Field(0.002, gt=0, description="Last noise level of a walk (paper: 0.002).")
    sigma_high: float = Field(80.0, gt=0, description="First noise level of a walk (paper: 80).")
    rho: float = Field(7.0, gt=0, description="Bend of the levels' spacing (paper: 7).")
    log_mean: float = Field(-1.2, description="Mean of ln sigma in training (paper: -1.2).")
    log_spread: float = Field(1.2, gt=0, description="Standard deviation of ln sigma in training (paper: 1.2).")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.sigma_low >= self.sigma_high:
            raise ValueError("sigma_low must be below sigma_high")
        return self


class EdmSettings(FillingSettings, GuidanceSettings, UNetSettings, EdmNoiseSettings):
    """Settings of EDM."""


@generator("edm", serves={"augment", "generate", "inpaint"}, source="arXiv:2206.00364")
class Edm(FillsHoles):
    """``D(x, s) = c_skip x + c_out F(c_in x, ln(s)/4, c)`` with ``x = x0 + s n``.

    ``L = E mean (D - x0)^2 / c_out^2``; ln s is normal in training. By default DPM-Solver++(2M) walks the
    probability-flow equation: 20 calls bring a Gaussian as near to its width as the paper's 18 steps of Heun do with
    35.

    Source:
        Karras et al. 2022, arXiv:2206.00364, table 1, equation 8 and algorithm 1. Departures: a lean U-Net on folded
        pixels; no churn, no augmentation of the training images; noise levels spread evenly within a batch.
    """

    Settings: ClassVar[type[GeneratorSettings]] = EdmSettings
    sampling = frozenset({"steps", "sampler", "guidance", "resamplings", "jump"})
    settings: EdmSettings

    def new_network(self) -> nn.Module:
        """The lean U-Net."""
        return lean_unet(self.settings, self.facts, "edm", source_channels=self.shown_channels)

    def example_losses(
        self, network: nn.Module, clean: Tensor, condition: Batch, share: Tensor, noise: Tensor
    ) -> Tensor:
        """Return the squared error of the image over ``c_out^2``, per pixel."""
        sigma = (self.settings.log_mean + self.settings.log_spread * torch.special.ndtri(share)).exp()
        denoised = self.expected(network, clean + spread(sigma, clean) * noise, sigma, condition)
        return precondition(sigma, self.settings.sigma_data).weight * per_example((denoised - clean).square())

    def expected(self, network: nn.Module, now: Tensor, sigma: Tensor, batch: Batch) -> Tensor:
        """Return D at noise levels ``sigma``, ``batch``."""
        c = precondition(sigma, self.settings.sigma_data)
        answer = self.answer(network, spread(c.into, now) * now, c.told, batch)
        return spread(c.skip, now) * now + spread(c.out, now) * answer

    def denoised(self, now: Tensor, level: Level, condition: Batch) -> Tensor:
        """Return the image that the averaged network expects."""
        return self.expected(self.ema, now, now.new_full((len(now),), level.sigma), condition)

    def levels(self, steps: int) -> list[Level]:
        """Return the paper's levels, then 0."""
        s = self.settings
        return [*(Level(1.0, sigma) for sigma in edm_sigmas(steps, s.sigma_low, s.sigma_high, s.rho)), CLEAN]
