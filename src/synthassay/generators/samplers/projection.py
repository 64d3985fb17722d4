"""Data consistency: what is known of an image is put back into every expected image."""

from __future__ import annotations

import torch
from torch import Tensor

from synthassay.generators.schedules import Denoise, Level


def projected(denoise: Denoise, known: Tensor, where: Tensor) -> Denoise:
    """Return a denoiser whose answers hold the known pixels.

    Of all images that agree with what is known, the projection takes the one nearest to the answer. The last step of a
    sampler ends at the answer itself, so known pixels come out as they went in.

    Args:
        denoise: The expected image.
        known: The image, ``batch channels *space``; its values where unknown do not matter.
        where: True where it is known, broadcastable to ``known``.

    Source:
        Song et al. 2022, arXiv:2111.08005, equation 8, for a measurement that is a mask; Wang et al. 2023,
        arXiv:2212.00490 (DDNM), equation 10.
    """

    def answer(now: Tensor, level: Level) -> Tensor:
        return torch.where(where, known, denoise(now, level))

    return answer
