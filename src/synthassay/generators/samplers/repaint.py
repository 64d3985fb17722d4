"""RePaint: fill a hole by ancestral sampling, noising what is known to each level and going back to blend it in."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from synthassay.generators.samplers.walk import Fresh
from synthassay.generators.schedules import Denoise, Level, posterior


@dataclass(frozen=True)
class Repaint:
    """Ancestral steps in which the known pixels come from the known image, noised to the level.

    After each step the image is noised back up and the step is taken again, so that the hole can follow what surrounds
    it. The paper goes back ten steps at a time of 250; going back one step is its ``jump length`` of 1.

    Args:
        known: The image, ``batch channels *space``; its values in the hole do not matter.
        where: True where it is known, broadcastable to ``known``.
        times: How often each step is taken; 1 goes never back (10 in the paper).

    Source:
        Lugmayr et al. 2022, arXiv:2201.09865, algorithm 1.
    """

    known: Tensor
    where: Tensor
    times: int = 10

    def __call__(self, denoise: Denoise, noise: Tensor, levels: Sequence[Level], fresh: Fresh) -> Tensor:
        """Return the images; known pixels are exactly those that were given."""
        now = levels[0].sigma * noise
        for at, (here, there) in enumerate(itertools.pairwise(levels)):
            of_now, of_clean, deviation = posterior(here, there)
            ratio = here.alpha / there.alpha
            for turn in range(1 if at + 2 == len(levels) else self.times):
                if turn > 0:
                    now = ratio * now + (here.sigma**2 - (ratio * there.sigma) ** 2) ** 0.5 * fresh()
                drawn = of_now * now + of_clean * denoise(now, here)
                if deviation > 0:
                    drawn = drawn + deviation * fresh()
                surely = there.alpha * self.known
                if there.sigma > 0:
                    surely = surely + there.sigma * fresh()
                now = torch.where(self.where, surely, drawn)
        return now

    def calls(self, steps: int) -> int:
        """``times`` per step, one in the last, which ends without noise."""
        return self.times * (steps - 1) + 1
