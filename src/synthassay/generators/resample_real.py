"""The copying baseline: real training images again, the upper bound of realism and of leakage."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.bank import ImageBank
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.networks.batch import Batch, Examples, Facts


class ResampleRealSettings(GeneratorSettings):
    """Settings of resampling."""

    bank: int = Field(4096, ge=1, description="Training images kept at most, as many of each class as there may be.")


@generator("resample_real", serves={"augment", "generate"}, source="doi:10.1214/aos/1176344552")
class ResampleReal(Generator):
    """Draw real training images of the class asked for, with replacement.

    It adds no information to the training set and gives its subjects away: utility above it is a gain, and a leakage
    measure that does not flag it is blind.

    Source: doi:10.1214/aos/1176344552 (Efron 1979, the bootstrap).
    """

    Settings: type[GeneratorSettings] = ResampleRealSettings
    settings: ResampleRealSettings

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
        """Return training images of the classes asked for."""
        return self.sample_with_origin(condition, rngs)[0]

    @torch.no_grad()
    def sample_with_origin(
        self, condition: Batch, rngs: Sequence[torch.Generator]
    ) -> tuple[Tensor, list[tuple[str, ...]]]:
        """Return training images and whose they are."""
        return self.bank.draw_all(condition, rngs)
