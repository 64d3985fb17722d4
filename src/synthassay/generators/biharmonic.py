"""An inpainting baseline: a hole filled with a surface that meets its border in value and slope."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from skimage.restoration import inpaint_biharmonic
from torch import Tensor, nn

from synthassay.generators.base import Generator, generator
from synthassay.generators.central import central_source
from synthassay.generators.harmonic import with_holes
from synthassay.networks.batch import Batch


@generator("biharmonic", serves={"inpaint"}, source="doi:10.1515/crelle-2012-0036")
class Biharmonic(Generator):
    """Solve the biharmonic equation in the hole (scikit-image), slice by slice; no training.

    Gradients at the border run on into the hole, so that it may overshoot; values are clipped to the scale.

    Source: doi:10.1515/crelle-2012-0036 (Damelin and Hoang); Chui and Mhaskar 2010, doi:10.1016/j.acha.2009.04.004.
    """

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend."""
        return {}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the pictures with their holes filled."""
        images, holes = with_holes(condition, self.facts.channels, central_source(condition, self.facts))
        filled = [_filled(picture, hole) for picture, hole in zip(images, holes, strict=True)]
        return torch.from_numpy(np.stack(filled)).float().clamp(-1, 1)


def _filled(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    if not hole.any():
        return picture
    if hole.all():
        return np.zeros_like(picture)
    found = inpaint_biharmonic(picture, hole, channel_axis=0)
    return np.where(hole, found, picture)
