"""A denoising baseline: the image of least total variation near the noisy one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field
from skimage.restoration import denoise_tv_chambolle
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.central import central_source, pairs
from synthassay.networks.batch import Batch, Examples, Facts

STRENGTHS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)  # in standard deviations of the noise


class TotalVariationSettings(GeneratorSettings):
    """Settings of total-variation denoising."""

    tuning_slices: int = Field(48, ge=1, description="Training slices on which the strength is chosen.")


@generator("total_variation", serves={"denoise"}, source="doi:10.1016/0167-2789(92)90242-F")
class TotalVariation(Generator):
    """Minimise half the squared distance to the source plus a weight times the total variation (scikit-image).

    The weight is the one of nine multiples of the training noise's standard deviation with the least mean squared
    error against training targets. Edges stay, and what lies between them becomes flat.

    Source: doi:10.1016/0167-2789(92)90242-F (Rudin, Osher and Fatemi 1992); doi:10.1023/B:JMIV.0000011325.36760.1e
    (Chambolle's algorithm).
    """

    Settings = TotalVariationSettings
    settings: TotalVariationSettings
    strength: Tensor
    tuning_errors: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.register_buffer("strength", torch.zeros((), dtype=torch.float64))
        self.register_buffer("tuning_errors", torch.zeros(len(STRENGTHS), dtype=torch.float64))

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend: one number is searched."""
        return {}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Choose the strength on a random draw of training slices."""
        count = min(self.settings.tuning_slices, len(examples))
        positions = torch.randperm(len(examples), generator=rng)[:count].tolist()
        read = list(pairs(examples, self.facts, positions))
        source = torch.cat([pair[0] for pair in read]).double().numpy()
        target = torch.cat([pair[1] for pair in read]).double().numpy()
        noise = float(np.std(source - target))
        errors = [np.mean((_smoothed(source, factor * noise) - target) ** 2) for factor in STRENGTHS]
        self.strength.fill_(STRENGTHS[int(np.argmin(errors))] * noise)
        self.tuning_errors.copy_(torch.tensor(errors))

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the smoothed source, slice by slice."""
        source = central_source(condition, self.facts)
        smoothed = _smoothed(source.double().numpy(), float(self.strength))
        return torch.from_numpy(smoothed).to(source.dtype).clamp(-1, 1)


def _smoothed(slices: np.ndarray, strength: float) -> np.ndarray:
    if strength <= 0:
        return slices
    done = [denoise_tv_chambolle(picture, weight=strength, channel_axis=0) for picture in slices]
    return np.reshape(done, slices.shape)
