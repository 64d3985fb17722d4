"""Multistep sampling of a consistency function: jump to an image, noise it again less, and jump once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from synthassay.generators.samplers.walk import Fresh
from synthassay.generators.schedules import Denoise, Level


@dataclass(frozen=True)
class Renoise:
    """``x' = alpha' f(x) + sigma' z`` with fresh noise in each step.

    ``denoise`` must be a consistency function, which sends each point of a path to that path's image; with the expected
    image instead, what comes out is too smooth.

    Source:
        Song et al. 2023, arXiv:2303.01469, algorithm 1; its smallest sigma counts as 0 here.
    """

    def __call__(self, denoise: Denoise, noise: Tensor, levels: Sequence[Level], fresh: Fresh) -> Tensor:
        """Return the images."""
        now = levels[0].sigma * noise
        for here, there in pairwise(levels):
            now = there.alpha * denoise(now, here)
            if there.sigma > 0:
                now = now + there.sigma * fresh()
        return now

    def calls(self, steps: int) -> int:
        """One per step."""
        return steps
