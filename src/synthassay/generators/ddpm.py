"""Denoising diffusion: images from noise, removed step by step, told the class."""

from __future__ import annotations

from torch import nn

from synthassay.generators.base import generator
from synthassay.generators.denoising import GuidanceSettings, UNetSettings, lean_unet
from synthassay.generators.filling import FillingSettings, FillsHoles
from synthassay.generators.variance_preserving import VariancePreserving, VariancePreservingSettings


class DdpmSettings(FillingSettings, GuidanceSettings, UNetSettings, VariancePreservingSettings):
    """Settings of the diffusion model; the paper's own are linear, epsilon, min_snr 0 and the sampler ddpm."""


@generator("ddpm", serves={"augment", "generate", "inpaint"}, source="arXiv:2006.11239")
class Ddpm(FillsHoles, VariancePreserving):
    """A diffusion model of images, told the class.

    ``L = w(t) mean (f(x_t, t, c) - y_t)^2`` with y the noise (epsilon), the image (x0) or ``alpha n - sigma x0`` (v).
    ``schedule = "linear"``, ``prediction = "epsilon"``, ``min_snr = 0``, ``sampler = "ddpm"`` and 1,000 steps make it
    the paper's model; the defaults are those that learn most in a short training.

    Source:
        Ho et al. 2020, arXiv:2006.11239, equation 14 and algorithms 1 and 2; cosine by arXiv:2102.09672; v by
        arXiv:2202.00512; the weight by arXiv:2303.09556. Departures: a lean U-Net on folded pixels; training times
        spread evenly within a batch.
    """

    Settings = DdpmSettings
    sampling = frozenset({"steps", "sampler", "guidance", "resamplings", "jump"})
    settings: DdpmSettings

    def new_network(self) -> nn.Module:
        """The lean U-Net."""
        return lean_unet(self.settings, self.facts, "ddpm", source_channels=self.shown_channels)
