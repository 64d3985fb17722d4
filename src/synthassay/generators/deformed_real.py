"""The deformation baseline: the real training image, bent together with its label map."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synthassay.generators.base import Generator, generator
from synthassay.networks.batch import Batch


@generator("deformed_real", serves={"mask_to_image"}, source="doi:10.1109/ICDAR.2003.1227801")
class DeformedReal(Generator):
    """Show the training image whose label map was deformed, moved by the same field: elastic augmentation.

    Nothing is learnt and every texture is a patient's, so a generator that helps no more than this has added no image
    content of its own; and every image gives its training patient away.

    Source: doi:10.1109/ICDAR.2003.1227801 (Simard et al. 2003, elastic distortions).
    """

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend."""
        return {}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the deformed training images of the condition.

        Raises:
            ValueError: The condition brings no deformed image.
        """
        if condition.deformed is None:
            raise ValueError("deformed_real shows a deformed training image: the condition has none")
        return condition.deformed.clamp(-1, 1)
