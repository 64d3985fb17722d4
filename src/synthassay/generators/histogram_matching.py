"""The histogram baseline: source values get the target values of the same rank."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.central import FLOOR, central_source, pairs
from synthassay.networks.batch import Batch, Examples, Facts

BINS = 16_384


@generator(
    "histogram_matching",
    serves={"translate", "translate_unpaired", "stain_normalise", "harmonise"},
    source="doi:10.1109/42.836373",
)
class HistogramMatching(Generator):
    """Monotone map that gives pooled training sources the histogram of the pooled training targets.

    ``T(v) = F_target^-1(F_source(v))`` per channel, with the histograms of all training voxels above the floor of the
    model's scale, in 16,384 bins; background is not changed.

    Source: Gonzalez and Woods, Digital Image Processing, section 3.3; doi:10.1109/42.836373 (in MR).
    """

    source_counts: Tensor
    target_counts: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.register_buffer("source_counts", torch.ones(facts.channels, BINS, dtype=torch.float64))
        self.register_buffer("target_counts", torch.ones(facts.channels, BINS, dtype=torch.float64))

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend: two histograms are the model."""
        return {}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Count the training voxels' values."""
        self.source_counts.zero_()
        self.target_counts.zero_()
        for source, target in pairs(examples, self.facts):
            for channel in range(self.facts.channels):
                self.source_counts[channel] += _counts(source[:, channel]).to(self.source_counts.device)
                self.target_counts[channel] += _counts(target[:, channel]).to(self.target_counts.device)

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the source through the rank map."""
        source = central_source(condition, self.facts)
        mapped = [self._map(source[:, channel], channel) for channel in range(self.facts.channels)]
        return torch.where(source > FLOOR, torch.stack(mapped, dim=1), source)

    def _map(self, values: Tensor, channel: int) -> Tensor:
        own = self.source_counts[channel].cumsum(0) / self.source_counts[channel].sum().clamp(min=1)
        theirs = self.target_counts[channel].cumsum(0) / self.target_counts[channel].sum().clamp(min=1)
        occupied = self.target_counts[channel] > 0
        if not occupied.any():
            return values
        return _interpolate(own[_bins(values)], theirs[occupied], _centres().to(occupied.device)[occupied]).to(
            values.dtype
        )


def _bins(values: Tensor) -> Tensor:
    return ((values.double() + 1) * (BINS / 2)).long().clamp(0, BINS - 1)


def _centres() -> Tensor:
    return (torch.arange(BINS, dtype=torch.float64) + 0.5) * (2 / BINS) - 1


def _counts(values: Tensor) -> Tensor:
    return torch.bincount(_bins(values[values > FLOOR]), minlength=BINS).double()


def _interpolate(at: Tensor, positions: Tensor, values: Tensor) -> Tensor:
    """Piecewise linear interpolation with constant ends, as ``numpy.interp``; ``positions`` ascend strictly."""
    right = torch.searchsorted(positions, at).clamp(max=len(positions) - 1)
    left = (right - 1).clamp(min=0)
    span = (positions[right] - positions[left]).clamp(min=torch.finfo(torch.float64).tiny)
    share = ((at - positions[left]) / span).clamp(0, 1)
    return values[left] + share * (values[right] - values[left])
