"""DiT: a diffusion model whose denoiser is a transformer on patches."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator
from torch import nn

from synthassay.generators.base import generator
from synthassay.generators.denoising import GuidanceSettings
from synthassay.generators.variance_preserving import VariancePreserving, VariancePreservingSettings
from synthassay.networks.diffusion_transformer import DiffusionTransformer


class DitSettings(GuidanceSettings, VariancePreservingSettings):
    """Settings of the transformer; far smaller than the paper's least (384 features, 12 blocks)."""

    learning_rate: float = Field(1e-3, gt=0, description="Peak learning rate (paper: 1e-4 for far larger networks).")
    width: int = Field(128, ge=8, description="Features per patch (paper: 384 to 1152).")
    depth: int = Field(6, ge=1, description="Blocks (paper: 12 to 28).")
    heads: int = Field(4, ge=1, description="Attention heads (paper: 6 to 16).")
    patch: int = Field(4, ge=1, description="Side of a patch in pixels (paper: 2 to 8, of latent pixels).")
    window: int = Field(
        0, ge=0, description="Side in patches of the windows of attention, moved in every other block; 0: all see all."
    )

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.width % (2 * self.heads):
            raise ValueError(f"width must be a multiple of twice the heads ({2 * self.heads})")
        return self


@generator("dit", serves={"augment", "generate"}, source="arXiv:2212.09748")
class Dit(VariancePreserving):
    """A diffusion model of images, told the class, whose denoiser is a transformer with adaptive norms (adaLN-Zero).

    ``window`` above 0 lets patches see each other within windows only, which are moved by half their side in every
    other block: the cost then grows with the image, not with its square, so that volumes come into reach.

    Source:
        Peebles and Xie 2023, arXiv:2212.09748; windows by Liu et al. 2021, arXiv:2103.14030. Departures: pixels, not
        latents; v with the least-SNR weight; the variance is not learnt.
    """

    Settings = DitSettings
    sampling = frozenset({"steps", "sampler", "guidance"})
    settings: DitSettings

    def new_network(self) -> nn.Module:
        """The transformer."""
        s = self.settings
        return DiffusionTransformer(
            self.facts.channels,
            self.facts.channels,
            space=self.facts.space,
            width=s.width,
            depth=s.depth,
            heads=s.heads,
            patch=s.patch,
            window=s.window,
            classes=len(self.facts.classes),
        )
