"""A linear codec that is found and not trained: the principal components of the places of images."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import torch
from torch import Tensor, nn

from synthassay.errors import Fault, SpecError
from synthassay.networks.axes import fold, unfold


class PrincipalPlaces(nn.Module):
    """Map ``batch channels *space`` to ``batch features *grid`` and back, each place by itself.

    A place is a square (cube) of pixels. Its features are its components along the first principal axes of all places,
    the one of most variance first; a distance between features is one between pixels. Among linear codecs of as many
    features this one has the least squared error, which is where training a linear autoencoder would end. Until
    measured, every grid and image is 0.

    Source:
        Baldi and Hornik 1989, doi:10.1016/0893-6080(89)90014-2.

    Args:
        channels: Channels of the image.
        features: Features per place.
        side: Pixels per side of a place.
        axes: Spatial axes.

    Raises:
        SpecError: More features are asked for than a place has numbers.
    """

    middle: Tensor
    directions: Tensor

    def __init__(self, channels: int, features: int, side: int, axes: int) -> None:
        super().__init__()
        self.side, numbers = side, channels * side**axes
        if features > numbers:
            what, remedy = f"must be at most the {numbers} numbers of a place", "Ask for fewer, or for larger places."
            raise SpecError("latent_diffusion", [Fault("latent_channels", what, features, remedy)])
        self.register_buffer("middle", torch.zeros(numbers))
        self.register_buffer("directions", torch.zeros(features, numbers))

    @torch.no_grad()
    def measure(self, batches: Iterable[Tensor]) -> None:
        """Find the axes of the images of all batches; equal images give equal axes, signs included."""
        numbers = len(self.middle)
        count, total = 0, torch.zeros(numbers, dtype=torch.float64)
        squares = torch.zeros(numbers, numbers, dtype=torch.float64)
        for images in batches:
            places = _places(fold(images, self.side)).double().cpu()
            count, total, squares = count + len(places), total + places.sum(0), squares + places.T @ places
        middle = total / count
        _, directions = torch.linalg.eigh(squares / count - torch.outer(middle, middle))
        kept = directions.T.flip(0)[: len(self.directions)]
        signs = kept.gather(1, kept.abs().argmax(1, keepdim=True)).sign()
        self.middle.copy_(middle)
        self.directions.copy_(kept * signs)

    def encode(self, image: Tensor) -> Tensor:
        """Return the features of each place."""
        folded = fold(image, self.side)
        return _grid((_places(folded) - self.middle) @ self.directions.T, folded)

    def decode(self, grid: Tensor) -> Tensor:
        """Return the image of the features."""
        return unfold(_grid(_places(grid) @ self.directions + self.middle, grid), self.side)


def _places(grid: Tensor) -> Tensor:
    return grid.movedim(1, -1).reshape(-1, grid.shape[1])


def _grid(places: Tensor, like: Tensor) -> Tensor:
    batch, _, *sides = like.shape
    assert len(places) == batch * prod(sides), "as many places as the grid has"
    return places.reshape(batch, *sides, places.shape[1]).movedim(-1, 1)
