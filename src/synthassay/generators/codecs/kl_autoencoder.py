"""The KL-regularised autoencoder of latent diffusion."""

from __future__ import annotations

import torch
from torch import Tensor

from synthassay.generators.codecs.codec import Codec, CodecSettings
from synthassay.networks.noise import normal_like


class KlAutoencoder(Codec):
    """The encoder gives a normal law per number of the grid, held near N(0, 1) by a very small weight.

    The divergence is summed over the grid and divided by the number of pixels, as the reconstruction is, so that the
    paper's 1e-6 keeps its meaning. The learnt log variance of the authors' code is left out: nothing trains it there.

    An encoder that has learnt nothing gives means far smaller than its deviation of 1, so that the decoder is first
    shown noise; a setting ``log_variance`` below 0 lets it see the grid from the first step on.

    Source:
        Rombach et al. 2022, arXiv:2112.10752, section 3.1 ("KL-reg."); Kingma and Welling 2013, arXiv:1312.6114.
    """

    @staticmethod
    def encoded(settings: CodecSettings) -> int:
        """Mean and log variance of each number."""
        return 2 * settings.latent_channels

    def encode(self, image: Tensor) -> Tensor:
        """Return the means."""
        return self.law(image)[0]

    def law(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance, the latter within [-30, 20] as in the authors' code."""
        mean, log_variance = self.coded(image).chunk(2, 1)
        return mean, (log_variance + self.settings.log_variance).clamp(-30, 20)

    def bottleneck(self, image: Tensor, rng: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """Return a draw of the grid, and the weighted divergence."""
        mean, log_variance = self.law(image)
        grid = mean + (log_variance / 2).exp() * normal_like(mean, rng)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
        return grid, {"kl": self.settings.kl_weight * divergence / image.numel()}
