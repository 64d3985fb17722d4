"""Euler's method for the probability-flow equation, in coordinates in which the image has factor 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from synthassay.generators.samplers.walk import Fresh
from synthassay.generators.schedules import Denoise, Level, require_image


@dataclass(frozen=True)
class Euler:
    """With ``y = x / alpha`` and ``r = sigma / alpha``, follow ``dy/dr = (y - x0) / r`` from level to level.

    Along a straight line between image and noise this is exact, and so it equals DDIM without noise, step for step.

    Source:
        Karras et al. 2022, arXiv:2206.00364, equations 3 and 4; algorithm 1 without its correction.
    """

    def __call__(self, denoise: Denoise, noise: Tensor, levels: Sequence[Level], fresh: Fresh) -> Tensor:
        """Return the images."""
        require_image(levels, "euler")
        now = levels[0].sigma / levels[0].alpha * noise
        for here, there in pairwise(levels):
            slope = (now - denoise(here.alpha * now, here)) * (here.alpha / here.sigma)
            now = now + (there.sigma / there.alpha - here.sigma / here.alpha) * slope
        return levels[-1].alpha * now

    def calls(self, steps: int) -> int:
        """One per step."""
        return steps
