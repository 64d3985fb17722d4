"""Classifier-free guidance, on expected images."""

from __future__ import annotations

import torch
from torch import Tensor

from synthassay.generators.schedules import Denoise, Level


def guided(told: Denoise, untold: Denoise, weight: float) -> Denoise:
    """Return a denoiser that goes from the untold answer ``weight`` times as far as the told one is away.

    Weight 1 is the condition itself and asks nothing else; 0 forgets it. Noise, image and v are linear in each other at
    a given place, so that guidance of one is guidance of all.

    Source:
        Ho and Salimans 2022, arXiv:2207.12598, equation 6, its w counted from 1 here.
    """
    if weight in (0, 1):
        return told if weight == 1 else untold

    def both(now: Tensor, level: Level) -> Tensor:
        return torch.lerp(untold(now, level), told(now, level), weight)

    return both
