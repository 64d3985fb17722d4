"""What every sampler is: a walk over levels, from the noisiest to the clean one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from torch import Tensor

from synthassay.generators.schedules import Denoise, Level

Fresh = Callable[[], Tensor]
"""Draws standard normal noise of the images' shape, each image's from its own generator."""


class Sampler(Protocol):
    """A walk from noise to images.

    The walk begins at ``levels[0].sigma`` times the given noise and ends at ``levels[-1]``, whose sigma is 0. It never
    sees a network: ``denoise`` answers the expected image, so every sampler serves every family and can be examined
    with a law whose expected image is known.
    """

    def __call__(self, denoise: Denoise, noise: Tensor, levels: Sequence[Level], fresh: Fresh) -> Tensor:
        """Return the images, ``batch channels *space``.

        Args:
            denoise: The expected image at a level.
            noise: Standard normal, ``batch channels *space``.
            levels: From the noisiest to the clean one, sigma falling.
            fresh: Draws more noise; not called by samplers that need none.
        """
        ...

    def calls(self, steps: int) -> int:
        """Return how often ``denoise`` is asked in a walk of so many steps."""
        ...
