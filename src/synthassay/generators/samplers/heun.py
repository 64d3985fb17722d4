"""Heun's method as in EDM: the mean of the slopes at both ends of a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from synthassay.generators.samplers.walk import Fresh
from synthassay.generators.schedules import Denoise, Level, require_image


@dataclass(frozen=True)
class Heun:
    """Euler's step, corrected by the slope that it arrives at; the last step, to sigma 0, stays Euler's.

    Source:
        Karras et al. 2022, arXiv:2206.00364, algorithm 1 (deterministic: no churn).
    """

    def __call__(self, denoise: Denoise, noise: Tensor, levels: Sequence[Level], fresh: Fresh) -> Tensor:
        """Return the images."""
        require_image(levels, "heun")
        now = levels[0].sigma / levels[0].alpha * noise
        for here, there in pairwise(levels):
            step = there.sigma / there.alpha - here.sigma / here.alpha
            slope = _slope(denoise, now, here)
            ahead = now + step * slope
            now = ahead if there.sigma == 0 else now + step * (slope + _slope(denoise, ahead, there)) / 2
        return levels[-1].alpha * now

    def calls(self, steps: int) -> int:
        """Two per step, one in the last."""
        return 2 * steps - 1


def _slope(denoise: Denoise, now: Tensor, level: Level) -> Tensor:
    return (now - denoise(level.alpha * now, level)) * (level.alpha / level.sigma)
