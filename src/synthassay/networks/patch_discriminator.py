"""The PatchGAN discriminator: one logit per overlapping patch."""

from __future__ import annotations

from torch import Tensor, nn

from synthassay.errors import Fault, SpecError
from synthassay.networks.axes import CONVOLUTION
from synthassay.networks.dimensions import INSTANCE_NORM


class PatchDiscriminator(nn.Module):
    """Judge each patch of ``batch channels rows columns``: raw logits ``batch 1 patches_down patches_across``.

    Convolutions 4x4: ``layers`` of stride 2, then two of stride 1; LeakyReLU 0.2; instance normalisation without
    learnt scale on all but the first and the last.

    Args:
        channels: Channels of what is judged (source and image together).
        width: Channels after the first convolution (64 in the paper), doubled per layer up to eight times.
        layers: Halvings; 3 gives patches of 70x70, 2 of 34x34, 1 of 16x16.
        dimensions: 2 or 3.

    Source: arXiv:1611.07004, section 6.1.2.

    >>> import torch
    >>> PatchDiscriminator(2, width=4)(torch.zeros(1, 2, 64, 64)).shape
    torch.Size([1, 1, 6, 6])
    """

    def __init__(self, channels: int, *, width: int, layers: int = 3, dimensions: int = 2) -> None:
        super().__init__()
        convolution, norm = CONVOLUTION[dimensions], INSTANCE_NORM[dimensions]
        widths = [width * min(2**i, 8) for i in range(layers + 1)]
        parts: list[nn.Module] = [convolution(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for i in range(1, layers + 1):
            stride = 2 if i < layers else 1
            parts += [convolution(widths[i - 1], widths[i], 4, stride=stride, padding=1)]
            parts += [norm(widths[i]), nn.LeakyReLU(0.2)]
        self.judge = nn.Sequential(*parts, convolution(widths[-1], 1, 4, padding=1))
        self.layers = layers

    def forward(self, images: Tensor) -> Tensor:
        """Return raw logits, one per patch."""
        return self.judge(images)


def receptive_field(layers: int) -> int:
    """Return the side in pixels of what one logit sees.

    >>> [receptive_field(layers) for layers in (1, 2, 3)]
    [16, 34, 70]
    """
    field = 1
    for stride in [1, 1, *[2] * layers]:
        field = (field - 1) * stride + 4
    return field


def require_patches(space: tuple[int, ...], layers: int) -> None:
    """Check that pictures of this size are large enough for a discriminator of so many layers.

    Raises:
        SpecError: A side is too short to leave a normalisable patch map.
    """
    least = 3 * 2**layers
    if min(space) < least:
        fault = Fault(
            "generators.patch_layers",
            f"is too deep for pictures of {'x'.join(map(str, space))}: sides must be at least {least} pixels",
            layers,
            "Choose fewer patch_layers or larger pictures.",
        )
        raise SpecError("discriminator", [fault])
