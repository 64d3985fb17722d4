"""Palette: a diffusion model that is shown the source image, for translation and denoising."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import generator
from synthassay.generators.denoising import UNetSettings, lean_unet
from synthassay.generators.neighbours import SliceSettings
from synthassay.generators.schedules import Prediction
from synthassay.generators.variance_preserving import (
    VariancePreserving,
    VariancePreservingSettings,
    uniform_between,
)


class NeighbourSettings(SliceSettings, VariancePreservingSettings):
    """Settings of diffusion models that are shown a source."""

    prediction: Prediction = Field("x0", description="What the network answers (paper: epsilon).")
    steps: int = Field(12, ge=1, le=1000, description="Sampling steps (paper: 1000 of ddpm).")


class PaletteSettings(UNetSettings, NeighbourSettings):
    """Settings of the conditional diffusion model; the paper predicts epsilon."""


@generator(
    "palette", serves={"translate", "denoise", "mask_to_image", "super_resolve", "inpaint"}, source="arXiv:2111.05826"
)
class Palette(VariancePreserving):
    """``f(x_t, source, gamma)`` with ``x_t = sqrt(gamma) y + sqrt(1 - gamma) n`` and the source as further channels.

    The network is told the noise level gamma itself, drawn in training between the levels of neighbouring steps, so
    that any schedule of fewer steps may be walked afterwards. It predicts the image by default: with epsilon, whole
    images that are mostly black drift in brightness, because at high noise an error of the noise is a far larger one of
    the image; with v, a short training leaves fine noise in the image.

    Images of any size are padded behind their ends with the floor of the scale and cropped again.

    Source:
        Saharia et al. 2022, arXiv:2111.05826, equation 2; levels by Chen et al. 2021, arXiv:2009.00713, section 3.
        Departures: the image and the least-SNR weight instead of epsilon; a lean U-Net on folded pixels, without the
        paper's attention at three sizes.
    """

    Settings = PaletteSettings
    sampling = frozenset({"steps", "sampler"})
    settings: PaletteSettings
    pads = True

    def divisor(self) -> int:
        """The side of folded squares, doubled per halving."""
        return int(self.settings.unshuffle * 2 ** (len(self.settings.widths) - 1))

    def new_network(self) -> nn.Module:
        """The lean U-Net."""
        return lean_unet(self.settings, self.facts, "palette", space=self.space)

    def noise_at(self, share: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return alpha, sigma and gamma, uniform between the gammas of neighbouring steps."""
        # sigma from its own square: 1 - gamma has too few digits left where gamma is near 1
        rest = 1 - uniform_between(self.alphas.double().square(), share.double())
        return (1 - rest).sqrt().float(), rest.clamp(min=1e-8).sqrt().float(), (1 - rest).float()

    def told(self, t: int) -> float:
        """Gamma of step ``t``."""
        return float(self.alphas[t].double().square())
