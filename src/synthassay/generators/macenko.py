"""Stain normalisation by stain vectors: how much dye a pixel holds stays, what colour the dye has is the target's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from synthassay.errors import NotMeasured
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.central import central_source
from synthassay.generators.tiles import each_tile, target_tiles
from synthassay.images.stain import WHITE, amounts_of, optical_density, stains_of, tissue_of
from synthassay.networks.batch import Batch, Examples, Facts

Dyes = tuple[np.ndarray, np.ndarray]
"""Stain vectors ``2 3`` and, per pixel, how much of each there is, ``2 rows columns``."""


@generator("macenko", serves={"stain_normalise"}, source="doi:10.1109/ISBI.2009.5193250")
class Macenko(Generator):
    """Take a tile apart into haematoxylin and eosin, and put it together with the target's stain vectors.

    Each dye's amount is scaled so that its 99th percentile in the tissue is the target's. What is no dye (the part of
    the optical density that the two vectors do not explain) is lost. A tile without enough tissue to tell its stains
    is given back as it was.

    Source: doi:10.1109/ISBI.2009.5193250 (Macenko et al. 2009); conventions of ``images.stain``.
    """

    PERCENTILE: ClassVar[float] = 99.0
    vectors: Tensor
    strongest: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.register_buffer("vectors", torch.zeros(2, 3, dtype=torch.float64))
        self.register_buffer("strongest", torch.ones(2, dtype=torch.float64))

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend."""
        return {}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Find the stains of the pooled training targets.

        Raises:
            NotMeasured: They show no two stains.
        """
        tiles = target_tiles(examples, rng)
        vectors, amounts = self.dyes(tiles)
        self.vectors.copy_(torch.from_numpy(vectors))
        self.strongest.copy_(torch.from_numpy(self._strongest(tiles, amounts)))

    def dyes(self, tile: np.ndarray) -> Dyes:
        """Return the stain vectors of a tile and its amounts.

        Raises:
            NotMeasured: It shows no two stains.
        """
        stains = stains_of(tile)
        return stains.matrix, np.maximum(amounts_of(tile, stains), 0)

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the tiles in the target's dyes."""
        return each_tile(central_source(condition, self.facts), self._restained)

    def _restained(self, tile: np.ndarray) -> np.ndarray:
        try:
            _, amounts = self.dyes(tile)
        except NotMeasured:
            return tile
        scale = self.strongest.numpy() / np.maximum(self._strongest(tile, amounts), 1e-6)
        density = np.einsum("sc,sxy->cxy", self.vectors.numpy(), amounts * scale[:, None, None])
        restained: np.ndarray = WHITE * 10.0**-density
        return restained

    def _strongest(self, tile: np.ndarray, amounts: np.ndarray) -> np.ndarray:
        tissue = tissue_of(optical_density(tile))
        return np.asarray(np.percentile(amounts[:, tissue], self.PERCENTILE, axis=1))
