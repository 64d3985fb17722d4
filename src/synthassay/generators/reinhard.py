"""The plainest stain normalisation: the mean and the spread of each colour axis, moved to the target's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.central import central_source
from synthassay.generators.tiles import each_tile, target_tiles
from synthassay.networks.batch import Batch, Examples, Facts

TO_LMS = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
TO_LAB = np.diag([3**-0.5, 6**-0.5, 2**-0.5]) @ np.array([[1.0, 1.0, 1.0], [1.0, 1.0, -2.0], [1.0, -1.0, 0.0]])


@generator("reinhard", serves={"stain_normalise"}, source="doi:10.1109/38.946629")
class Reinhard(Generator):
    """Match mean and standard deviation in the decorrelated colour space l-alpha-beta, tile by tile.

    The target's numbers are those of the pooled training tiles of the target. Empty glass and tissue are moved alike,
    so a tile with more glass than the target's gets colours that no stain made; the measures of stain see it.

    Source: doi:10.1109/38.946629 (Reinhard et al. 2001, equations 4 to 11).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.register_buffer("mean", torch.zeros(3, dtype=torch.float64))
        self.register_buffer("deviation", torch.ones(3, dtype=torch.float64))

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend: six numbers are the model."""
        return {}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Take the colour statistics of training targets."""
        values = to_lab(target_tiles(examples, rng).reshape(3, -1))
        self.mean.copy_(torch.from_numpy(values.mean(axis=1)))
        self.deviation.copy_(torch.from_numpy(values.std(axis=1)))

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the tiles with the target's colour statistics."""
        return each_tile(central_source(condition, self.facts), self._moved)

    def _moved(self, tile: np.ndarray) -> np.ndarray:
        values = to_lab(tile.reshape(3, -1))
        spread = np.maximum(values.std(axis=1, keepdims=True), 1e-9)
        mean, deviation = self.mean.numpy()[:, None], self.deviation.numpy()[:, None]
        moved = (values - values.mean(axis=1, keepdims=True)) / spread * deviation + mean
        return from_lab(moved).reshape(tile.shape)


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """Return ``3 pixels`` in l-alpha-beta for RGB of 0 to 255; below one grey level counts as one.

    >>> bool(np.allclose(from_lab(to_lab(np.array([[200.0], [120.0], [30.0]]))), [[200], [120], [30]]))
    True
    """
    return TO_LAB @ np.log10(np.maximum(TO_LMS @ np.maximum(rgb, 1.0), 1e-3))


def from_lab(lab: np.ndarray) -> np.ndarray:
    """Return RGB of 0 to 255, not clipped, for ``3 pixels`` in l-alpha-beta."""
    rgb: np.ndarray = np.linalg.inv(TO_LMS) @ 10 ** (np.linalg.inv(TO_LAB) @ lab)
    return rgb
