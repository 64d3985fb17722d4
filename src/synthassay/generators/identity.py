"""The identity baseline: the source itself, which every translation or denoising must beat."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synthassay.generators.base import Generator, generator
from synthassay.generators.central import central_source
from synthassay.networks.batch import Batch


@generator(
    "identity",
    serves={"translate", "denoise", "super_resolve", "translate_unpaired", "stain_normalise", "harmonise"},
    source="the source image unchanged; no model",
)
class Identity(Generator):
    """Return the central source slice unchanged."""

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend."""
        return {}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the source."""
        return central_source(condition, self.facts)
