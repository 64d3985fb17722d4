"""RePaint: fill a hole by ancestral sampling, noising what is known to each level and going back to blend it in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from synthassay.generators.samplers.walk import Fresh
from synthassay.generators.schedules import Denoise, Level, posterior


@dataclass(frozen=True)
class Repaint:
    """Ancestral steps in which the known pixels come from the known image, noised to the level.

    Now and then the image is noised back up and the steps are taken again, so that the hole can follow what surrounds
    it.

    Args:
        known: The image, ``batch channels *space``; its values in the hole do not matter.
        where: True where it is known, broadcastable to ``known``.
        times: How often each stretch of steps is taken; 1 goes never back (10 in the paper).
        jump: Steps of a stretch (10 in the paper, of 250; with 20 steps in all, 1 or 2).

    Source:
        Lugmayr et al. 2022, arXiv:2201.09865, algorithm 1; jumps by its appendix B.
    """

    known: Tensor
    where: Tensor
    times: int = 10
    jump: int = 1

    def __call__(self, denoise: Denoise, noise: Tensor, levels: Sequence[Level], fresh: Fresh) -> Tensor:
        """Return the images; known pixels are exactly those that were given."""
        now = levels[0].sigma * noise
        for before, after in pairwise(visits(len(levels) - 1, self.times, self.jump)):
            here, there = levels[before], levels[after]
            if after < before:
                ratio = there.alpha / here.alpha
                now = ratio * now + (there.sigma**2 - (ratio * here.sigma) ** 2) ** 0.5 * fresh()
                continue
            of_now, of_clean, deviation = posterior(here, there)
            drawn = of_now * now + of_clean * denoise(now, here)
            if deviation > 0:
                drawn = drawn + deviation * fresh()
            surely = there.alpha * self.known
            if there.sigma > 0:
                surely = surely + there.sigma * fresh()
            now = torch.where(self.where, surely, drawn)
        return now

    def calls(self, steps: int) -> int:
        """One per step towards the image; with jumps of 1, ``times`` per step and one in the last."""
        return sum(after > before for before, after in pairwise(visits(steps, self.times, self.jump)))


def visits(steps: int, times: int, jump: int) -> list[int]:
    """Return the levels of a walk by position: 0 the noisiest, ``steps`` the clean image, back and forth between.

    Stretches of ``jump`` steps end at the last noisy level; each is taken ``times`` times.

    >>> visits(4, 2, 1)
    [0, 1, 0, 1, 2, 1, 2, 3, 2, 3, 4]
    >>> visits(6, 2, 2)
    [0, 1, 2, 3, 2, 1, 2, 3, 4, 5, 4, 3, 4, 5, 6]
    """
    left = {steps - 1 - end: times - 1 for end in range(0, steps - jump, jump)}
    seen = [0]
    while seen[-1] < steps:
        seen.append(seen[-1] + 1)
        if left.get(seen[-1], 0) > 0:
            left[seen[-1]] -= 1
            seen += [seen[-1] - back for back in range(1, jump + 1)]
    return seen
