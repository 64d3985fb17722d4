"""The vector-quantised autoencoder with a patch discriminator."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from synthassay.generators.codecs.codec import Codec, CodecSettings
from synthassay.networks.batch import Facts

DECAY = 0.99
LEAST_USE = 0.05  # average uses per batch below which a code counts as dead


class VqGan(Codec):
    """Each place of the grid is replaced by the nearest of a learnt book of codes.

    The codes are moving averages of the places that chose them. A code that hardly any place chooses starts again at a
    place of the batch, which is also how the book is first filled. The decoder's gradient passes the choice unchanged,
    and a commitment term holds the encoder near its codes. A denoiser learns the grid before the choice; the choice is
    then part of decoding, as in latent diffusion.

    Source:
        van den Oord et al. 2017, arXiv:1711.00937, equation 3 and appendix A.1 (averages); Esser et al. 2021,
        arXiv:2012.09841; Williams et al. 2020, arXiv:2002.08111 (restart); Rombach et al. 2022, arXiv:2112.10752
        ("VQ-reg.").
    """

    codes: Tensor
    uses: Tensor
    sums: Tensor

    def __init__(self, settings: CodecSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.register_buffer("codes", torch.zeros(settings.codes, settings.latent_channels))
        self.register_buffer("uses", torch.zeros(settings.codes))
        self.register_buffer("sums", torch.zeros(settings.codes, settings.latent_channels))

    @staticmethod
    def encoded(settings: CodecSettings) -> int:
        """One vector per place."""
        return settings.latent_channels

    def encode(self, image: Tensor) -> Tensor:
        """Return the grid before the choice of codes."""
        return self.coded(image)

    def decode(self, grid: Tensor) -> Tensor:
        """Return the image of the codes nearest to a grid; gradients pass the choice unchanged."""
        return super().decode(grid + (self.nearest(grid.detach())[0] - grid).detach())

    def bottleneck(self, image: Tensor, rng: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the grid, and the weighted commitment; in training the book of codes moves."""
        grid = self.encode(image)
        chosen, choice = self.nearest(grid.detach())
        if self.training and torch.is_grad_enabled():
            self._move(grid.detach(), choice, rng)
        return grid, {"commitment": self.settings.commitment * F.mse_loss(grid, chosen)}

    def nearest(self, grid: Tensor) -> tuple[Tensor, Tensor]:
        """Return the nearest code of each place as a grid, and its number, ``places``."""
        places = _places(grid)
        squares = places.square().sum(1, keepdim=True) - 2 * places @ self.codes.T + self.codes.square().sum(1)
        choice = squares.argmin(1)
        return self.codes[choice].reshape(grid.movedim(1, -1).shape).movedim(-1, 1), choice

    @torch.no_grad()
    def _move(self, grid: Tensor, choice: Tensor, rng: torch.Generator) -> None:
        places = _places(grid)
        chosen = F.one_hot(choice, len(self.codes)).to(places.dtype)
        self.uses.lerp_(chosen.sum(0), 1 - DECAY)
        self.sums.lerp_(chosen.T @ places, 1 - DECAY)
        dead = self.uses < LEAST_USE
        drawn = torch.randint(len(places), (len(self.codes),), generator=rng).to(places.device)
        self.uses.copy_(torch.where(dead, torch.ones_like(self.uses), self.uses))
        self.sums.copy_(torch.where(dead[:, None], places[drawn], self.sums))
        self.codes.copy_(self.sums / self.uses[:, None])


def _places(grid: Tensor) -> Tensor:
    return grid.movedim(1, -1).reshape(-1, grid.shape[1])
