"""The moving average of a network's weights, which samples better than the last weights do."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)


class Ema(nn.Module, Generic[N]):
    """Exponential moving average of weights, with a warm-up so that short runs forget their start.

    At update s the decay is ``min(decay, (1 + s) / (10 + s))``. The average and the count are part of
    ``state_dict``, so that a resumed run goes on with them.

    Source:
        Polyak and Juditsky 1992, doi:10.1137/0330046; the warm-up is that of TensorFlow's ExponentialMovingAverage.

    Args:
        network: What is averaged; it is copied and not kept.
        decay: Decay after the warm-up, in [0, 1).
    """

    average: N
    updates: Tensor

    def __init__(self, network: N, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.average = copy.deepcopy(network).requires_grad_(False)
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

    def decay_at(self, updates: int) -> float:
        """Return the decay of the update that follows ``updates`` others.

        >>> [round(Ema(nn.Identity(), 0.999).decay_at(s), 3) for s in (0, 90, 100_000)]
        [0.1, 0.91, 0.999]
        """
        return min(self.decay, (1 + updates) / (10 + updates))

    @torch.no_grad()
    def update(self, network: N) -> None:
        """Move the average towards the network's present weights; buffers are copied."""
        weight = 1 - self.decay_at(int(self.updates))
        torch._foreach_lerp_(list(self.average.parameters()), list(network.parameters()), weight)
        for mean, now in zip(self.average.buffers(), network.buffers(), strict=True):
            mean.copy_(now)
        self.updates += 1

    def forward(self, *inputs: Tensor | None) -> Tensor:
        """Apply the averaged network."""
        return self.average(*inputs)
