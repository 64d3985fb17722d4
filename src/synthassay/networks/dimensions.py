"""Layers of pictures and of volumes under one name each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

TRANSPOSED: dict[int, Any] = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
INSTANCE_NORM: dict[int, Any] = {2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}
BATCH_NORM: dict[int, Any] = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
EVERY_CONVOLUTION = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def cut_out(images: Tensor, starts: Sequence[int], sides: Sequence[int]) -> Tensor:
    """Return the block of ``batch channels *space`` that begins at ``starts`` and has so many pixels per axis."""
    for axis, (start, side) in enumerate(zip(starts, sides, strict=True), start=2):
        images = images.narrow(axis, start, side)
    return images
