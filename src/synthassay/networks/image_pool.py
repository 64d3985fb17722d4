"""A pool of synthetic images made earlier, from which a discriminator is shown some in place of the newest."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """The last synthetic images, saved with the weights so that a resumed run shows the same ones.

    While the pool fills, images are kept and shown; then, with probability 1/2, an old image is shown and the new one
    takes its place.

    Args:
        size: Images kept; 0 shows every image as it comes.

    Source: Shrivastava et al. 2017, arXiv:1612.07828, section 2.3, as in arXiv:1703.10593.

    >>> pool, rng = ImagePool(2), torch.Generator().manual_seed(0)
    >>> pool.exchange(torch.zeros(2, 1, 1, 1), rng).flatten().tolist()
    [0.0, 0.0]
    """

    images: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("images", torch.zeros(0))

    @torch.no_grad()
    def exchange(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Return as many images as were given, some of them older."""
        if self.size == 0:
            return images.detach()
        shown = []
        for image in images.detach():
            if len(self.images) < self.size:
                self.images = torch.cat([self.images.to(image), image[None]]) if len(self.images) else image[None]
                shown.append(image)
            elif torch.rand((), generator=rng) < 0.5:
                at = int(torch.randint(self.size, (), generator=rng))
                shown.append(self.images[at].clone())
                self.images = torch.cat([self.images[:at], image[None], self.images[at + 1 :]])
            else:
                shown.append(image)
        return torch.stack(shown)
