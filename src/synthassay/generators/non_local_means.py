"""The denoising baseline: non-local means, with its strength chosen on training images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field
from skimage.restoration import denoise_nl_means
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.central import central_source, pairs
from synthassay.networks.batch import Batch, Examples, Facts

STRENGTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0)  # in standard deviations of the noise


class NonLocalMeansSettings(GeneratorSettings):
    """Settings of non-local means; the patch sizes are those of the authors' fast variant in scikit-image."""

    patch_size: int = Field(5, ge=3, description="Side of compared patches, in pixels.")
    patch_distance: int = Field(6, ge=1, description="Farthest patch that is averaged, in pixels.")
    tuning_slices: int = Field(96, ge=1, description="Training slices on which the strength is chosen.")


@generator("non_local_means", serves={"denoise"}, source="doi:10.1109/CVPR.2005.38")
class NonLocalMeans(Generator):
    """Average pixels whose surroundings look alike.

    The filter strength h is the one of 13 multiples of the training noise's standard deviation with the least mean
    squared error against the training targets: as good as this filter can be made by pairs.

    Source: doi:10.1109/CVPR.2005.38 (Buades et al.); doi:10.1109/TMI.2007.906087 (blockwise variant in medicine).
    """

    Settings = NonLocalMeansSettings
    settings: NonLocalMeansSettings
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
        errors = [np.mean((self._filtered(source, factor * noise) - target) ** 2) for factor in STRENGTHS]
        self.strength.fill_(STRENGTHS[int(np.argmin(errors))] * noise)
        self.tuning_errors.copy_(torch.tensor(errors))

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the filtered source, slice by slice."""
        source = central_source(condition, self.facts)
        filtered = self._filtered(source.double().numpy(), float(self.strength))
        return torch.from_numpy(filtered).to(source.dtype).clamp(-1, 1)

    def _filtered(self, slices: np.ndarray, strength: float) -> np.ndarray:
        if strength <= 0:
            return slices
        size, distance = self.settings.patch_size, self.settings.patch_distance
        # with channel_axis=0, scikit-image 0.26 returns a picture of one channel transposed
        one_channel = slices.shape[1] == 1
        pictures, axis = (slices[:, 0], None) if one_channel else (slices, 0)
        done = [denoise_nl_means(p, size, distance, h=strength, fast_mode=True, channel_axis=axis) for p in pictures]
        return np.reshape(done, slices.shape)
