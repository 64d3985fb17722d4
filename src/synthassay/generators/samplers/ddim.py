"""DDIM: keep the image and the noise that were found, and mix them anew for the next level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from synthassay.generators.samplers.walk import Fresh
from synthassay.generators.schedules import Denoise, Level, noise_of, posterior


@dataclass(frozen=True)
class Ddim:
    """``x' = alpha' x0 + sqrt(sigma'^2 - s^2) n + s z`` with ``s`` the share ``eta`` of the posterior's deviation.

    Args:
        eta: 0 draws no noise after the start; 1 is DDPM's ancestral sampling.

    Source:
        Song et al. 2021, arXiv:2010.02502, equations 12 and 16.
    """

    eta: float = 0.0

    def __call__(self, denoise: Denoise, noise: Tensor, levels: Sequence[Level], fresh: Fresh) -> Tensor:
        """Return the images."""
        now = levels[0].sigma * noise
        for here, there in pairwise(levels):
            clean = denoise(now, here)
            drawn = self.eta * posterior(here, there)[2]
            now = there.alpha * clean + math.sqrt(there.sigma**2 - drawn**2) * noise_of(clean, now, here)
            if drawn > 0:
                now = now + drawn * fresh()
        return now

    def calls(self, steps: int) -> int:
        """One per step."""
        return steps
