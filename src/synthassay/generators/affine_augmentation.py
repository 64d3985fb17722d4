"""The augmentation baseline: real training images, slightly turned, scaled and moved."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.bank import ImageBank
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.networks.batch import Batch, Examples, Facts


class AffineAugmentationSettings(GeneratorSettings):
    """Settings of affine augmentation: each parameter is drawn uniformly up to its limit, either way."""

    bank: int = Field(4096, ge=1, description="Training images kept at most, as many of each class as there may be.")
    degrees: float = Field(7.0, ge=0, le=180, description="Largest rotation.")
    scale: float = Field(0.1, ge=0, lt=1, description="Largest relative change of size.")
    shift: float = Field(0.05, ge=0, lt=1, description="Largest shift, as a share of each side.")
    mirror: bool = Field(False, description="Mirror left-right with probability 1/2; wrong where sides matter.")


@generator("affine_augmentation", serves={"augment"}, source="doi:10.1186/s40537-019-0197-0")
class AffineAugmentation(Generator):
    """Draw a real training image of the class asked for and move it: what augmentation did before generators.

    Rotation and scale about the centre, then a shift; bilinear interpolation, edges repeated outwards.

    Source: doi:10.1186/s40537-019-0197-0 (Shorten and Khoshgoftaar 2019, geometric transformations).
    """

    Settings: type[GeneratorSettings] = AffineAugmentationSettings
    settings: AffineAugmentationSettings

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.bank = ImageBank(len(facts.classes))

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend."""
        return {}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Keep training images."""
        self.bank.fill(examples, rng, self.settings.bank)

    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return moved training images of the classes asked for."""
        return self.sample_with_origin(condition, rngs)[0]

    @torch.no_grad()
    def sample_with_origin(
        self, condition: Batch, rngs: Sequence[torch.Generator]
    ) -> tuple[Tensor, list[tuple[str, ...]]]:
        """Return moved training images and whose they are."""
        images, origins = self.bank.draw_all(condition, rngs)
        moves = torch.stack([self._move(rng, images.shape[-2:]) for rng in rngs]).to(images.device)
        grid = F.affine_grid(moves, list(images.shape), align_corners=False)
        moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
        return moved.clamp(-1, 1), origins

    def _move(self, rng: torch.Generator, size: torch.Size) -> Tensor:
        """Return the 2x3 map from output to input places, in grid_sample's (x, y) within [-1, 1]."""
        s, (rows, columns) = self.settings, size
        turn, grow, across, down, flip = (2 * torch.rand(5, generator=rng) - 1).tolist()
        angle, factor = math.radians(turn * s.degrees), 1 / (1 + grow * s.scale)
        cos, sin = factor * math.cos(angle), factor * math.sin(angle)
        sign = -1.0 if s.mirror and flip < 0 else 1.0
        # the grid's units are half a side, so a rotation of a picture that is not square needs the ratio of the sides
        return torch.tensor(
            [
                [sign * cos, -sign * sin * rows / columns, 2 * across * s.shift],
                [sin * columns / rows, cos, 2 * down * s.shift],
            ]
        )
