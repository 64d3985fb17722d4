"""DPM-Solver++(2M): exact for an image that changes linearly in the log of the signal-to-noise ratio."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from synthassay.generators.samplers.walk import Fresh
from synthassay.generators.schedules import Denoise, Level, require_image


@dataclass(frozen=True)
class DpmSolver:
    """With ``l = log(alpha / sigma)`` and steps ``h``, ``x' = sigma'/sigma x - alpha' (exp(-h) - 1) D``.

    ``D`` is the expected image carried on to the middle of the step by the one of the step before. The first step has
    no step before it, and the last goes to sigma 0, where h is infinite: both are of first order.

    Source:
        Lu et al. 2022, arXiv:2211.01095, algorithm 2.
    """

    def __call__(self, denoise: Denoise, noise: Tensor, levels: Sequence[Level], fresh: Fresh) -> Tensor:
        """Return the images."""
        require_image(levels, "dpm_solver")
        now = levels[0].sigma * noise
        before: tuple[Tensor, float] | None = None
        for here, there in pairwise(levels):
            clean = denoise(now, here)
            if there.sigma == 0:
                return there.alpha * clean
            length = math.log(there.alpha / there.sigma) - math.log(here.alpha / here.sigma)
            used = clean
            if before is not None:
                share = length / (2 * before[1])  # 1 / (2 r) in the paper
                used = (1 + share) * clean - share * before[0]
            now = there.sigma / here.sigma * now - there.alpha * math.expm1(-length) * used
            before = clean, length
        return now

    def calls(self, steps: int) -> int:
        """One per step."""
        return steps
