"""The linear baseline: each target value is a linear function of the source values at the same place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.central import FLOOR, central_source, channels_per_slice, pairs
from synthassay.networks.batch import Batch, Examples, Facts


@generator("linear_regression", serves={"translate", "denoise", "mask_to_image"}, source="doi:10.1002/9781118625590")
class LinearRegression(Generator):
    """Ordinary least squares from the source's channels to the target's, one line for all places.

    Background (source at the floor of the model's scale) is neither fitted nor changed: in skull-stripped images it
    would otherwise outvote the brain. Where the source is a drawing, the line is the mean value of each structure,
    painted flat, and what lies outside the subject is at the floor.

    Source: doi:10.1002/9781118625590 (Draper and Smith, Applied Regression Analysis, chapter 1).
    """

    weight: Tensor
    offset: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.register_buffer("weight", torch.eye(channels_per_slice(facts), facts.channels))
        self.register_buffer("offset", torch.zeros(facts.channels))

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend: the fit has a closed form."""
        return {}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Solve the normal equations, summed in float64 over all training examples."""
        inputs = channels_per_slice(self.facts)
        square, cross = np.zeros((inputs + 1, inputs + 1)), np.zeros((inputs + 1, self.facts.channels))
        for source, target in pairs(examples, self.facts):
            kept = (source > FLOOR).any(dim=1)
            x = source.movedim(1, -1)[kept].double().numpy()
            y = target.movedim(1, -1)[kept].double().numpy()
            x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
            square += x.T @ x
            cross += x.T @ y
        # lstsq, not solve: a constant source has no unique line, and the shortest one is as good as any
        solution = np.linalg.lstsq(square, cross, rcond=None)[0]
        self.weight.copy_(torch.from_numpy(solution[:inputs]))
        self.offset.copy_(torch.from_numpy(solution[inputs]))

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the fitted line at each place."""
        source = central_source(condition, self.facts)
        line = torch.einsum("bi...,io->bo...", source, self.weight)
        line = (line + self.offset.view(-1, *[1] * len(self.facts.space))).clamp(-1, 1)
        background = torch.full_like(line, FLOOR) if self.facts.drawn else source
        return torch.where((source > FLOOR).any(dim=1, keepdim=True), line, background)
