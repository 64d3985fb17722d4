"""Laws whose expected image is known at every noise level, and walks of every way over them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from synthassay.generators.schedules import CLEAN, Denoise, Level, alpha_bars, edm_sigmas, kept_steps

KEPT = alpha_bars("cosine", 1000)
LINEAR = alpha_bars("linear", 1000)


def preserving(steps: int) -> list[Level]:
    """Levels of the linear schedule, variance preserving."""
    return [*(Level(math.sqrt(k), math.sqrt(1 - k)) for k in LINEAR[kept_steps(steps, 1000)].tolist()), CLEAN]


def exploding(steps: int) -> list[Level]:
    """EDM's levels."""
    return [*(Level(1.0, s) for s in edm_sigmas(steps)), CLEAN]


def straight(steps: int) -> list[Level]:
    """A flow's levels, from just after the start, where nothing of the image is there yet."""
    times = [1e-3 + (1 - 1e-3) * i / steps for i in range(steps)]
    return [*(Level(t, 1 - t) for t in times), CLEAN]


WAYS = {"preserving": preserving, "exploding": exploding, "straight": straight}


def gaussian(mean: float, deviation: float) -> Denoise:
    """Expected image of N(mean, deviation^2), from the law of two jointly normal numbers."""

    def denoise(now: Tensor, level: Level) -> Tensor:
        gain = level.alpha * deviation**2 / (level.alpha**2 * deviation**2 + level.sigma**2)
        return mean + gain * (now - level.alpha * mean)

    return denoise


def mixture(means: Sequence[float], deviation: float, shares: Sequence[float]) -> Denoise:
    """Expected image of a mixture of Gaussians: theirs, weighted by how likely each made what is seen."""

    def denoise(now: Tensor, level: Level) -> Tensor:
        variance = level.alpha**2 * deviation**2 + level.sigma**2
        likely = [
            math.log(w) - (now - level.alpha * m).square() / (2 * variance) for m, w in zip(means, shares, strict=True)
        ]
        weight = torch.stack(likely).softmax(0)
        return sum(w * gaussian(m, deviation)(now, level) for m, w in zip(means, weight, strict=True))

    return denoise


def start(count: int) -> Tensor:
    """Normal quantiles, evenly spread and shuffled: a sample without sampling error in its moments."""
    shares = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return torch.special.ndtri(shares)[torch.randperm(count, generator=torch.Generator().manual_seed(0))]
