"""The super-resolution baseline: cubic interpolation between the coarse pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.central import central_source, pairs
from synthassay.networks.batch import Batch, Examples, Facts

MOST = 16
SLICES_LOOKED_AT = 64
SHARPNESS = -0.5  # Keys' choice: exact for second-degree polynomials


@generator("bicubic", serves={"super_resolve"}, source="doi:10.1109/TASSP.1981.1163711")
class Bicubic(Generator):
    """Cubic convolution along each coarse axis, with the values of the coarse pixels at their middles.

    How many fine pixels a coarse one covers is read off the training sources, which repeat each coarse pixel. A coarse
    pixel is a mean over its width, which interpolation between middles does not undo: that blur is what learnt
    families may win back.

    Source: doi:10.1109/TASSP.1981.1163711 (Keys 1981, equation 15, a = -1/2).
    """

    factors: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.register_buffer("factors", torch.ones(len(facts.space), dtype=torch.int64))

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend."""
        return {}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Find how many fine pixels each coarse one covers, per axis."""
        count = min(SLICES_LOOKED_AT, len(examples))
        chosen = torch.randperm(len(examples), generator=rng)[:count].tolist()
        sources = torch.cat([source for source, _ in pairs(examples, self.facts, chosen)])
        self.factors.copy_(torch.tensor([_repeats(sources, axis) for axis in range(2, sources.ndim)]))

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the interpolated source."""
        made = central_source(condition, self.facts)
        for axis, factor in enumerate(self.factors.tolist(), start=2):
            if factor > 1:
                weights = torch.from_numpy(interpolation(made.shape[axis], factor)).to(made)
                made = torch.movedim(torch.movedim(made, axis, -1) @ weights.T, -1, axis)
        return made.clamp(-1, 1)


def interpolation(size: int, factor: int) -> np.ndarray:
    """Return the matrix ``size size`` that takes repeated coarse values to values interpolated between their middles.

    Beyond the first and the last coarse pixel their values go on. A smaller coarse pixel at the end has its middle
    where it lies.

    >>> interpolation(4, 2)[1].round(4)  # a quarter of a coarse pixel from the middle of the first
    array([0.7969, 0.    , 0.2031, 0.    ])
    """
    starts = np.arange(0, size, factor)
    ends = np.append(starts[1:], size)
    middles = (starts + ends - 1) / 2
    place = np.interp(np.arange(size), middles, np.arange(len(starts)))
    matrix = np.zeros((size, size))
    for row, at in enumerate(place):
        first = int(np.floor(at)) - 1
        for coarse in range(first, first + 4):
            matrix[row, starts[min(max(coarse, 0), len(starts) - 1)]] += _keys(abs(at - coarse))
    return matrix


def _keys(distance: float) -> float:
    a, d = SHARPNESS, distance
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0


def _repeats(images: Tensor, axis: int) -> int:
    """Return the largest factor at whose multiples alone neighbouring values differ."""
    changes = (images.diff(dim=axis) != 0).transpose(axis, 0).flatten(1).any(1)
    places = (changes.nonzero().flatten() + 1).tolist()
    fits = [f for f in range(2, min(MOST, images.shape[axis] // 2) + 1) if places and all(p % f == 0 for p in places)]
    return fits[-1] if fits else 1
